"""What follows when a mail bounced, arrived or was marked as spam: suppression, later rounds, the automatic stop.

Of reminders to confidential audiences nothing may be known person by person, for they go to those alone who have not
answered: their bounces and complaints stop what else would go to that person and count in totals, but leave no line.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from practice import audit
from practice.enums import SenderKind
from practice.mail import one_line
from surveys.barred import bar
from surveys.enums import DeliveryState, HoldReason, Mode, Round, SuppressionSource
from surveys.mail import stopping
from surveys.mail.returned import Finding
from surveys.mail.states import SHOWN_PER_PERSON, UNSENT, move
from surveys.models import Delivery, Recipient, Suppression, WaveAudience

SOFT_IN_A_ROW: Final = 3
"""So many mails in a row may bounce for now; then the address is not mailed any more."""
SETTLED: Final = (
    DeliveryState.ACCEPTED,
    DeliveryState.DELIVERED,
    DeliveryState.BOUNCED_SOFT,
    DeliveryState.BOUNCED_HARD,
)
STATES: Final[Mapping[Finding, DeliveryState]] = {
    Finding.HARD: DeliveryState.BOUNCED_HARD,
    Finding.SOFT: DeliveryState.BOUNCED_SOFT,
    Finding.DELIVERED: DeliveryState.DELIVERED,
    Finding.COMPLAINT: DeliveryState.COMPLAINED,
}
AFTER_ACCEPTANCE: Final = (DeliveryState.DELIVERED, DeliveryState.COMPLAINED)


def lock_audience(wave_audience_id: UUID) -> WaveAudience:
    """Lock an audience before its mails, so that bounces, closing and the automatic stop take turns."""
    audience: WaveAudience = WaveAudience.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=wave_audience_id
    )
    return audience


@transaction.atomic
def apply_finding(delivery: Delivery, finding: Finding, *, words: str = "") -> bool:
    """Write what came back for a mail and draw the consequences; True when its state changed by it.

    Saying the same twice, or something that cannot follow the present state, changes nothing.
    """
    state = STATES.get(finding)
    if state is None:
        return False
    lock_audience(delivery.wave_audience_id)
    mail = Delivery.objects.filter(pk=delivery.pk)
    if state in AFTER_ACCEPTANCE:
        # News may be faster than the worker that sent the mail: it arrived, so it was accepted.
        on_its_way = mail.filter(state__in=[DeliveryState.SENDING, DeliveryState.UNCERTAIN])
        move(on_its_way, DeliveryState.ACCEPTED, lease_until=None, accepted_at=timezone.now())
    fields = {"reply": one_line(words)[:300]} if words and state != DeliveryState.DELIVERED else {}
    if not move(mail, state, lease_until=None, **fields):
        return False
    draw_consequences(delivery, state)
    return True


def draw_consequences(delivery: Delivery, state: DeliveryState) -> None:
    """Do what a bounce or complaint asks for; call it with the audience locked, after the state was written."""
    if state == DeliveryState.DELIVERED:
        return
    related = WaveAudience.objects.select_related("wave").defer("wave__instrument")
    audience: WaveAudience = related.get(pk=delivery.wave_audience_id)
    person = Recipient.objects.get(pk=delivery.recipient_id)
    is_shown = audience.mode == Mode.NAMED or delivery.round == Round.INVITATION
    if state == DeliveryState.COMPLAINED:
        _hold_back_later_rounds(delivery, HoldReason.COMPLAINED)
        if is_shown:
            _suppress(person, SuppressionSource.COMPLAINED, _("marked a mail as spam"))
            if _left_by_our_server(audience):
                bar(person.email_key)
    elif state == DeliveryState.BOUNCED_HARD:
        _hold_back_later_rounds(delivery, HoldReason.BOUNCED)
        if is_shown:
            _suppress(person, SuppressionSource.BOUNCED, _("a mail bounced for good"))
    elif is_shown and _has_bounced_in_a_row(person):
        _hold_back_later_rounds(delivery, HoldReason.BOUNCED)
        _suppress(person, SuppressionSource.BOUNCED, _("three mails in a row bounced"))
    stopping.stop_if_needed(audience)


def _left_by_our_server(audience: WaveAudience) -> bool:
    """Tell whether the installation sent the mails: a practice could make up complaints to a server of its own."""
    sender = audience.wave.sender
    return sender is None or sender.kind == SenderKind.INSTALLATION


def _hold_back_later_rounds(delivery: Delivery, reason: HoldReason) -> None:
    later = Delivery.objects.filter(
        wave_audience=delivery.wave_audience_id, recipient=delivery.recipient_id, state__in=UNSENT
    )
    move(later, DeliveryState.SUPPRESSED, lease_until=None, hold=reason)


def _suppress(person: Recipient, source: SuppressionSource, reason: str) -> None:
    """Never mail this address again from this practice, in any audience; a row that is there keeps its reason."""
    _row, is_new = Suppression.objects.get_or_create(
        email_key=person.email_key, defaults={"source": source, "reason": reason}
    )
    if is_new:
        audit.record("person.suppressed", person, actor=None, label=f"{person}: {reason}")


def _has_bounced_in_a_row(person: Recipient) -> bool:
    """Tell whether the last mails to an address of which something is known all bounced for now."""
    mails = Delivery.objects.filter(
        SHOWN_PER_PERSON, recipient__email_key=person.email_key, state__in=SETTLED
    )
    last = mails.order_by("-due_at", "-pk").values_list("state", flat=True)[:SOFT_IN_A_ROW]
    return list(last) == [DeliveryState.BOUNCED_SOFT] * SOFT_IN_A_ROW
