"""Wrong access codes, counted per link and network for ten minutes; right ones are never counted.

The limit stops guessing without ever locking a link: people elsewhere are not touched by it.
"""

import hashlib
import ipaddress
from typing import Final
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest

MOST_FAILURES: Final = 20
SECONDS: Final = 600


def note_failure(request: HttpRequest, link_id: UUID) -> None:
    """Count a wrong code."""
    key = _key(request, link_id)
    if not cache.add(key, 1, SECONDS):
        cache.incr(key)


def is_blocked(request: HttpRequest, link_id: UUID) -> bool:
    """Tell whether so many wrong codes came from this network that it must wait."""
    return int(cache.get(_key(request, link_id), 0)) >= MOST_FAILURES


def _key(request: HttpRequest, link_id: UUID) -> str:
    network = hashlib.sha256(f"{link_id}|{_network(request)}".encode()).hexdigest()
    return f"open-link-failures:{network}"


def _network(request: HttpRequest) -> str:
    """Return the caller's address, of version 6 its /64."""
    try:
        address = ipaddress.ip_address(get_adapter(request).get_client_ip(request))
    except ValueError:
        return ""
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
