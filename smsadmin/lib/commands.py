"""What the import and export commands have in common."""

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand


def first_line(error: Exception) -> str:
    """A database's error message without what may follow: values of rows."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


class ExplainedCommand(BaseCommand):
    """Keeps the line breaks of its help, and shows `epilog`, with the exit codes, after the options."""

    epilog: str

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, epilog=self.epilog, **kwargs
        )
