"""The walls of the house: which app may import which, who may touch Twilio, and who reads the environment."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Each may import those before it.
APPS = ("accounts", "contacts", "messaging", "surveys", "smsadmin")
TWILIO_MODULES = {"messaging/backends/twilio.py", "messaging/webhooks/signatures.py"}
# The last one takes addresses of databases apart with django-environ.
ENVIRONMENT_READERS = {"smsadmin/settings.py", "smsadmin/wsgi.py", "smsadmin/database_urls.py"}


def sources(word: str = "") -> Iterator[tuple[str, ast.Module]]:
    """(path, code) of the modules in which that word stands."""
    for path in (path for app in APPS for path in sorted((ROOT / app).rglob("*.py"))):
        text = path.read_text(encoding="utf-8")
        if word in text:
            yield path.relative_to(ROOT).as_posix(), ast.parse(text)


def imported(name: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, module) of each import wherever it stands; relative ones in full."""
    package = Path(name).parent.parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            yield node.lineno, module
            for alias in node.names:
                yield node.lineno, f"{module}.{alias.name}"


@cache
def all_imports() -> list[tuple[str, int, str]]:
    """(path, line, module) of each import of the apps."""
    return [(name, line, module) for name, tree in sources() for line, module in imported(name, tree)]


def reads_environment(tree: ast.Module) -> Iterator[int]:
    """Lines that name os.environ, os.getenv or a package made for it."""
    for node in ast.walk(tree):
        is_os = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
        if is_os and node.attr in {"environ", "environb", "getenv", "getenvb", "putenv"}:
            yield node.lineno
        if isinstance(node, ast.ImportFrom | ast.Import):
            module = node.module if isinstance(node, ast.ImportFrom) else ""
            names = {alias.name for alias in node.names}
            if module == "environ" or "environ" in names or (module == "os" and "getenv" in names):
                yield node.lineno


def test_the_walk_sees_the_code():
    names = {name for name, _, _ in all_imports()}
    assert "contacts/models.py" in names
    assert len(names) > 40
    wrong = ast.parse("from ..sending import send\nimport surveys.models\nfrom . import x")
    assert list(imported("messaging/admin/a.py", wrong)) == [
        (1, "messaging.sending.dispatch"),
        (1, "messaging.sending.dispatch.send"),
        (2, "surveys.models"),
        (3, "messaging.admin"),
        (3, "messaging.admin.x"),
    ]
    assert list(reads_environment(ast.parse("import os\nos.environ['A']\nos.getenv('A')"))) == [2, 3]


@pytest.mark.parametrize("app", APPS)
def test_apps_import_only_those_below_them(app):
    above = set(APPS[APPS.index(app) + 1 :])
    wrong = {
        f"{name}:{line} imports {module}"
        for name, line, module in all_imports()
        if name.startswith(f"{app}/") and module.split(".")[0] in above
    }
    assert not wrong


def test_no_app_imports_the_tests_or_the_benchmarks():
    wrong = {
        f"{name}:{line} imports {module}"
        for name, line, module in all_imports()
        if module.split(".")[0] in {"tests", "bench"}
    }
    assert not wrong


def test_twilio_is_imported_by_its_backend_and_the_signatures_alone():
    users = {name for name, _, module in all_imports() if module.split(".")[0] == "twilio"}
    assert users <= TWILIO_MODULES


def test_the_environment_is_read_in_the_settings_alone():
    wrong = {
        f"{name}:{line}"
        for name, tree in sources("env")
        if name not in ENVIRONMENT_READERS
        for line in reads_environment(tree)
    }
    assert not wrong
