"""The client address of a request."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from django.conf import settings
from django.http import HttpRequest

UNKNOWN: Final = "unknown"

_Address = IPv4Address | IPv6Address


def client_ip(request: HttpRequest) -> str:
    """The address of the client, at most 45 characters; UNKNOWN if the connection has none.

    Normally that is the address of the connection. Only if it is one of settings.TRUSTED_PROXIES (networks, and
    "unix" for a connection through a Unix socket) is X-Forwarded-For read, from its right end, where our own proxies
    append: the first address that isn't one of ours. Anything to the left of it may be forged.
    """
    peer = _read(request.META.get("REMOTE_ADDR", ""))
    if not _is_trusted(peer):
        return str(peer or UNKNOWN)
    for entry in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        address = _read(entry)
        if address is None:
            break
        peer = address
        if not _is_trusted(peer):
            break
    return str(peer or UNKNOWN)


def _is_trusted(address: _Address | None) -> bool:
    if address is None:
        return "unix" in settings.TRUSTED_PROXIES
    return any(network != "unix" and address in network for network in settings.TRUSTED_PROXIES)


def _read(entry: str) -> _Address | None:
    """The address in an entry as proxies write it: bare, with a port, or in brackets; None for anything else."""
    entry = entry.strip()
    if entry.startswith("["):
        entry = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        entry = entry.partition(":")[0]
    try:
        # A zone ("%eth0") only means something on one machine, and can be of any length.
        address = ip_address(entry.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
