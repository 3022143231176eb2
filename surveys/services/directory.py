"""Changes to one person of a client: corrected where nothing was sent yet, opted out, or invited again."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from practice import audit
from practice.addresses import AddressError, clean_email, email_key
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import ClientOrganisation, Member
from surveys import directory
from surveys.enums import AudienceState
from surveys.models import Recipient, Suppression, WaveAudience
from surveys.people_check import (
    LANGUAGE_CODE,
    MAX_ATTRIBUTE,
    MAX_NAME,
    clean_text,
)
from surveys.services.suppressions import checked_reason

OVER: Final = (AudienceState.CLOSED, AudienceState.RELEASED)


def is_before_launch(row: Recipient) -> bool:
    """Tell whether address and attributes of this row may change: its audience is not launched."""
    return bool(row.wave_audience.state == AudienceState.DRAFT)


def is_over(row: Recipient) -> bool:
    """Tell whether this row stays as it is: its audience is closed."""
    return row.wave_audience.state in OVER


@transaction.atomic
def edit_person(
    client: ClientOrganisation,
    person: Recipient,
    *,
    name: str,
    language: str,
    email: str | None = None,
    attributes: Mapping[str, str] | None = None,
    actor: Member | None,
) -> list[str]:
    """Correct a person in every wave of the client that is not over; returns the fields that changed.

    None leaves address or attributes. The address changes only while no wave with this person is launched, because a
    link goes to it; attributes only in waves before their launch, because groups are formed by them then. Raises
    InvalidInputError naming the field, or WrongStateError.
    """
    rows = _locked_rows(client, person)
    editable = [row for row in rows if not is_over(row)]
    if not editable:
        raise WrongStateError(
            _("Every wave that asked this person is over; what was asked then stays as it was.")
        )
    waiting = [row for row in rows if is_before_launch(row)]
    if email is not None and len(waiting) < len(rows):
        raise WrongStateError(_("This person was asked already: the address stays as it is."))
    if attributes is not None and not waiting:
        raise WrongStateError(_("This person was asked already: the attributes stay as they are."))
    values: dict[str, object] = {"name": _name(name), "language": _language(language)}
    if email is not None:
        values |= _address(email, editable)
    changed = _set_values(editable, values)
    if attributes is not None:
        changed |= _set_values(waiting, {"attributes": _attributes(attributes)})
    if changed:
        audit.record("person.changed", person, actor=actor, changed=sorted(changed), label=client.name)
    return sorted(changed)


def _set_values(rows: Sequence[Recipient], values: Mapping[str, object]) -> set[str]:
    """Write the values on every row; returns the fields that were different on one of them."""
    changed = {key for key, value in values.items() for row in rows if getattr(row, key) != value}
    if changed:
        for row in rows:
            for key in changed:
                setattr(row, key, values[key])
        Recipient.objects.bulk_update(rows, list(changed))
    return changed


def _locked_rows(client: ClientOrganisation, person: Recipient) -> list[Recipient]:
    """Return the person's rows; launch and closing of their audiences wait until the transaction is over."""
    rows = list(directory.rows_of_person(client, person))
    audiences = WaveAudience.objects.filter(pk__in=[row.wave_audience_id for row in rows])
    state = dict(audiences.select_for_update(no_key=True).order_by("pk").values_list("pk", "state"))
    for row in rows:
        row.wave_audience.state = state[row.wave_audience_id]
    return rows


def _name(text: str) -> str:
    try:
        return clean_text(text, MAX_NAME)
    except ValueError as error:
        raise InvalidInputError(str(error), fields={"name": str(error)}) from error


def _language(text: str) -> str:
    code = text.strip().lower()
    if not LANGUAGE_CODE.fullmatch(code) or len(code) > 10:
        message = _("Write a language code such as en.")
        raise InvalidInputError(message, fields={"language": message})
    return code


def _address(text: str, rows: Sequence[Recipient]) -> dict[str, object]:
    try:
        email = clean_email(text)
    except AddressError as error:
        raise InvalidInputError(str(error), fields={"email": str(error)}) from error
    key = email_key(email)
    taken = Recipient.objects.filter(
        wave_audience__in=[row.wave_audience_id for row in rows], email_key=key
    ).exclude(pk__in=[row.pk for row in rows])
    if taken.exists():
        message = _("Somebody else with this address is on the same roster.")
        raise InvalidInputError(message, fields={"email": message})
    return {"email": email, "email_key": key}


def _attributes(given: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name, text in given.items():
        try:
            value = clean_text(text, MAX_ATTRIBUTE)
        except ValueError as error:
            raise InvalidInputError(str(error), fields={f"attribute:{name}": str(error)}) from error
        if value:
            found[name] = value
    return found


@transaction.atomic
def opt_out(
    client: ClientOrganisation, person: Recipient, *, reason: str, actor: Member | None
) -> Suppression:
    """Never mail this address again from this practice, with the reason; a second call keeps the first reason.

    Mails that wait are held back when they become due.
    """
    why = checked_reason(reason)
    row, is_new = Suppression.objects.get_or_create(email_key=person.email_key, defaults={"reason": why})
    if is_new:
        audit.record("person.opted_out", person, actor=actor, label=f"{client.name}: {why}")
    return row


@transaction.atomic
def lift_opt_out(client: ClientOrganisation, person: Recipient, *, reason: str, actor: Member | None) -> None:
    """Allow mails to this address again, with the reason; what was held back meanwhile is not sent later."""
    why = checked_reason(reason)
    n_gone, _by_model = Suppression.objects.filter(email_key=person.email_key).delete()
    if n_gone:
        audit.record("person.opt_out_lifted", person, actor=actor, label=f"{client.name}: {why}")
