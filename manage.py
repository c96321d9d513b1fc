#!/usr/bin/env python
"""The operators' entry point: `python manage.py help` lists the commands."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsadmin.settings")
    if sys.argv[1:] in (["--version"], ["version"]):
        from smsadmin.version import version

        sys.stdout.write(f"SMS Admin {version()}\n")
        return
    from smsadmin import command_line

    command_line.main(sys.argv)


if __name__ == "__main__":
    main()
