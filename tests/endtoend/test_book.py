"""The commands of the documentation, run as they are written.

A page's blocks marked ```sh are one script, run in its own installation; commands that can't be run are indented
instead. `places` maps the pages' paths and names to the test's. Stand-ins for what needs root or the network (sudo,
systemctl, git) do the essential part; a worker that they start is a real one.
"""

import os
import re
import shutil
import subprocess
import sys

import psycopg
import pytest
from psycopg import sql

from tests.processes import ROOT, SERVER, is_listening, migrated_file
from tests.smsadmin.backups.backup_files import add_member
from tests.smsadmin.legacy.old_database import Old

pytestmark = pytest.mark.slow
BLOCK = re.compile(r"^( *)```sh\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    if BLOCK.search(path.read_text(encoding="utf-8"))
)
ROLE = f"sms_admin_{os.getpid()}"
LEFT_BEHIND = shutil.ignore_patterns(
    *(".git", ".venv", ".env", "instance", "staticfiles", "test-results", "tests", "bench", "__pycache__", ".*_cache")
)
STANDINS = {
    "sms": 'exec {app}/.venv/bin/python {app}/manage.py "$@"',
    "sudo": """
[ "$1" = -u ] && user=$2 && shift 2
[ "$user" = postgres ] && export PGHOST=127.0.0.1 PGUSER=postgres
exec "$@"
""",
    "git": "exit 0",
    "systemctl": """
what=$1; shift
case " $* " in *" smsadmin-worker "*) ;; *) exit 0;; esac
if [ $what != start ] && [ -f {var}/worker.pid ]; then
    kill $(cat {var}/worker.pid) 2>/dev/null
    while kill -0 $(cat {var}/worker.pid) 2>/dev/null; do sleep 0.1; done
    rm {var}/worker.pid
fi
[ $what = stop ] && exit 0
sms dbdoctor --apply --verbosity 0
sms worker >{var}/worker.log 2>&1 </dev/null &
echo $! >{var}/worker.pid
until grep -q "task processes" {var}/worker.log; do
    kill -0 $! || exit 1
    sleep 0.1
done
""",
}


def script_of(page):
    """All blocks of a page, without their indentation in lists."""
    blocks = BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))
    return "\n".join(re.sub(f"^{indent}", "", text, flags=re.MULTILINE) for indent, text in blocks)


@pytest.fixture
def book(tmp_path):
    """Run a page, whose commands must all succeed; returns the folder that stands for /var/lib/sms-admin."""
    app, var, standins = tmp_path / "app", tmp_path / "var", tmp_path / "bin"
    shutil.copytree(ROOT, app, ignore=LEFT_BEHIND)
    (app / ".venv").symlink_to(sys.prefix)
    for folder in (var, standins):
        folder.mkdir()
    shutil.copyfile(migrated_file(), var / "sms.db")
    add_member(var / "sms.db", "Ada")
    Old(var / "old.db").add("community_members", name="Grace", phone="+13035550102")
    (app / ".env").write_text(
        "SECRET_KEY=of-a-test-of-the-book-0123456789012345678901234567890123456789\n"
        f"DEBUG=true\nALLOWED_HOSTS=localhost\nDATABASE_URL=sqlite:///{var}/sms.db\nBACKUP_DIR={var}/backups\n"
    )
    for name, text in STANDINS.items():
        path = standins / name
        path.write_text("#!/bin/sh\n" + text.replace("{app}", str(app)).replace("{var}", str(var)).strip() + "\n")
        path.chmod(0o755)
    places = {
        "/opt/sms-admin": str(app),
        "/var/lib/sms-admin": str(var),
        "/srv/old/instance/sms.db": f"{var}/old.db",
        "sms_admin": ROLE,
        "A-LONG-PASSWORD": "correct-horse-battery",
        # The newest backup at the time of that command.
        " FILE": f' "$(ls {var}/backups/* | tail -n 1)"',
    }
    environment = {
        **{name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ},
        "PATH": f"{standins}:{os.environ['PATH']}",
    }

    def run(page):
        script = script_of(page)
        for written, meant in places.items():
            script = script.replace(written, meant)
        ended = subprocess.run(
            ["bash", "-eux", "-o", "pipefail", "-c", script],
            cwd=app,
            env=environment,
            input="yes\n" * 5,
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert ended.returncode == 0, f"{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"
        return var

    yield run
    subprocess.run([standins / "systemctl", "stop", "smsadmin-worker"], env=environment, check=True)


@pytest.fixture
def role():
    """Removes what the page about PostgreSQL creates on the server."""
    if not (is_listening(5432) and shutil.which("psql") and shutil.which("pg_dump")):
        pytest.skip("PostgreSQL or its client programs are not there")
    yield
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(ROLE)))
        server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(ROLE)))


@pytest.mark.parametrize("page", [page for page in PAGES if page != "docs/postgresql.md"])
def test_the_commands_of_a_page_work_as_written(book, page):
    book(page)


def test_the_page_about_postgresql_moves_everybody_and_sets_the_old_file_aside(book, role):
    var = book("docs/postgresql.md")
    assert not (var / "sms.db").exists()
    assert (var / "before-postgresql" / "sms.db").exists()
    with psycopg.connect(SERVER, dbname=ROLE) as server:
        assert server.execute("SELECT name FROM community_members").fetchall() == [("Ada",)]
        assert server.execute("SELECT count(*) FROM worker_heartbeats").fetchall() == [(1,)]


def test_the_pages_for_operators_are_among_the_pages_run():
    assert {"docs/backups.md", "docs/moving-in.md", "docs/postgresql.md", "docs/upgrading.md"} <= set(PAGES)
