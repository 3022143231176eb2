"""The mailbox of development and sample: mails the sink recorded, of the open scope's practice only.

Of confidential audiences only invitations are listed: a reminder would tell who has not answered yet. Test mails, which
went to the practice's own people, are listed in every round.
"""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import nh3
from django.conf import settings
from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.safestring import SafeString, mark_safe

from practice.models import Invitation
from practice.scope import require_practice_id
from surveys.enums import DeliveryState, WaveKind
from surveys.mail.sink import name_of
from surveys.mail.states import SHOWN_PER_PERSON
from surveys.models import Delivery

DAY = 86_400
KEY = re.compile(r"^[0-9a-f]{64}$")
LINK = re.compile(r"https?://[^\s<>\"]+/(?:s|join)/[A-Za-z0-9_-]+/")
SHOWN_TAGS = {"a", "b", "br", "em", "hr", "li", "p", "strong", "ul"}


@dataclass(frozen=True, slots=True)
class ReadMail:
    """One recorded mail as a person reads it."""

    key: str
    subject: str
    sender: str
    to: str
    date: str
    text: str
    html: SafeString
    link: str


def is_available() -> bool:
    """Tell whether this installation records its mails."""
    return bool(settings.MAIL_SINK_DIR)


def listed_deliveries() -> QuerySet[Delivery]:
    """Return the deliveries whose mails may be read here, newest first."""
    is_test = Q(wave_audience__wave__kind=WaveKind.TEST)
    accepted = Delivery.objects.filter(
        SHOWN_PER_PERSON | is_test, state__in=[DeliveryState.ACCEPTED, DeliveryState.DELIVERED]
    )
    related = accepted.select_related("recipient", "wave_audience__wave__engagement__client_organisation")
    return related.order_by("-due_at", "recipient__email_key", "pk")


def key_of(delivery: Delivery) -> str:
    """Return the key under which a delivery's mail is read."""
    return name_of(delivery.message_id)


def listed_invitations(most: int = 20) -> list[Invitation]:
    """Return the newest invitations to the practice whose mail was accepted, with the person who invited."""
    mailed = Invitation.objects.filter(is_mailed=True).select_related("invited_by__user")
    return list(mailed.order_by("-sent_at", "pk")[:most])


def remember_test_mail(message_id: str) -> str:
    """Let the practice read a test mail here for a day; return its key."""
    key = name_of(message_id)
    cache.set(f"test-mail:{require_practice_id()}:{key}", 1, DAY)
    return key


def read_team_mail(key: str) -> ReadMail | None:
    """Return a recorded invitation or test mail of this practice, or None when the key is of another mail."""
    if not is_available() or not KEY.fullmatch(key):
        return None
    if cache.get(f"test-mail:{require_practice_id()}:{key}"):
        return read_file(key)
    ids = Invitation.objects.filter(is_mailed=True).values_list("message_id", flat=True)
    return read_file(key) if any(name_of(message_id) == key for message_id in ids.iterator()) else None


def delivery_of(key: str) -> Delivery:
    """Return the delivery of this practice whose mail has the key, or 404."""
    if not is_available() or not KEY.fullmatch(key):
        raise Http404
    ids = listed_deliveries().values_list("pk", "message_id")
    found = next((pk for pk, message_id in ids.iterator() if name_of(message_id) == key), None)
    if found is None:
        raise Http404
    return listed_deliveries().get(pk=found)


def read_file(key: str) -> ReadMail | None:
    """Return the recorded mail with this key, or None when the sink does not have it any more."""
    file = Path(settings.MAIL_SINK_DIR) / f"{key}.eml"
    return _parsed(key, file.read_bytes()) if file.exists() else None


def read_mail(key: str) -> ReadMail:
    """Return one recorded mail of this practice, or 404."""
    delivery_of(key)
    mail = read_file(key)
    if mail is None:
        raise Http404
    return mail


def _parsed(key: str, content: bytes) -> ReadMail:
    message = message_from_bytes(content, policy=policy.default)
    text = _content_of(message, "plain")
    found = LINK.search(text)
    return ReadMail(
        key=key,
        subject=str(message["Subject"]),
        sender=str(message["From"]),
        to=str(message["To"]),
        date=str(message["Date"]),
        text=text,
        html=_shown(_content_of(message, "html")),
        link=found[0] if found else "",
    )


def _content_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if isinstance(part, EmailMessage) else ""


def _shown(html: str) -> SafeString:
    """Return what may stand in a page of ours: a few tags, links without a referrer, nothing that loads or runs."""
    clean = nh3.clean(
        html,
        tags=SHOWN_TAGS,
        clean_content_tags={"script", "style", "title"},
        attributes={"a": {"href"}},
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer",
    )
    return mark_safe(clean)  # noqa: S308  cleaned one line above
