"""The list of addresses that a practice does not mail: by whom and why each came there, and how it leaves."""

from django.db import transaction
from django.utils.translation import gettext as _

from practice import audit
from practice.addresses import AddressError, clean_email, email_key
from practice.exceptions import InvalidInputError
from practice.models import Member
from surveys.barred import bar
from surveys.enums import SuppressionSource
from surveys.models import Recipient, Suppression
from surveys.people_check import clean_text

MAX_REASON = 200


@transaction.atomic
def suppress(key: str, *, source: str, reason: str, actor: Member | None, everywhere: bool = False) -> bool:
    """Never mail this address again from this practice; True when it was not on the list yet, whose reason stays.

    `everywhere` bars it for the whole installation: for complaints about mails of the installation's own server only,
    because a practice could make up the news of a server of its own.
    """
    row, is_new = Suppression.objects.get_or_create(
        email_key=key, defaults={"source": source, "reason": reason[:MAX_REASON]}
    )
    if is_new:
        audit.record(
            "address.suppressed", row, actor=actor, label=f"{row.get_source_display()}: {row.reason}"
        )
    if everywhere:
        bar(key)
    return is_new


def add_by_hand(*, email: str, reason: str, actor: Member) -> bool:
    """Put an address on the list; raises InvalidInputError naming the field."""
    try:
        address = clean_email(email)
    except AddressError as error:
        raise InvalidInputError(str(error), fields={"email": str(error)}) from error
    return suppress(
        email_key(address), source=SuppressionSource.BY_HAND, reason=checked_reason(reason), actor=actor
    )


@transaction.atomic
def lift(row: Suppression, *, reason: str, actor: Member | None) -> None:
    """Take an address off the list, with the reason; what was held back meanwhile is not sent later."""
    why = checked_reason(reason)
    n_gone, _by_model = Suppression.objects.filter(pk=row.pk).delete()
    if n_gone:
        audit.record("address.allowed", row, actor=actor, label=why)


@transaction.atomic
def unsubscribe(person: Recipient) -> None:
    """Note that a person wants no more mails: from the next mail on, and for every engagement of the practice."""
    suppress(
        person.email_key,
        source=SuppressionSource.UNSUBSCRIBED,
        reason=_("by the link in a mail"),
        actor=None,
    )


def checked_reason(text: str) -> str:
    """Return a reason in one normal form; raises InvalidInputError when there is none, or one that cannot be kept."""
    try:
        why = clean_text(text, MAX_REASON)
    except ValueError as error:
        raise InvalidInputError(str(error), fields={"reason": str(error)}) from error
    if not why:
        message = _("Say why, for example “asked by phone”.")
        raise InvalidInputError(message, fields={"reason": message})
    return why
