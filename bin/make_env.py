"""Creates a `.env` with a new secret key unless there is one. `.env.example` describes each variable."""

import os
import secrets
import sys
from pathlib import Path

CONTENT = """\
# This installation's settings. .env.example describes each variable.
# Keep this file private: anyone who has the secret key can log in as any user.
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
        sys.exit(f"{path} couldn't be written: {error.strerror}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(CONTENT.format(secret=secrets.token_urlsafe(50)))
    sys.stdout.write(f"Created {path} with a new secret key.\n")


if __name__ == "__main__":
    main()
