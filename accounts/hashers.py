"""How passwords are hashed, and how hashes of the replaced system are converted.

The first of settings.PASSWORD_HASHERS makes every new hash; Django makes an older or weaker one anew when its
user logs in, since only then the password is at hand.
"""

import base64
import hashlib
import re
from typing import Final

from django.contrib.auth.hashers import PBKDF2PasswordHasher, ScryptPasswordHasher

_WERKZEUG_SCRYPT: Final = re.compile(
    r"scrypt:(?P<n>[0-9]{1,8}):(?P<r>[0-9]{1,3}):(?P<p>[0-9]{1,3})\$(?P<salt>[^$]+)\$(?P<digest>[0-9a-f]{128})"
)
_WERKZEUG_PBKDF2: Final = re.compile(
    r"pbkdf2:sha256:(?P<iterations>0*[1-9][0-9]{0,7})\$(?P<salt>[^$]+)\$(?P<digest>[0-9a-f]{64})"
)


class StrongScryptPasswordHasher(ScryptPasswordHasher):
    """scrypt with N=2^15, r=8, p=3: one of the settings that OWASP's Password Storage Cheat Sheet calls equal.

    Of those it takes 32 MB a login, where the one it names first takes 128 MB, which a small server with some
    logins at once does not have.
    """

    work_factor = 2**15
    parallelism = 3
    # OpenSSL's own limit, 32 MiB, is a little too low for it. Hashes of the replaced system may take more.
    maxmem = 256 * 2**20

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


class EqualizedPBKDF2PasswordHasher(PBKDF2PasswordHasher):
    """Reads hashes of the replaced system. A wrong password takes as long as with a hash of today.

    Django equalizes the time only where the algorithm is still the preferred one.
    """

    def verify(self, password: str, encoded: str) -> bool:
        is_correct = super().verify(password, encoded)
        if not is_correct:
            spend_rest(int(self.decode(encoded)["iterations"]) / _PBKDF2_EQUAL)
        return is_correct


def from_werkzeug(stored: str) -> str:
    """A hash made by Werkzeug's generate_password_hash, in Django's own encoding.

    "scrypt:N:r:p$SALT$HEX" becomes "scrypt$N$SALT$r$p$BASE64", "pbkdf2:sha256:N$SALT$HEX" becomes
    "pbkdf2_sha256$N$SALT$BASE64": both use the salt as text and digests of the same length (werkzeug/security.py).
    Anything else, Django's own hashes among it, is returned unchanged, and so are parameters that scrypt cannot
    have or that take more memory than StrongScryptPasswordHasher allows.
    """
    if found := _WERKZEUG_PBKDF2.fullmatch(stored):
        return f"pbkdf2_sha256${int(found['iterations'])}${found['salt']}${_to_base64(found['digest'])}"
    if found := _WERKZEUG_SCRYPT.fullmatch(stored):
        n, r, p = int(found["n"]), int(found["r"]), int(found["p"])
        if _can_compute(n, r, p):
            return f"scrypt${n}${found['salt']}${r}${p}${_to_base64(found['digest'])}"
    return stored


def _can_compute(n: int, r: int, p: int) -> bool:
    """Whether these are parameters of scrypt (RFC 7914) within our limit on memory, counted as OpenSSL does."""
    is_power_of_two = n > 1 and n & (n - 1) == 0
    return is_power_of_two and r > 0 and p > 0 and 128 * r * (n + p + 2) <= StrongScryptPasswordHasher.maxmem


def _to_base64(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest)).decode()
