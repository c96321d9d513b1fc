"""Files that staff download from the admin."""

from collections.abc import Iterator

from django.http import StreamingHttpResponse


def csv_download(name: str, pieces: Iterator[str]) -> StreamingHttpResponse:
    """A response with what `csv_files.write` yields, as a file of that name."""
    return StreamingHttpResponse(
        pieces,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
