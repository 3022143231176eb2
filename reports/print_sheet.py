"""The print sheet of an open link as a PDF: made when it is asked for and never kept, for it says the access code."""

import base64

from django.template.loader import render_to_string
from django.utils import timezone, translation

from practice import logos
from reports.rendering import render_pdf
from surveys.models import OpenLink
from surveys.qr import qr_picture
from surveys.services.print_sheet import print_sheet_of

SECONDS = 30


def print_sheet_pdf(link: OpenLink) -> bytes | None:
    """Return the sheet as one A4 page; None once the address leads nowhere any more. Raises RenderError."""
    sheet = print_sheet_of(link)
    if sheet is None:
        return None
    client = link.wave_audience.wave.engagement.client_organisation
    logo = logos.read_file(link.practice_id, client.logo_id) if client.logo_id else None
    with translation.override(sheet.language), timezone.override(sheet.zone):
        html = render_to_string("reports/print_sheet.html", {"sheet": sheet, "has_logo": logo is not None})
    code = qr_picture(sheet.address, "svg").decode()
    kept = {"client": base64.b64encode(logo).decode()} if logo else {}
    return render_pdf(html, {"qr": code}, kept, seconds=SECONDS).content
