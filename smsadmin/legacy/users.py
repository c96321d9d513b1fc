"""Users with their passwords, their former passwords, and the record of logins."""

import json
from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth.hashers import identify_hasher, make_password

from accounts.events import UNKNOWN_NAME, record
from accounts.hashers import from_werkzeug
from accounts.models import AppUser, PasswordHistory
from accounts.roles import Role
from accounts.security_events import Kind, Outcome, SecurityEvent

from ..lib.storable import clean_json
from .moving import Move, Topic, transfer
from .values import OldRow, Refused

USERS: Final = {"user_id": ("users", AppUser)}

# The replaced system's names of events, where they differ from ours.
KINDS: Final[Mapping[str, Kind]] = {
    "login_success": Kind.LOGIN,
    "login_succeeded": Kind.LOGIN,
    "logged_in": Kind.LOGIN,
    "login_failure": Kind.LOGIN_FAILED,
    "failed_login": Kind.LOGIN_FAILED,
    "login_attempt": Kind.LOGIN_FAILED,
    "login_blocked": Kind.LOCKOUT,
    "login_locked": Kind.LOCKOUT,
    "login_lockout": Kind.LOCKOUT,
    "login_rate_limited": Kind.LOCKOUT,
    "account_locked": Kind.LOCKOUT,
    "locked_out": Kind.LOCKOUT,
    "account_unlocked": Kind.UNLOCK,
    "login_unlocked": Kind.UNLOCK,
    "logged_out": Kind.LOGOUT,
    "password_change": Kind.PASSWORD_CHANGED,
    "password_changed_self": Kind.PASSWORD_CHANGED,
    "change_password": Kind.PASSWORD_CHANGED,
    "reset_password": Kind.PASSWORD_RESET,
    "admin_password_reset": Kind.PASSWORD_RESET,
    "role_change": Kind.ROLE_CHANGED,
    "user_role_changed": Kind.ROLE_CHANGED,
    "user_created": Kind.USER_ADDED,
    "user_create": Kind.USER_ADDED,
    "create_user": Kind.USER_ADDED,
    "user_deleted": Kind.USER_REMOVED,
    "user_delete": Kind.USER_REMOVED,
    "delete_user": Kind.USER_REMOVED,
    "export": Kind.DATA_EXPORTED,
    "data_export": Kind.DATA_EXPORTED,
}
_SUCCESSES: Final = frozenset({"success", "ok", "succeeded", "successful", "allowed"})
_FAILURES: Final = frozenset({"failure", "failed", "fail", "denied", "blocked", "locked", "error", "invalid"})


def move_users(move: Move) -> list[AppUser]:
    """Imports the users, and returns the new ones."""
    added: list[AppUser] = []
    transfer(
        move,
        Topic(
            "users",
            AppUser,
            lambda row: _make_user(move, row),
            key=lambda user: user.username.lower(),
            find=_find_users,
            same="a user with that name already exists: password and role left unchanged",
            links={},
            after=lambda written, present: added.extend(user for _, user in written),
        ),
    )
    transfer(
        move,
        Topic(
            "user_password_history",
            PasswordHistory,
            lambda row: _make_former_password(move, row),
            key=lambda former: (former.user_id, former.password_hash),
            find=_find_former_passwords,
            same="that former password already exists",
            links=USERS,
        ),
    )
    return added


def record_added(users: list[AppUser]) -> None:
    """Records who can log in from now on."""
    for user in users:
        record(Kind.USER_ADDED, added_user=user.username, role=user.role, moved_in="yes")


