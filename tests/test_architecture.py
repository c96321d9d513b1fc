"""What import-linter's contracts in pyproject.toml can't check: which modules read the environment."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "contacts", "messaging", "surveys", "smsadmin")
# The last one parses database URLs with django-environ.
ENVIRONMENT_READERS = {"smsadmin/env.py", "smsadmin/wsgi.py", "smsadmin/database_urls.py"}


def sources(word: str) -> Iterator[tuple[str, ast.Module]]:
    """(path, code) of the modules that contain that word."""
    for path in (path for app in APPS for path in sorted((ROOT / app).rglob("*.py"))):
        text = path.read_text(encoding="utf-8")
        if word in text:
            yield path.relative_to(ROOT).as_posix(), ast.parse(text)


def reads_environment(tree: ast.Module) -> Iterator[int]:
    """Lines that use os.environ, os.getenv or a package for the environment."""
    for node in ast.walk(tree):
        is_os = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
        if is_os and node.attr in {"environ", "environb", "getenv", "getenvb", "putenv"}:
            yield node.lineno
        if isinstance(node, ast.ImportFrom | ast.Import):
            module = node.module if isinstance(node, ast.ImportFrom) else ""
            names = {alias.name for alias in node.names}
            if module == "environ" or "environ" in names or (module == "os" and "getenv" in names):
                yield node.lineno


def test_reading_the_environment_is_detected():
    assert list(reads_environment(ast.parse("import os\nos.environ['A']\nos.getenv('A')"))) == [2, 3]


def test_the_environment_is_read_in_one_place():
    readers = {name for name, tree in sources("env") if any(reads_environment(tree))}
    assert readers == ENVIRONMENT_READERS
