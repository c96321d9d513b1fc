from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.imports import lifecycle, staging
from contacts.models import ContactImport
from contacts.tasks import resume_imports

from .importing import preview, text


@pytest.fixture
def queued(monkeypatch):
    """What is put into the queue, in place of running it."""
    tasks = []
    monkeypatch.setattr(lifecycle, "async_task", lambda task, *args, **kwargs: tasks.append(task))
    return tasks


@pytest.fixture
def make_import(db):
    def make(status, moved_ago):
        return ContactImport.objects.create(
            target="community", file_name="people.csv", status=status, updated_at=timezone.now() - moved_ago
        )

    return make


@pytest.mark.parametrize(
    ("status", "task"),
    [
        ("waiting", "contacts.tasks.read_import"),
        ("reading", "contacts.tasks.read_import"),
        ("applying", "contacts.tasks.apply_import"),
    ],
)
def test_an_import_whose_worker_died_goes_on_by_itself(
    make_import, queued, status, task, django_capture_on_commit_callbacks
):
    make_import(status, timedelta(minutes=5))
    with django_capture_on_commit_callbacks(execute=True):
        assert resume_imports() == 1
        assert resume_imports() == 0
    assert queued == [task]


@pytest.mark.parametrize("status", ["ready", "applied", "failed"])
def test_an_import_with_nothing_to_do_is_left_alone(make_import, queued, status):
    make_import(status, timedelta(days=1))
    assert resume_imports() == 0


def test_an_import_that_moves_is_left_alone(make_import, queued):
    make_import("reading", timedelta(seconds=5))
    assert resume_imports() == 0


@pytest.mark.parametrize("status", ["waiting", "reading", "applying"])
def test_an_import_that_moved_before_the_clock_was_set_back_goes_on(make_import, queued, status):
    assert make_import(status, -timedelta(hours=1)).is_stalled
    assert resume_imports() == 1


@pytest.mark.parametrize(
    ("module", "step", "work", "status"),
    [(staging, "_read", staging.read, "waiting"), (lifecycle, "_apply", lifecycle.apply, "applying")],
)
def test_each_start_is_counted_before_anything_that_can_kill_the_process(
    make_import, monkeypatch, module, step, work, status
):
    contact_import = make_import(status, timedelta(0))
    counted = []
    monkeypatch.setattr(module, step, lambda *args: counted.append(ContactImport.objects.get().starts))
    work(contact_import.pk)
    assert counted == [1]


@pytest.mark.parametrize(
    ("work", "before", "after", "part"),
    [
        (staging.read, "waiting", "failed", "tried to read the file 3 times, and each time the program crashed"),
        (
            lifecycle.apply,
            "applying",
            "ready",
            "tried to import the people 3 times, and each time the program crashed",
        ),
    ],
)
def test_an_import_that_killed_its_process_three_times_is_given_up(make_import, queued, work, before, after, part):
    contact_import = make_import(before, timedelta(0))
    ContactImport.objects.update(starts=3)
    work(contact_import.pk)
    contact_import.refresh_from_db()
    assert (contact_import.status, contact_import.starts) == (after, 0)
    assert part in contact_import.error_message
    assert resume_imports() == 0


def test_work_that_came_to_an_end_is_not_counted(make_import, queued):
    contact_import = preview(text("Ada,7205550101"))
    for _ in range(5):
        assert lifecycle.adjust(contact_import, {})
        staging.read(contact_import.pk)
    contact_import.refresh_from_db()
    assert (contact_import.status, contact_import.starts) == ("ready", 0)
