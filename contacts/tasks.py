"""The background tasks of imports."""

from .imports import lifecycle, staging


def read_import(import_id: int) -> None:
    """Read an uploaded file into staged rows."""
    staging.read(import_id)


def apply_import(import_id: int) -> None:
    """Make people of the staged rows of a confirmed import."""
    lifecycle.apply(import_id)


def clean_up_imports() -> int:
    """Delete imports that were abandoned for a week; to be run daily. The number of those deleted."""
    return lifecycle.clean_up()


def resume_imports() -> int:
    """Put imports whose worker died back into the queue; to be run each minute. The number of those put back."""
    return lifecycle.resume_abandoned()
