"""The project's settings, with passwords that are counted."""

from smsadmin.settings import *  # noqa: F403

PASSWORD_HASHERS = ["tests.accounts.counting_hasher.CountingHasher"]
