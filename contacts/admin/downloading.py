"""Files that staff download from the pages of the admin."""

from collections.abc import Iterator

from django.http import StreamingHttpResponse


def csv_download(name: str, pieces: Iterator[str]) -> StreamingHttpResponse:
    """What `csv_files.write` makes, under that name."""
    return StreamingHttpResponse(
        pieces,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