def _make_user(move: Move, row: OldRow) -> AppUser:
    written = row.text("username")
    # As the login form reads what is typed; a different spelling could not log in.
    username = AppUser.normalize_username(written).strip()[:80]
    if not username:
        raise Refused("it has no user name")
    if username != written:
        row.mend("the user name was normalized to the form used at sign-in", f"{written} → {username}")
    if phone := row.text("phone"):
        row.mend("SMS Admin doesn't keep users' phone numbers: left out", phone)
    return AppUser(
        username=username,
        password=_read_hash(row),
        role=row.choice("role", Role.values, Role.SOCIAL_MANAGER),
        must_change_password=row.flag("must_change_password", default=False),
        created_at=row.moment_or("created_at", move.now),
    )


def _read_hash(row: OldRow) -> str:
    stored = from_werkzeug(row.text("password_hash"))
    try:
        identify_hasher(stored)
    except ValueError:
        stored = ""
    if not stored or len(stored) > 255:
        row.mend("the password is kept in a form that cannot be read: set a new one with manage.py reset_password")
        return make_password(None)
    return stored


def _find_users(names: list[str]) -> dict[str, int]:
    """Compared in Python: SQLite ignores case only in ASCII."""
    users = AppUser.objects.values_list("username", "pk")
    return {name.lower(): pk for name, pk in users}


def _make_former_password(move: Move, row: OldRow) -> PasswordHistory:
    user_id = row.needed_link("user_id", "a user")
    stored = from_werkzeug(row.text("password_hash"))
    if not stored or len(stored) > 255:
        raise Refused("it has no usable password")
    return PasswordHistory(user_id=user_id, password_hash=stored, created_at=row.moment_or("created_at", move.now))


def _find_former_passwords(keys: list[tuple[int, str]]) -> dict[tuple[int, str], int]:
    former = PasswordHistory.objects.filter(user_id__in={user_id for user_id, _ in keys})
    return {(user_id, stored): pk for user_id, stored, pk in former.values_list("user_id", "password_hash", "pk")}


def move_security_events(move: Move) -> None:
    names = set(_find_users([]))
    transfer(
        move,
        Topic(
            "auth_events",
            SecurityEvent,
            lambda row: _make_event(move, row, names),
            key=lambda event: None,
            find=lambda keys: {},
            same="",
            links=USERS,
        ),
    )


def _make_event(move: Move, row: OldRow, names: set[str]) -> SecurityEvent:
    details = _read_metadata(row)
    word = row.text("event_type", 50).strip().lower()
    if not word:
        raise Refused("it doesn't say what happened")
    outcome = _read_outcome(row, details)
    kind = KINDS.get(word, word)
    if kind == Kind.LOGIN and outcome == Outcome.FAILURE:
        kind = Kind.LOGIN_FAILED
    if kind not in Kind.values:
        row.mend("unknown event type: the old value was kept", word)
    username = row.text("username", 80)
    if username and kind in (Kind.LOGIN_FAILED, Kind.LOCKOUT) and username.lower() not in names:
        # As in `accounts.events`: people type passwords into the wrong field.
        row.mend("the typed name is not a user's and may be a password: left out")
        username = UNKNOWN_NAME
    return SecurityEvent(
        event_type=kind,
        outcome=outcome,
        user_id=row.link("user_id", "a user"),
        username=username,
        client_ip=row.text("client_ip", 45),
        metadata=details,
        created_at=row.moment_or("created_at", move.now),
    )


def _read_outcome(row: OldRow, details: dict[str, Any]) -> Outcome:
    word = row.text("outcome").strip().lower()
    if word in _SUCCESSES:
        return Outcome.SUCCESS
    if word not in _FAILURES:
        details["old_outcome"] = word[:100]
        row.mend("outcome is unknown: set to “failure”", word)
    return Outcome.FAILURE


def _read_metadata(row: OldRow) -> dict[str, Any]:
    raw = row.text("metadata_json").strip()
    if not raw:
        return {}
    try:
        found = clean_json(json.loads(raw))
    except (ValueError, RecursionError):
        row.mend("metadata_json is not valid JSON: kept as text")
        return {"text": raw}
    return found if isinstance(found, dict) else {} if found is None else {"value": found}
