"""Sending a bounced invitation again, to a corrected address or to the same one once it works."""

from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from practice import audit
from practice.addresses import AddressError, clean_email, email_key
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import Member
from surveys import links
from surveys.enums import DeliveryState, HoldReason, Round, SuppressionSource
from surveys.mail.waking import wake_audience
from surveys.models import Delivery, Recipient, Suppression, SurveyLink, WaveAudience
from surveys.services.field import RUNNING

BOUNCED: Final = (DeliveryState.BOUNCED_HARD, DeliveryState.BOUNCED_SOFT)
ARRIVED: Final = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.COMPLAINED)


def may_send_again(mail: Delivery) -> bool:
    """Tell whether a mail, its audience loaded, can be sent again by hand: a bounced invitation of a live audience."""
    return mail.round == Round.INVITATION and mail.state in BOUNCED and mail.wave_audience.state in RUNNING


@transaction.atomic
def send_again(mail: Delivery, *, email: str, actor: Member) -> Delivery:
    """Queue a bounced invitation as a new mail with a new link; reminders still to come go to the person again.

    Raises InvalidInputError when the address cannot be used, WrongStateError when the mail did not bounce, an earlier
    mail reached the person, or the audience is over.
    """
    audience = WaveAudience.objects.select_for_update(of=("self",)).get(pk=mail.wave_audience_id)
    locked = Delivery.objects.select_for_update(of=("self",)).get(pk=mail.pk)
    locked.wave_audience = audience
    if not may_send_again(locked):
        raise WrongStateError(
            _("Only a bounced invitation of an audience that still runs can be sent again.")
        )
    person = Recipient.objects.select_for_update(of=("self",)).get(pk=mail.recipient_id)
    if Delivery.objects.filter(recipient=person, state__in=ARRIVED).exists():
        raise WrongStateError(_("Another mail reached this person; the link in it stays as it is."))
    address = _address(email)
    key = email_key(address)
    _check_free(audience, person, key)
    changed = ["email"] if key != person.email_key else []
    person.email, person.email_key, person.generation = address, key, person.generation + 1
    person.save(update_fields=["email", "email_key", "generation"])
    _renew_link(audience, person)
    _queue_again(locked)
    _plan_reminders_again(person)
    audit.record("invitation.sent_again", person, actor=actor, changed=changed)
    wake_audience(audience)
    return locked


def _address(text: str) -> str:
    try:
        return clean_email(text)
    except AddressError as error:
        raise InvalidInputError(str(error), fields={"email": str(error)}) from error


def _check_free(audience: WaveAudience, person: Recipient, key: str) -> None:
    """Refuse an address that is somebody else's or must not be mailed; a bounce of the same address is forgiven."""
    others = Recipient.objects.filter(wave_audience=audience, email_key=key).exclude(pk=person.pk)
    if others.exists():
        message = _("Somebody else with this address is on the same roster.")
        raise InvalidInputError(message, fields={"email": message})
    Suppression.objects.filter(email_key=key, source=SuppressionSource.BOUNCED).delete()
    if Suppression.objects.filter(email_key=key).exists():
        message = _("This address must not be mailed: the person opted out.")
        raise InvalidInputError(message, fields={"email": message})


def _renew_link(audience: WaveAudience, person: Recipient) -> None:
    SurveyLink.objects.filter(recipient=person).update(is_revoked=True)
    digest = links.digest_of(links.token_for(audience, person))
    SurveyLink.objects.create(wave_audience=audience, recipient=person, digest=digest)


def _queue_again(mail: Delivery) -> None:
    Delivery.objects.filter(pk=mail.pk, state__in=BOUNCED).update(
        state=DeliveryState.QUEUED,
        message_id="",
        attempts=0,
        refusals=0,
        reply="",
        hold="",
        lease_until=None,
        due_at=timezone.now(),
        was_uncertain=False,
    )


def _plan_reminders_again(person: Recipient) -> None:
    """Plan reminders anew that were held back because of the bounce and are still to come."""
    held = Delivery.objects.filter(
        recipient=person,
        state=DeliveryState.SUPPRESSED,
        hold=HoldReason.BOUNCED,
        due_at__gt=timezone.now(),
    ).exclude(round=Round.INVITATION)
    rows = list(held)
    held.delete()
    for row in rows:
        row.state, row.hold, row.lease_until = DeliveryState.PLANNED, "", None
    Delivery.objects.bulk_create(rows)
