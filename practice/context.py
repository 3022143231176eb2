"""What every portal template may use: the practice, the member and the other practices of the person."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from practice import lookups
from practice.brand import accent_url
from practice.permissions import PERMISSIONS


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return `practice`, `accent_url`, `member`, `may` (permissions) and `my_practices` (looked up when used)."""
    member = getattr(request, "member", None)
    if member is None:
        return {"practice": None, "member": None, "may": frozenset(), "my_practices": []}
    return {
        "practice": member.practice,
        "accent_url": accent_url(member.practice.accent_colour),
        "member": member,
        "may": {name.replace(".", "_") for name in PERMISSIONS.get(member.role, frozenset())},
        "my_practices": SimpleLazyObject(lambda: lookups.practices_of_user(member.user_id)),
    }
