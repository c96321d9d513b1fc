"""Background tasks for imports."""

from .imports import lifecycle, staging, undoing


def read_import(import_id: int) -> None:
    """Reads an uploaded file into staged rows."""
    staging.read(import_id)


def apply_import(import_id: int) -> None:
    """Turns the staged rows of a confirmed import into people."""
    lifecycle.apply(import_id)


def undo_import(import_id: int) -> None:
    """Takes back a finished import."""
    undoing.undo(import_id)


def clean_up_imports() -> int:
    """Deletes imports abandoned for a week, and returns how many. To be run daily."""
    return lifecycle.clean_up()


def resume_imports() -> int:
    """Requeues imports whose worker died, and returns how many. To be run every minute."""
    return lifecycle.resume_abandoned()
