"""A mail as one person would get it, before it is sent: the same bytes, but for the link, and nothing is changed."""

from dataclasses import dataclass
from email.message import EmailMessage

from django.utils import timezone
from django.utils.translation import gettext as _

from surveys.enums import Round
from surveys.mail.message import mail_bytes, read_mail
from surveys.mail.texts import language_of
from surveys.models import Delivery, Recipient, WaveAudience
from surveys.services.launch import planned_dates

NO_TOKEN = "the-personal-link-here"  # noqa: S105  as long as a token, and none
MOST_FOUND = 8


@dataclass(frozen=True, slots=True)
class Preview:
    """One rendered mail."""

    subject: str
    sender: str
    to: str
    text: str
    html: str
    language: str
    source: bytes


def preview_of(
    audience: WaveAudience, *, round_code: str, language: str = "", person: Recipient | None = None
) -> Preview:
    """Return the mail of a round as a person of the audience gets it, or as somebody made up would.

    The language is the person's own. The link leads nowhere: whoever looks at a preview must not answer for somebody.
    """
    person = person or _made_up(audience, language)
    delivery = _delivery_of(audience, person, round_code)
    content = mail_bytes(delivery, token=NO_TOKEN)
    message = read_mail(content)
    return Preview(
        subject=str(message["Subject"]),
        sender=str(message["From"]),
        to=str(message["To"]),
        text=_part_of(message, "plain"),
        html=_part_of(message, "html"),
        language=language_of(person.language),
        source=content,
    )


def _made_up(audience: WaveAudience, language: str) -> Recipient:
    return Recipient(
        wave_audience=audience, name=_("Ada Example"), email="ada@example.org", language=language or "en"
    )


def _delivery_of(audience: WaveAudience, person: Recipient, round_code: str) -> Delivery:
    """Return the person's own delivery of the round, or one as the launch would plan it now."""
    row = Delivery.objects.filter(wave_audience=audience, recipient=person.pk, round=round_code).first()
    due_at = row.due_at if row else timezone.now()
    if audience.closes_at is None:
        dates = planned_dates(audience.wave, audience.audience)
        audience.closes_at = dates.closes_at
        due_at = dates.rounds.get(round_code, dates.rounds[Round.INVITATION])
    delivery = row or Delivery(round=round_code, due_at=due_at)
    delivery.wave_audience, delivery.recipient = audience, person
    return delivery


def _part_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if isinstance(part, EmailMessage) else ""


def find_people(audience: WaveAudience, query: str) -> list[Recipient]:
    """Return a few people of an audience whose name or address holds the words."""
    people = Recipient.objects.filter(wave_audience=audience).order_by("email_key", "pk")
    if query:
        people = people.filter(name__icontains=query) | people.filter(email_key__icontains=query)
    return list(people[:MOST_FOUND])
