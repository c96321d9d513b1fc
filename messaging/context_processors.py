"""What every page says about sending."""

from django.http import HttpRequest

from .backends import get_backend


def sending(request: HttpRequest) -> dict[str, bool]:
    """`is_simulated`: whether texts stay on this machine."""
    return {"is_simulated": get_backend().is_simulated}
