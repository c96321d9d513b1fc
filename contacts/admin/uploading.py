"""Handles uploads that are too large so that the error message reaches the browser."""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from contacts.imports import lifecycle


class DrainTooLarge(FileUploadHandler):
    """Discards a body that is too large while reading it to the end: browsers show no response before sending all."""

    must_drain = False

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - Django's name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        self.must_drain = is_too_large(content_length)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if self.must_drain:
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def is_too_large(content_length: int) -> bool:
    """Whether a form of that many bytes must contain too large a file; the rest of the form takes under 64 kB."""
    return content_length > lifecycle.MAX_BYTES + 65_536
