"""The version of the code. It is defined only in pyproject.toml."""

import tomllib
from functools import cache
from pathlib import Path


@cache
def version() -> str:
    """Such as "1.0.0"; CHANGELOG.md lists what is in it."""
    with (Path(__file__).resolve().parent.parent / "pyproject.toml").open("rb") as file:
        found: str = tomllib.load(file)["project"]["version"]
    return found
