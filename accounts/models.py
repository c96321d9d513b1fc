"""The organization, its users, their former passwords, and failed logins (`users` and `login_attempts` of the schema
of record)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from smsadmin.lib import shared_clock, time_zones

from . import roles
from .roles import Role
from .security_events import Kind, SecurityEvent  # noqa: F401 - the event is a model of this app


class AppUserManager(BaseUserManager["AppUser"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "AppUser":
        """Saves a user with role `fields["role"]` (admin by default) and the hashed password."""
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "AppUser":
        """For `manage.py createsuperuser`: an admin, recorded as a security event."""
        from .events import record  # that module imports this one

        with transaction.atomic():
            user = self.create_user(username, password, **fields, role=Role.ADMIN)
            record(Kind.USER_ADDED, added_user=user.username, role=user.role)
        return user

    def get_by_natural_key(self, username: str | None) -> "AppUser":
        """Case-insensitive: user names are unique regardless of case."""
        return self.get(username__iexact=username)


class AppUser(AbstractBaseUser):
    """A staff member. Their role alone decides what they may do (see `accounts.roles`)."""

    username = models.CharField(
        max_length=80,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": "A user with that name already exists."},
    )
    password = models.CharField("password", max_length=255, db_column="password_hash")
    role = models.CharField(max_length=30, choices=Role, default=Role.ADMIN)
    must_change_password = models.BooleanField(default=False, help_text="Ask for a new password at the next sign-in.")
    is_active = models.BooleanField(
        "active", default=True, help_text="Uncheck this instead of deleting someone who has left."
    )
    # In E.164: the form reads it (smsadmin.team).
    test_phone = models.CharField(max_length=20, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[AppUserManager] = AppUserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "users"
        verbose_name = "user"
        ordering = ("username",)
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="unique_username_any_case",
                violation_error_message="A user with that name already exists.",
            )
        ]

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def is_social_manager(self) -> bool:
        return self.role == Role.SOCIAL_MANAGER

    @property
    def is_staff(self) -> bool:
        """Every active user works in the admin; the role decides on which pages."""
        return self.is_active

    @property
    def is_superuser(self) -> bool:
        return self.is_active and self.is_admin

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        return self.is_active and roles.is_allowed(self.role, perm)

    def has_perms(self, perms: Iterable[str], obj: models.Model | None = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and roles.may_enter(self.role, app_label)


class Organization(models.Model):
    """What staff have entered on the page Organization, in one row or, before that, none.

    An empty field means the environment's value: `accounts.organization` says what applies. `quiet_weekdays` has, by
    weekday ("0" is Monday), from when until when people may be texted on it: {"6": ["12:00", "21:00"]}.
    """

    ONLY: ClassVar[int] = 1

    id = models.SmallIntegerField(primary_key=True, default=ONLY)
    name = models.CharField(max_length=80, blank=True, default="")
    contact = models.CharField(max_length=120, blank=True, default="")
    time_zone = models.CharField(max_length=64, blank=True, default="", validators=[time_zones.check])
    quiet_weekdays = models.JSONField(blank=True, default=dict)

    class Meta:
        db_table = "organization"
        verbose_name_plural = "organization"

    def __str__(self) -> str:
        return "Organization"

    @property
    def weekday_hours(self) -> dict[int, tuple[time, time]]:
        """From when until when people may be texted on some weekdays (0 is Monday)."""
        return {
            int(day): (time.fromisoformat(begin), time.fromisoformat(end))
            for day, (begin, end) in self.quiet_weekdays.items()
        }

    @weekday_hours.setter
    def weekday_hours(self, hours: Mapping[int, tuple[time, time]]) -> None:
        self.quiet_weekdays = {
            str(day): [f"{begin:%H:%M}", f"{end:%H:%M}"] for day, (begin, end) in sorted(hours.items())
        }


class PasswordHistory(models.Model):
    """The hash of a user's current or former password: see `accounts.passwords`."""

    user = models.ForeignKey(AppUser, on_delete=models.CASCADE, related_name="+")
    password_hash = models.CharField(max_length=255)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "user_password_history"
        verbose_name = "former password"

    def __str__(self) -> str:
        return f"set {self.created_at:%Y-%m-%d}"


class LoginAttempt(models.Model):
    """Failed logins from one address (`username` is empty) or for one name, whether or not a user has it: either at
    an address where that user is known, or (`client_ip` is ACCOUNT) at all others combined.

    Stored in the database so that all web processes share the count: see `accounts.login_limits`.

        counting (attempt_count below the limit) -> locked (locked_until) -> counting again, from 0
        either -> no row: a right password, an unlock, or nothing happened for some time
        an address's, after a right password -> counting without the guesses at that name (take_back)
    """

    ACCOUNT = "__account__"

    client_ip = models.CharField("address", max_length=45)
    username = models.CharField("user name", max_length=80, blank=True, default="")
    attempt_count = models.IntegerField("failed sign-ins", default=1)
    first_attempt_at = models.DateTimeField("since", default=timezone.now)
    locked_until = models.DateTimeField(null=True, blank=True)
    recent_attempts = models.JSONField(default=list, help_text="The times counted, in seconds since 1970.")

    class Meta:
        db_table = "login_attempts"
        verbose_name = "failed sign-in"
        indexes = [models.Index(fields=["client_ip"], name="ix_login_attempts_client_ip")]
        constraints = [models.UniqueConstraint(fields=["client_ip", "username"], name="unique_login_attempt")]

    def __str__(self) -> str:
        return self.whom

    @property
    def whom(self) -> str:
        """What is counted, in words for staff."""
        if self.client_ip == self.ACCOUNT:
            return f"User name {self.username}"
        return f"User name {self.username} at {self.client_ip}" if self.username else f"Address {self.client_ip}"

    def count(self, at: datetime, *, limit: int, window: timedelta, lock: timedelta) -> bool:
        """Counts a guess made at `at` as failed; False if a lock forbids it.

        The last guess that `limit` allows within `window` starts the lock. The caller holds the row locked and saves
        it. A lock longer than `lock`, and guesses in the future, date from before the clock was set back.
        """
        latest = at + shared_clock.SKEW
        if self.locked_until:
            if at < self.locked_until <= latest + lock:
                return False
            self.locked_until, self.recent_attempts = None, []
        since, until = (at - window).timestamp(), latest.timestamp()
        self.recent_attempts = [*(one for one in self.recent_attempts if since < one <= until), at.timestamp()]
        self.attempt_count = len(self.recent_attempts)
        self.first_attempt_at = datetime.fromtimestamp(self.recent_attempts[0], UTC)
        if self.attempt_count >= limit:
            self.locked_until = at + lock
        return True

    def take_back(self, times: Iterable[float], *, limit: int) -> None:
        """Uncounts the guesses counted at these times, and lifts a lock that isn't due without them.

        The caller holds the row locked and saves it.
        """
        gone = Counter(times)
        left = []
        for at in self.recent_attempts:
            if gone[at] > 0:
                gone[at] -= 1
            else:
                left.append(at)
        self.recent_attempts, self.attempt_count = left, len(left)
        if len(left) < limit:
            self.locked_until = None


class KnownAddress(models.Model):
    """An address from which a user has logged in: locks on their name don't apply there for some time."""

    user = models.ForeignKey(AppUser, on_delete=models.CASCADE, related_name="+")
    client_ip = models.CharField(max_length=45)
    last_login_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "known_addresses"
        verbose_name_plural = "known addresses"
        constraints = [models.UniqueConstraint(fields=["user", "client_ip"], name="unique_known_address")]

    def __str__(self) -> str:
        return self.client_ip
