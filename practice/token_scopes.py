"""Scopes of API tokens: the one list of what a token may be allowed, in the order of forms and documents.

A token never can more than its member's role; scopes only narrow that.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

READ_ENGAGEMENTS: Final = "read:engagements"
WRITE_ENGAGEMENTS: Final = "write:engagements"
READ_RECIPIENTS: Final = "read:recipients"
WRITE_RECIPIENTS: Final = "write:recipients"
READ_FIELD: Final = "read:field"
WRITE_WAVES: Final = "write:waves"
SEND: Final = "send"
READ_RESULTS: Final = "read:results"
WRITE_RESULTS: Final = "write:results"
READ_MAILBOX: Final = "read:mailbox"
MANAGE_TOKENS: Final = "manage:tokens"

SCOPES: Final[Mapping[str, str | Promise]] = {
    READ_ENGAGEMENTS: _("Read client organisations, engagements and jobs"),
    WRITE_ENGAGEMENTS: _("Add and change client organisations and engagements"),
    READ_RECIPIENTS: _("Read who is asked, with addresses and attributes"),
    WRITE_RECIPIENTS: _("Upload and confirm lists of people"),
    READ_FIELD: _("Read waves, their plan and their counts"),
    WRITE_WAVES: _("Plan, pause, extend and close waves; take over answers collected elsewhere"),
    SEND: _("Let mails leave: launch, go on after a pause, add people to a running wave"),
    READ_RESULTS: _("Read diagnoses, findings, actions and reports with their files"),
    WRITE_RESULTS: _("Ask for diagnoses and reports, decide findings, plan actions"),
    READ_MAILBOX: _("Read recorded mails, where this installation records them"),
    MANAGE_TOKENS: _("List, make, rotate and revoke API tokens"),
}
ALL_SCOPES: Final = tuple(SCOPES)


def in_order(scopes: Iterable[str]) -> list[str]:
    """Return the scopes once each, in the order of the list; unknown ones are left out."""
    wanted = set(scopes)
    return [scope for scope in SCOPES if scope in wanted]


def unknown(scopes: Collection[str]) -> list[str]:
    """Return what is no scope."""
    return sorted(set(scopes) - SCOPES.keys())
