"""Files that are too large to be taken: the sentence for them has to reach the browser."""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from contacts.imports import lifecycle


class DrainTooLarge(FileUploadHandler):
    """Reads a body that is too large to its end without keeping it: browsers show no answer before they sent all."""

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
    """Whether a form of so many bytes must hold too large a file; the rest of the form takes less than 64 kB."""
    return content_length > lifecycle.MAX_BYTES + 65_536
