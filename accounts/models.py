"""Users and their login attempts (`users` and `login_attempts` of the schema of record)."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from . import roles
from .roles import Role


class AppUserManager(BaseUserManager["AppUser"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "AppUser":
        """A saved user of role `fields["role"]` (admin by default) with the password hashed."""
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "AppUser":
        """What `manage.py createsuperuser` calls: a user of the admin role."""
        return self.create_user(username, password, **fields, role=Role.ADMIN)

    def get_by_natural_key(self, username: str | None) -> "AppUser":
        """The user of that name whatever its case: names are unique regardless of case."""
        return self.get(username__iexact=username)


class AppUser(AbstractBaseUser):
    """A member of staff. What they may do follows from their role alone (see `accounts.roles`)."""

    username = models.CharField(
        max_length=80,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": "A user of that name already exists."},
    )
    password = models.CharField("password", max_length=255, db_column="password_hash")
    role = models.CharField(max_length=30, choices=Role, default=Role.ADMIN)
    must_change_password = models.BooleanField(default=False, help_text="Ask for a new password at the next login.")
    is_active = models.BooleanField(
        "active", default=True, help_text="Untick this instead of deleting a user who has left."
    )
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
                violation_error_message="A user of that name already exists.",
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
        """Every active user works in the admin; the role says on which pages."""
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


class LoginAttempt(models.Model):
    """Failed logins from one address, kept in the database so that all web processes count together."""

    client_ip = models.CharField(max_length=45)
    attempt_count = models.IntegerField(default=1)
    first_attempt_at = models.DateTimeField(default=timezone.now)
    locked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "login_attempts"
        indexes = [models.Index(fields=["client_ip"], name="ix_login_attempts_client_ip")]

    def __str__(self) -> str:
        return f"{self.client_ip}: {self.attempt_count}"
