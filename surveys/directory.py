"""The directory of a client: one line per address over all its engagements, and what is known of one person."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import F, Func, QuerySet
from django.db.models.fields import TextField
from django.db.models.fields.json import KeyTextTransform

from practice.models import ClientOrganisation
from practice.selectors import get_or_404
from surveys.enums import Mode, Round, WaveKind
from surveys.models import Delivery, LedgerEntry, Recipient, Suppression

MAX_NAMES: Final = 100
"""So many names of attributes and languages are offered as filters."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the directory is narrowed to; empty texts narrow nothing. `opted_out` is "yes", "no" or empty."""

    query: str = ""
    audience: str = ""
    language: str = ""
    attribute: str = ""
    value: str = ""
    opted_out: str = ""

    @property
    def is_empty(self) -> bool:
        """True when everybody is asked for."""
        return self == Filters()


@dataclass(frozen=True, slots=True)
class Entry:
    """One person of the directory: the newest row of the roster, audiences and engagements, the opt-out if any."""

    person: Recipient
    audiences: tuple[str, ...]
    n_engagements: int
    opt_out: Suppression | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A person in one wave: the mails that may be shown, and whether an answer came where that may be known."""

    row: Recipient
    mails: tuple[Delivery, ...]
    has_answered: bool | None

    @property
    def is_confidential(self) -> bool:
        """True when only the invitation is shown."""
        return bool(self.row.wave_audience.mode != Mode.NAMED)


def rows_of_client(client: ClientOrganisation) -> QuerySet[Recipient]:
    """Return every row of the client's rosters but those of tests."""
    rows = Recipient.objects.filter(wave_audience__wave__engagement__client_organisation=client)
    return rows.exclude(wave_audience__wave__kind=WaveKind.TEST)


def people_of_client(client: ClientOrganisation, filters: Filters | None = None) -> QuerySet[Recipient]:
    """Return the newest row of everybody the client's engagements know, by address."""
    filters = filters or Filters()
    rows = rows_of_client(client)
    newest = rows.order_by("email_key", "-created_at", "-pk").distinct("email_key")
    people = Recipient.objects.filter(pk__in=newest.values("pk"))
    if filters.query:
        people = people.filter(name__icontains=filters.query) | people.filter(
            email_key__icontains=filters.query.casefold()
        )
    if filters.audience:
        keys = rows.filter(wave_audience__audience=filters.audience).order_by().values("email_key")
        people = people.filter(email_key__in=keys)
    if filters.language:
        people = people.filter(language=filters.language)
    if filters.attribute:
        people = people.annotate(
            shown=KeyTextTransform(filters.attribute, "attributes", output_field=TextField())
        )
        people = people.filter(shown__icontains=filters.value, shown__gt="")
    if filters.opted_out:
        refusing = Suppression.objects.values("email_key")
        is_out = filters.opted_out == "yes"
        people = people.filter(email_key__in=refusing) if is_out else people.exclude(email_key__in=refusing)
    return people.order_by("email_key", "pk")


def languages_of(client: ClientOrganisation) -> list[str]:
    """Return the languages of the client's people, by code."""
    found = rows_of_client(client).order_by("language").values_list("language", flat=True).distinct()
    return list(found[:MAX_NAMES])


def attribute_names_of(client: ClientOrganisation) -> list[str]:
    """Return the names of the attributes that the client's people have, by name."""
    rows = rows_of_client(client).annotate(
        key=Func(F("attributes"), function="jsonb_object_keys", output_field=TextField())
    )
    return list(rows.order_by("key").values_list("key", flat=True).distinct()[:MAX_NAMES])


def entries_of(client: ClientOrganisation, people: Sequence[Recipient]) -> list[Entry]:
    """Return the directory's lines for these people, with two queries however many they are."""
    keys = [person.email_key for person in people]
    audiences: dict[str, set[str]] = defaultdict(set)
    engagements: dict[str, set[UUID]] = defaultdict(set)
    rows = rows_of_client(client).filter(email_key__in=keys)
    for key, audience, engagement in rows.values_list(
        "email_key", "wave_audience__audience", "wave_audience__wave__engagement_id"
    ):
        audiences[key].add(audience)
        engagements[key].add(engagement)
    refusing = opt_outs_of(keys)
    return [
        Entry(
            person,
            tuple(sorted(audiences[person.email_key])),
            len(engagements[person.email_key]),
            refusing.get(person.email_key),
        )
        for person in people
    ]


def opt_outs_of(keys: Iterable[str]) -> dict[str, Suppression]:
    """Return the opt-out of each of these addresses that has one."""
    return {row.email_key: row for row in Suppression.objects.filter(email_key__in=list(keys))}


def get_person_of(client: ClientOrganisation, public_id: UUID | str) -> Recipient:
    """Return one row of the client's rosters, or 404; it stands for the person with its address."""
    person: Recipient = get_or_404(rows_of_client(client), public_id)
    return person


def rows_of_person(client: ClientOrganisation, person: Recipient) -> QuerySet[Recipient]:
    """Return the person's rows in the client's waves, newest first."""
    rows = rows_of_client(client).filter(email_key=person.email_key)
    return rows.select_related("wave_audience__wave__engagement").order_by("-created_at", "-pk")


def history_of(rows: Sequence[Recipient]) -> list[Asked]:
    """Return what was sent to a person, wave by wave, with two queries.

    Of confidential audiences only the invitation is looked up: reminders and answers would tell who has answered.
    """
    named = [row.pk for row in rows if row.wave_audience.mode == Mode.NAMED]
    invitations = Delivery.objects.filter(recipient__in=[row.pk for row in rows], round=Round.INVITATION)
    others = Delivery.objects.filter(recipient__in=named).exclude(round=Round.INVITATION)
    mails: dict[UUID, list[Delivery]] = defaultdict(list)
    for mail in (invitations | others).order_by("due_at", "pk"):
        mails[mail.recipient_id].append(mail)
    answered = dict(LedgerEntry.objects.filter(recipient__in=named).values_list("recipient_id", "submitted"))
    return [Asked(row, tuple(mails[row.pk]), answered.get(row.pk)) for row in rows]
