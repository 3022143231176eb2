"""What every portal template may use: the practice, the member and the other practices of the person."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from practice import lookups
from practice.permissions import PERMISSIONS


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return `practice`, `member`, `may` (set of permissions) and `my_practices` (looked up only when used)."""
    member = getattr(request, "member", None)
    if member is None:
        return {"practice": None, "member": None, "may": frozenset(), "my_practices": []}
    return {
        "practice": member.practice,
        "member": member,
        "may": {name.replace(".", "_") for name in PERMISSIONS.get(member.role, frozenset())},
        "my_practices": SimpleLazyObject(lambda: lookups.practices_of_user(member.user_id)),
    }
