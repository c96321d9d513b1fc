"""Reads and checks environment variables, for settings.py only.

Each variable is documented in `.env.example`. If a value is missing or invalid, the program exits with one line that
names the variable and the remedy.
"""

import io
import ipaddress
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

import environ
import phonenumbers

from smsadmin.lib.daily_hours import BadHours, DailyHours

_SYSTEM: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV")


def stop(name: str, problem: str, remedy: str, where: str = " (Set it in .env or in the environment.)") -> NoReturn:
    sys.exit(f"SMS Admin cannot start: {name} {problem}. {remedy}{where}")


def load_variables(folder: Path) -> Path | None:
    """Reads the file that ENV_FILE names, else `.env` in `folder` if it exists, and returns its path.

    None if there is none, or ENV_FILE is empty. A relative ENV_FILE is relative to `folder`.
    """
    named = os.environ.get("ENV_FILE")
    path = folder / (named or ".env")
    if named == "" or (named is None and not path.exists()):
        return None
    if not path.exists():
        stop(
            "ENV_FILE",
            f"names {path}, which does not exist",
            "Correct the path, or remove ENV_FILE to read .env.",
            where=" (Set it in the environment.)",
        )
    _load(path)
    return path


def _load(path: Path) -> None:
    """Puts the file's variables into the environment; those already set take precedence."""
    try:
        lines = [line.strip() for line in path.read_text("utf-8-sig").splitlines()]
    except PermissionError:
        stop(
            path.name,
            "cannot be read by this user",
            f"Give the user that SMS Admin runs as read access to {path}.",
            where="",
        )
    except (OSError, UnicodeDecodeError) as error:
        problem = "is not a text file in UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        stop(path.name, f"cannot be read: {problem}", "Compare it with .env.example.", where="")
    for number, line in enumerate(lines, start=1):
        if line and not re.fullmatch(r"#.*|(export )?[A-Za-z_][A-Za-z_0-9]*=[^\0]*", line):
            stop(
                path.name,
                f"cannot be read in line {number}",
                "Write NAME=value without spaces around the equals sign, and comments on separate lines.",
                where="",
            )
    environ.Env.read_env(io.StringIO("\n".join(lines)))


def read_text(name: str, default: str = "") -> str:
    """The variable without surrounding spaces; `default` if unset or empty."""
    return os.environ.get(name, "").strip() or default


def read_number(name: str, kind: Callable[[str], Any], default: Any, least: float, most: float, unit: str) -> Any:
    """A number between `least` and `most`; the error names the bounds and the unit."""
    remedy = f"Set it to a number of {unit} from {least:,g} to {most:,g}."
    text = read_text(name)
    try:
        value = kind(text) if text else default
        is_in_range = least <= value <= most
    except (ValueError, ArithmeticError):
        stop(name, f"is {text!r}, which is not such a number", remedy)
    if not is_in_range:
        stop(name, f"is {text!r}, which is out of range", remedy)
    return value


def read_bool(name: str, default: bool) -> bool:
    value = read_text(name).lower()
    if value in {"", "true", "1", "yes", "on", "false", "0", "no", "off"}:
        return value in {"true", "1", "yes", "on"} if value else default
    stop(name, f"is {value!r}, which is neither true nor false", "Write true or false.")


def read_hours(name: str) -> DailyHours | None:
    """Hours of the day such as "21:00-08:00"; none for "none", None if unset."""
    text = read_text(name)
    if not text:
        return None
    try:
        return DailyHours.read("" if text.lower() == "none" else text)
    except BadHours as problem:
        stop(name, f"is wrong: {problem}", "For no quiet hours, write none.")


def read_address(name: str, remedy: str) -> str:
    """An http or https address with nothing after its host and port; "" if unset."""
    address = read_text(name).rstrip("/")
    try:
        parts = urlsplit(address)
        is_good = parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        is_good = False
    if address and not is_good:
        stop(name, f"is {address!r}, which is not an address", remedy)
    if address and (parts.path or parts.query or parts.fragment or parts.username is not None):
        stop(name, f"is {address!r}, which has more than a scheme and a host", remedy)
    return address and f"{parts.scheme}://{parts.netloc}"


def origin_of(address: str) -> str:
    """The address as browsers write it in the Origin header: host in lower case, without a trailing dot or the
    scheme's default port."""
    parts = urlsplit(address)
    host = (parts.hostname or "").rstrip(".")
    port = "" if parts.port in {None, {"http": 80, "https": 443}.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def read_proxies(name: str) -> list[Any]:
    """Networks in CIDR notation or single addresses, separated by commas, and optionally the word "unix"."""
    proxies: list[Any] = []
    for entry in filter(None, (entry.strip() for entry in read_text(name).split(","))):
        try:
            proxies.append("unix" if entry == "unix" else ipaddress.ip_network(entry))
        except ValueError:
            stop(
                name,
                f"contains {entry!r}, which is not an address",
                "Write addresses or networks, such as 127.0.0.1 or 10.0.0.0/8, or unix.",
            )
    return proxies


def read_sid(name: str, prefix: str, kind: str) -> str:
    """A Twilio SID: two letters and 32 hexadecimal digits; "" if unset."""
    sid = read_text(name)
    if sid and not re.fullmatch(f"{prefix}[0-9a-fA-F]{{32}}", sid):
        stop(name, f"is not the SID of {kind}", f"Copy it from the Twilio console: {prefix} and 32 more characters.")
    return sid


def read_answer(name: str) -> str:
    """The text of an automatic reply, "" if unset, which may have the fields {organization} and {contact}."""
    text = read_text(name)
    for field in re.findall(r"\{[^{}]*\}", text):
        if field not in {"{organization}", "{contact}"}:
            stop(name, f"contains {field}, which is not a field", "Use {organization} or {contact}, or no braces.")
    return text


def read_phone(name: str, region: str) -> str:
    """A phone number in E.164; "" if unset."""
    raw = read_text(name)
    if not raw:
        return ""
    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        stop(name, f"is {raw!r}, which is not a phone number", "Write it like +17205550100.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_password(name: str) -> str:
    """The variable exactly as is, including surrounding spaces; "" if unset."""
    return os.environ.get(name, "")


def system_variables() -> dict[str, str]:
    """What a process needs from the system's environment, without anything of this installation."""
    return {name: os.environ[name] for name in _SYSTEM if name in os.environ}
