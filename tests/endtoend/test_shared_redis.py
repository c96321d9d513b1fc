"""Two installations on one Redis: neither gets the other's tasks, even if one started as a copy of the other."""

import shutil
from contextlib import ExitStack

import pytest

from tests.processes import children, installation, redis_server, wait_until

pytestmark = pytest.mark.slow

TASKS = 6
QUEUE = f"""
from django_q.tasks import async_task
for _ in range({TASKS}): print(async_task("os.getpid"))
"""


@pytest.fixture
def redis():
    if not shutil.which("redis-server"):
        pytest.skip("There is no redis-server")
    with redis_server() as address:
        yield address


@pytest.fixture
def start(redis, tmp_path):
    """An installation in its own folder with a worker; with `copied_from`, its database is a copy of that one's."""
    with ExitStack() as stack:

        def make(name, copied_from=None):
            folder = tmp_path / name
            folder.mkdir()
            made = stack.enter_context(installation(folder, REDIS_URL=redis))
            if copied_from is not None:
                for file in copied_from.folder.glob("sms.db*"):
                    shutil.copyfile(file, folder / file.name)
            worker = made.start("manage.py", "worker")
            wait_until(lambda: len(children(worker.pid)) >= 3, 30, "the worker")
            return made

        yield make


def queue_tasks(site):
    return site.run("shell", "-v0", "-c", QUEUE).stdout.split()


def succeeded(site, ids):
    """How many of these tasks the installation has run so far."""
    run = {task for (task,) in site.query("SELECT id FROM django_q_task WHERE success")}
    return len(run.intersection(ids))


def test_each_gets_its_own_tasks_and_no_others(start):
    one = start("one")
    mine = queue_tasks(one)
    wait_until(lambda: succeeded(one, mine) == TASKS, 20, "the first installation's tasks")

    copy = start("copy", copied_from=one)
    ours, theirs = queue_tasks(one), queue_tasks(copy)
    wait_until(lambda: succeeded(one, ours) == TASKS, 20, "the first installation's tasks")
    wait_until(lambda: succeeded(copy, theirs) == TASKS, 20, "the copy's tasks")
    assert succeeded(copy, ours) == succeeded(one, theirs) == 0


def test_dbdoctor_reports_the_other_installation(start):
    one, _other = start("one"), start("other")
    said = one.run("dbdoctor", "--doctor", check=False).stdout
    assert "Another program or installation uses this Redis" in said
    assert "1 worker." in said
