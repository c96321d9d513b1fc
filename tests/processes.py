"""A whole installation in its own folder, with real processes, for end-to-end tests and benchmarks."""

import atexit
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(is_done: Callable[[], Any], seconds: float, what: str, every: float = 0.1) -> Any:
    """The first true value of `is_done()`; raises TimeoutError naming `what` if there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := is_done():
            return value
        time.sleep(every)
    raise TimeoutError(f"{what}: not within {seconds:g} s")


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Installation:
    """SMS Admin with its own database, environment and processes.

    Each process leads its own group, so that a whole tree can be ended. `log` contains their output.
    """

    def __init__(self, folder: Path, database_url: str = "", **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "processes.log"
        self.database_url = database_url or f"sqlite:///{folder / 'sms.db'}"
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {
            **keep,
            "DJANGO_SETTINGS_MODULE": "smsadmin.settings",
            "ENV_FILE": "",
            "SECRET_KEY": "of-a-test-installation-" + "0123456789" * 4,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "PUBLIC_BASE_URL": f"http://127.0.0.1:{self.port}",
            "DATABASE_URL": self.database_url,
            "APP_TIMEZONE": "America/Denver",
            "SMS_RATE_PER_SECOND": "0",
            "DEBUG": "true",
            "BACKUP_DIR": str(folder / "backups"),
            "BACKUP_DAILY": "false",
            **environment,
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def run(self, *arguments: str, check: bool = True, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run `manage.py arguments` to the end; the result has its output."""
        ended = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            input=stdin,
        )
        if check and ended.returncode:
            raise RuntimeError(f"manage.py {arguments[0]} ended with {ended.returncode}:\n{ended.stderr}")
        return ended

    def start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start `command` (a Python module or script and its arguments) in the background."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env={**self.environment, **environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def start_web(self, workers: int = 2, threads: int = 4, port: int = 0, **environment: str) -> str:
        """Start gunicorn on `port` (the installation's own by default); returns its address once it answers."""
        port = port or self.port
        self.start(
            *("-m", "gunicorn", "smsadmin.wsgi", "--bind", f"127.0.0.1:{port}"),
            *("--workers", str(workers), "--threads", str(threads), "--log-level", "warning"),
            **environment,
        )
        wait_until(lambda: is_listening(port), 30, "gunicorn")
        return f"http://127.0.0.1:{port}"

    def stop(
        self, process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM, patience: float = 20
    ) -> None:
        """Signal a process and wait for it, then kill what is left of its group."""
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                process.kill()
        kill_group(process.pid)
        process.wait()

    def stop_all(self) -> None:
        for process in reversed(self.processes):
            kill_group(process.pid)
            process.wait()

    def query(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of an SQL statement with ? for its parameters, bypassing Django."""
        if self.database_url.startswith("sqlite"):
            connection = sqlite3.connect(self.folder / "sms.db", timeout=30)
            try:
                with connection:
                    return connection.execute(statement, parameters).fetchall()
            finally:
                connection.close()
        with psycopg.connect(self.database_url) as postgres:
            cursor = postgres.execute(statement.replace("?", "%s"), parameters)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []


def kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


# What reading /proc raises if the process or thread has ended, or is just ending.
OUT_OF_PROC = (FileNotFoundError, ProcessLookupError)


def read_proc(path: str) -> str:
    """The content of a file in /proc; "" if the process or thread has ended."""
    try:
        return Path("/proc", path).read_text()
    except OUT_OF_PROC:
        return ""


def children(pid: int) -> list[int]:
    """The ids of a process's descendants, read from /proc."""
    found = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OUT_OF_PROC:
        return []
    for thread in threads:
        for child in map(int, read_proc(f"{pid}/task/{thread}/children").split()):
            found += [child, *children(child)]
    return found


def cpu_seconds(pids: list[int]) -> float:
    """User plus system time that these processes have used so far."""
    ticks = 0
    for pid in pids:
        if fields := read_proc(f"{pid}/stat").rpartition(")")[2].split():
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def peak_memory(pid: int) -> float:
    """A process's peak resident memory in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"Process {pid} has no memory figures")


@cache
def migrated_file() -> Path:
    """The SQLite file of an unused installation. Others are copies of it, because migrating takes seconds."""
    folder = Path(tempfile.mkdtemp(prefix="smsadmin-"))
    atexit.register(shutil.rmtree, folder)
    Installation(folder).run("dbdoctor", "--apply", "--verbosity", "0")
    return folder / "sms.db"


@contextmanager
def installation(folder: Path, database_url: str = "", **environment: str) -> Iterator[Installation]:
    """An installation with a migrated database: a PostgreSQL one if `database_url` is given, otherwise SQLite.

    Its processes end with the block.
    """
    site = Installation(folder, database_url, **environment)
    if not database_url:
        shutil.copyfile(migrated_file(), folder / "sms.db")
    try:
        yield site
    finally:
        site.stop_all()


SERVER = "postgres://postgres@127.0.0.1:5432/postgres"


@contextmanager
def postgres_database(server: str = SERVER, is_empty: bool = False) -> Iterator[str]:
    """The address of a new PostgreSQL database, migrated unless `is_empty`; dropped at the end."""
    name = f"smsadmin_{os.getpid()}_{free_port()}"
    template = "template1" if is_empty else migrated_database(server)
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(create)
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@cache
def migrated_database(server: str) -> str:
    """Like `migrated_file`, on a PostgreSQL server: the name of the database."""
    until_exit = ExitStack()
    atexit.register(until_exit.close)
    url = until_exit.enter_context(postgres_database(server, is_empty=True))
    with tempfile.TemporaryDirectory(prefix="smsadmin-") as folder:
        Installation(Path(folder), url).run("dbdoctor", "--apply", "--verbosity", "0")
    return urlsplit(url).path.removeprefix("/")


@contextmanager
def redis_server() -> Iterator[str]:
    """The address of a Redis of our own, apart from whatever else runs on the machine."""
    port = str(free_port())
    options = ("--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no")
    with subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: is_listening(int(port)), 20, "Redis")
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.kill()


@contextmanager
def temporary_folder(name: str) -> Iterator[Path]:
    folder = ROOT / "test-results" / f"{name}-{os.getpid()}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
