"""What a print sheet of an open link says; the page and the PDF show the same."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from surveys.form_cache import form_of
from surveys.instruments import fill_company
from surveys.models import OpenLink
from surveys.open_visits import read_code
from surveys.services.open_links import address_of

LONG: Final = 110


@dataclass(frozen=True, slots=True)
class PrintSheet:
    """One page to put up: why, how long, address, access code, until when; in the client's language and zone."""

    headline: str
    minutes: int
    address: str
    access_code: str
    closes_at: datetime | None
    company: str
    practice: str
    language: str
    zone: ZoneInfo

    @property
    def is_long(self) -> bool:
        """True when a name is so long that everything must be set smaller to stay on one page."""
        return len(self.headline) > LONG


def print_sheet_of(link: OpenLink) -> PrintSheet | None:
    """Return the sheet of an open link; None once its address leads nowhere any more."""
    address = address_of(link)
    if not address:
        return None
    client = link.wave_audience.wave.engagement.client_organisation
    form = form_of(link.wave_audience, client.language)
    return PrintSheet(
        headline=fill_company(form.headline, client.name),
        minutes=form.minutes,
        address=address,
        access_code=read_code(link.access_code),
        closes_at=link.wave_audience.closes_at,
        company=client.name,
        practice=link.practice.name,
        language=client.language,
        zone=client.zone,
    )
