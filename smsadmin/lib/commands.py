"""What the commands of an import and an export have in common."""

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand


def first_line(error: Exception) -> str:
    """What a database says about an error, without what may follow: values of rows."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


class ExplainedCommand(BaseCommand):
    """Its help is shown with its line breaks, and after the options comes `epilog`, which tells the exit codes."""

    epilog: str

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, epilog=self.epilog, **kwargs
        )
