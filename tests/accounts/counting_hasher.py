"""A hasher that leaves a line in a file for each password that is checked or set: quick, and countable."""

import os

from django.contrib.auth.hashers import MD5PasswordHasher


class CountingHasher(MD5PasswordHasher):
    def encode(self, password, salt):
        # Appending a byte is one step, whatever other processes do.
        with open(os.environ["HASHES_COUNTED"], "ab", buffering=0) as counted:
            counted.write(b".")
        return super().encode(password, salt)
