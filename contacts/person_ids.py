"""The id of a person in addresses, such as 3f0c1b52-…, so that phone numbers stay out of histories and logs.

A person needs no row of their own: the id is the phone, encrypted as a single AES block, which is a permutation of
all blocks of 16 bytes (NIST FIPS 197). Its key is derived from SECRET_KEY, so another one means other addresses.
"""

import uuid
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac

from . import phones

_SALT: Final = "contacts.person_ids"
_BLOCK: Final = 16


def encode(phone: str) -> uuid.UUID | None:
    """The id of a phone as it is stored; None for the few senders whose names are longer than a number, for what
    can't be shown, and for what an erased person has left."""
    plain = phone.encode("utf-8", "replace")
    if not phone or len(plain) > _BLOCK or not phone.isprintable() or phones.is_erased(phone):
        return None
    encryptor = _cipher(settings.SECRET_KEY).encryptor()
    return uuid.UUID(bytes=encryptor.update(plain.ljust(_BLOCK, b"\0")))


def decode(person_id: str) -> str | None:
    """The phone of an id, in any way of writing a UUID; None if it isn't one of ours."""
    try:
        block = uuid.UUID(person_id).bytes
    except ValueError:
        return None
    try:
        phone = _cipher(settings.SECRET_KEY).decryptor().update(block).rstrip(b"\0").decode()
    except UnicodeDecodeError:
        return None
    return phone if phone and phone.isprintable() else None


def page_of(phone: str) -> str:
    """The address of the person's page; "" where `encode` has no id."""
    person_id = encode(phone)
    return reverse("admin:person", args=[person_id]) if person_id else ""


@lru_cache(maxsize=4)
def _cipher(secret_key: str) -> Cipher[ECB]:
    key = salted_hmac(_SALT, "key", secret=secret_key, algorithm="sha256").digest()
    # ECB is unfit for texts of several blocks, whose repetitions it shows. An id is one block, and is to be the same
    # each time.
    return Cipher(AES(key), ECB())  # noqa: S305
