#!/usr/bin/env python
"""The operators' entry point: `python manage.py help` lists the commands."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsadmin.settings")
    from smsadmin import prompt

    prompt.main(sys.argv)


if __name__ == "__main__":
    main()
