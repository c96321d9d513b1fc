"""Write a `.env` with a fresh secret where there is none yet. `.env.example` describes each variable."""

import os
import secrets
import sys
from pathlib import Path

CONTENT = """\
# The settings of this installation. .env.example describes each variable.
# Keep this file to yourself: whoever has the secret can pretend to be any user.
SECRET_KEY={secret}
ALLOWED_HOSTS=127.0.0.1,localhost
DEBUG=false
"""


def main() -> None:
    path = Path(sys.argv[1] if len(sys.argv) > 1 else ".env")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        sys.exit(f"{path} could not be written: {error.strerror}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(CONTENT.format(secret=secrets.token_urlsafe(50)))
    sys.stdout.write(f"Wrote {path} with a fresh secret.\n")


if __name__ == "__main__":
    main()
