"""Tables of the surveys room."""

from surveys.models.barred import BarredAddress
from surveys.models.collected import ResponseImport
from surveys.models.delivery import Delivery, MailPace
from surveys.models.open_link import OpenLink, Quota
from surveys.models.recipient import LedgerEntry, PeopleImport, Recipient, Suppression, SurveyLink
from surveys.models.response import Draft, Response, ResponseIdentity, SpoolEntry
from surveys.models.returns import ReturnChannel, WebhookCall
from surveys.models.wave import Wave, WaveAudience

__all__ = [
    "BarredAddress",
    "Delivery",
    "Draft",
    "LedgerEntry",
    "MailPace",
    "OpenLink",
    "PeopleImport",
    "Quota",
    "Recipient",
    "Response",
    "ResponseIdentity",
    "ResponseImport",
    "ReturnChannel",
    "SpoolEntry",
    "Suppression",
    "SurveyLink",
    "Wave",
    "WaveAudience",
    "WebhookCall",
]
