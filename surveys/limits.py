"""What one network may do at one open link: wrong access codes in ten minutes, new visits in an hour.

The limits stop guessing and flooding without ever locking a link: people elsewhere are not touched. An office behind
one address passes: right codes are not counted, and a thousand of its people may begin within an hour.
"""

import hashlib
import ipaddress
import time
from typing import Final
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest

MOST_FAILURES: Final = 20
FAILURE_SECONDS: Final = 600
MOST_VISITS: Final = 1_000
VISIT_SECONDS: Final = 3_600


def note_failure(request: HttpRequest, link_id: UUID) -> None:
    """Count a wrong code."""
    _count(f"open-link-failures:{_caller(request, link_id)}", FAILURE_SECONDS)


def is_blocked(request: HttpRequest, link_id: UUID) -> bool:
    """Tell whether so many wrong codes came from this network that it must wait."""
    return int(cache.get(f"open-link-failures:{_caller(request, link_id)}", 0)) >= MOST_FAILURES


def note_visit(request: HttpRequest, link_id: UUID) -> None:
    """Count a visit that has just begun."""
    _count(_visits_key(request, link_id), VISIT_SECONDS)


def seconds_until_next_visit(request: HttpRequest, link_id: UUID) -> int:
    """Return how long this network waits before one more visit may begin; 0 = not at all. Limits hold by the hour."""
    if int(cache.get(_visits_key(request, link_id), 0)) < MOST_VISITS:
        return 0
    return VISIT_SECONDS - int(time.time()) % VISIT_SECONDS


def _visits_key(request: HttpRequest, link_id: UUID) -> str:
    return f"open-link-visits:{int(time.time()) // VISIT_SECONDS}:{_caller(request, link_id)}"


def _count(key: str, seconds: int) -> None:
    if not cache.add(key, 1, seconds):
        cache.incr(key)


def _caller(request: HttpRequest, link_id: UUID) -> str:
    return hashlib.sha256(f"{link_id}|{_network(request)}".encode()).hexdigest()


def _network(request: HttpRequest) -> str:
    """Return the caller's address, of version 6 its /64."""
    try:
        address = ipaddress.ip_address(get_adapter(request).get_client_ip(request))
    except ValueError:
        return ""
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
