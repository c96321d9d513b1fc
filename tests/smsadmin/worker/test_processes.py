"""The worker and the server with real processes, any of which may be killed."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from tests.processes import (
    ROOT,
    children,
    installation,
    is_listening,
    postgres_database,
    read_proc,
    redis_server,
    wait_until,
)

pytestmark = pytest.mark.slow

QUEUE = "from django_q.tasks import async_task; print(async_task('os.getpid'))"


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL and Redis"])
def site(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    if request.param == "SQLite":
        with installation(folder) as made:
            yield made
    elif is_listening(5432) and shutil.which("redis-server"):
        with (
            redis_server() as redis,
            postgres_database() as database,
            installation(folder, database, REDIS_URL=redis) as made,
        ):
            yield made
    else:
        pytest.skip("PostgreSQL is not running on 127.0.0.1:5432, or there is no redis-server")


def is_alive(pid):
    state = read_proc(f"{pid}/stat").rpartition(")")[2].split()
    return bool(state) and state[0] != "Z"


def run_a_task(site):
    """Queues a task and waits for its result, the id of the process that ran it."""
    task_id = site.run("shell", "-v0", "-c", QUEUE).stdout.strip()
    done = "SELECT success FROM django_q_task WHERE id = ?"
    wait_until(lambda: site.query(done, task_id), 20, "the task")


@pytest.fixture
def worker(site):
    process = site.start("manage.py", "worker")
    wait_until(lambda: len(children(process.pid)) == 3, 20, "the worker")
    yield process
    site.stop(process)


def test_tasks_continue_whichever_process_is_killed(site, worker):
    sentinel, *_ = children(worker.pid)
    for index in range(2):
        victim = sorted(children(sentinel))[index]
        os.kill(victim, signal.SIGKILL)
        run_a_task(site)
    for victim in children(sentinel):
        os.kill(victim, signal.SIGKILL)
    run_a_task(site)
    orphans = children(worker.pid)
    os.kill(sentinel, signal.SIGKILL)
    run_a_task(site)
    wait_until(lambda: not any(map(is_alive, orphans)), 20, "the end of the orphans")


def test_no_process_survives_a_killed_worker(site, worker):
    family = children(worker.pid)
    worker.kill()
    wait_until(lambda: not any(map(is_alive, family)), 20, "the end of the worker's processes")


def test_the_worker_stops_when_told(site, worker):
    family = children(worker.pid)
    worker.terminate()
    assert worker.wait(20) == 0
    assert not any(map(is_alive, family))


@pytest.fixture
def server(site, tmp_path):
    """`manage.py serve` in its own process group, with its output in a file."""
    output = tmp_path / "output"
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env={**site.environment, "PORT": str(site.port)},
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    process.output = output.read_text
    wait_until(lambda: len(children(process.pid)) == 7, 30, "the server and the worker")
    yield process
    family = children(process.pid)
    process.kill()
    process.wait()
    wait_until(lambda: not any(map(is_alive, family)), 30, "the end of the server's processes")


def fetch(site, path="/admin/login/"):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{site.port}{path}", timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def named(process, name):
    """The child of a process whose command contains `name`."""
    return next(pid for pid in direct_children(process.pid) if name in read_proc(f"{pid}/cmdline"))


def direct_children(pid):
    return [int(child) for child in read_proc(f"{pid}/task/{pid}/children").split()]


def test_serve_prints_its_url_and_serves_there(site, server):
    assert f"http://127.0.0.1:{site.port}/" in server.output()
    assert fetch(site) == 200


def test_ctrl_c_stops_everything(site, server):
    family = children(server.pid)
    server.send_signal(signal.SIGINT)
    assert server.wait(30) == 0
    assert not any(map(is_alive, family))
    assert server.output().endswith("Stopped.\n")


def test_the_web_server_and_the_worker_are_replaced_when_killed(site, server):
    for name in ("smsadmin.worker.webserver", "worker"):
        victim = named(server, name)
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda victim=victim: victim not in direct_children(server.pid), 10, "its end")
        wait_until(lambda: len(direct_children(server.pid)) == 2, 10, "its replacement")
    assert fetch(site) == 200
    run_a_task(site)
    assert "The web server ended (signal 9). Restarting it." in server.output()
    assert "The worker ended (signal 9). Restarting it." in server.output()


def test_no_process_survives_a_killed_server(site, server):
    family = children(server.pid)
    server.kill()
    wait_until(lambda: not any(map(is_alive, family)), 30, "the end of its processes")
    assert not is_listening(site.port)


def test_a_port_in_use_is_reported_in_one_sentence(site):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env={**site.environment, "PORT": port},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"CommandError: Port {port} is in use")
    assert len(ended.stderr.splitlines()) == 1
