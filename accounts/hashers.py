"""How passwords are hashed, and how the hashes of the replaced system are read.

The first of settings.PASSWORD_HASHERS makes every new hash; Django makes an older or weaker one anew when its
user logs in, since only then the password is at hand.
"""

import hashlib
import re
from typing import Any, Final

from django.contrib.auth.hashers import BasePasswordHasher, ScryptPasswordHasher, mask_hash
from django.utils.crypto import constant_time_compare

_WERKZEUG: Final = re.compile(
    r"(?P<kind>scrypt:\d{1,8}:\d{1,3}:\d{1,3}|pbkdf2:sha256:\d{1,8})\$(?P<salt>[^$]+)\$(?P<hash>[0-9a-f]+)"
)


class StrongScryptPasswordHasher(ScryptPasswordHasher):
    """scrypt with N=2^15, r=8, p=3: one of the settings that OWASP's Password Storage Cheat Sheet calls equal.

    Of those it takes 32 MB a login, where the one it names first takes 128 MB, which a small server with some
    logins at once does not have.
    """

    work_factor = 2**15
    parallelism = 3
    # OpenSSL's own limit, 32 MiB, is a little too low for it.
    maxmem = 64 * 2**20

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Spend what `encoded` (scrypt with other parameters) took less than a hash of today."""
        _, n, _, r, p, _ = encoded.split("$")
        spend_rest(int(n) * int(r) * int(p) / _WORK)


_WORK: Final = (
    StrongScryptPasswordHasher.work_factor
    * StrongScryptPasswordHasher.block_size
    * StrongScryptPasswordHasher.parallelism
)
# OWASP's cheat sheet puts so many iterations of PBKDF2 with SHA-256 beside the scrypt above.
_PBKDF2_EQUAL: Final = 600_000
_UNIT: Final = 2**14 * 8


def spend_rest(spent: float) -> None:
    """Hash nothing for the share of today's work (0 to 1) that is left of `spent`.

    A wrong password for a user whose hash is an old one is thus refused no sooner than one for a name that does
    not exist, where a hash of today is made (Django's ModelBackend).
    """
    units = round((1 - spent) * _WORK / _UNIT)
    if units > 0:
        hashlib.scrypt(b"", salt=b"nobody", n=2**14, r=8, p=units)


def from_werkzeug(stored: str) -> str:
    """A hash as Werkzeug's generate_password_hash writes it, in the form that Django finds a hasher by.

    "scrypt:N:r:p$SALT$HEX" becomes "werkzeug_scrypt$N:r:p$SALT$HEX", "pbkdf2:sha256:N$SALT$HEX" becomes
    "werkzeug_pbkdf2$N$SALT$HEX". Anything else, Django's own hashes among it, is given back as it is.
    """
    found = _WERKZEUG.fullmatch(stored)
    if not found:
        return stored
    method, _, rest = found["kind"].partition(":")
    parameters = rest.removeprefix("sha256:")
    return f"werkzeug_{method}${parameters}${found['salt']}${found['hash']}"


class _WerkzeugPasswordHasher(BasePasswordHasher):
    """Reads Werkzeug's hashes and makes none: the salt is text, the hash hexadecimal (werkzeug/security.py)."""

    def decode(self, encoded: str) -> dict[str, Any]:
        algorithm, parameters, salt, digest = encoded.split("$", 3)
        return {"algorithm": algorithm, "parameters": parameters, "salt": salt, "hash": digest}

    def verify(self, password: str, encoded: str) -> bool:
        decoded = self.decode(encoded)
        try:
            digest = self.digest(password, decoded["salt"], decoded["parameters"])
        except ValueError:
            # Parameters that scrypt cannot have: no password has this hash.
            return False
        is_correct = constant_time_compare(digest, decoded["hash"])
        if not is_correct:
            # Django does so by itself only where the algorithm is still the preferred one.
            self.harden_runtime(password, encoded)
        return is_correct

    def digest(self, password: str, salt: str, parameters: str) -> str:
        raise NotImplementedError

    def encode(self, password: str, salt: str) -> str:
        raise NotImplementedError("Hashes of the replaced system are read, not made.")

    def safe_summary(self, encoded: str) -> dict[Any, Any]:
        decoded = self.decode(encoded)
        return {**decoded, "salt": mask_hash(decoded["salt"]), "hash": mask_hash(decoded["hash"])}

    def must_update(self, encoded: str) -> bool:
        return True


class WerkzeugScryptPasswordHasher(_WerkzeugPasswordHasher):
    algorithm = "werkzeug_scrypt"

    def digest(self, password: str, salt: str, parameters: str) -> str:
        n, r, p = map(int, parameters.split(":"))
        return hashlib.scrypt(
            password.encode(), salt=salt.encode(), n=n, r=r, p=p, maxmem=132 * n * r * p, dklen=64
        ).hex()

    def harden_runtime(self, password: str, encoded: str) -> None:
        n, r, p = map(int, self.decode(encoded)["parameters"].split(":"))
        spend_rest(n * r * p / _WORK)


class WerkzeugPBKDF2PasswordHasher(_WerkzeugPasswordHasher):
    algorithm = "werkzeug_pbkdf2"

    def digest(self, password: str, salt: str, parameters: str) -> str:
        return hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), int(parameters)).hex()

    def harden_runtime(self, password: str, encoded: str) -> None:
        spend_rest(int(self.decode(encoded)["parameters"]) / _PBKDF2_EQUAL)
