"""The print sheet of an open link as a PDF."""

from uuid import UUID

from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from practice.permissions import require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_engagement_for
from reports.exceptions import RenderError
from reports.print_sheet import SECONDS, print_sheet_pdf
from surveys.models import OpenLink
from surveys.selectors import get_open_link_for


@require_safe
@require_permission("wave.edit")
def print_sheet_file(
    request: PracticeRequest, slug: str, engagement_id: UUID, open_link_id: UUID
) -> HttpResponse:
    """Send the sheet; a member has one made at a time."""
    engagement = get_engagement_for(request.member, engagement_id)
    link = get_open_link_for(request.member, open_link_id, engagement=engagement)
    turn = f"print-sheet:{request.member.pk}"
    if not cache.add(turn, 1, SECONDS):
        messages.error(request, _("Your last print sheet is still being made. Try again in a moment."))
        return redirect("surveys:open_links", slug=slug, engagement_id=engagement_id)
    try:
        content = print_sheet_pdf(link)
    except RenderError:
        messages.error(request, _("The print sheet could not be made as a PDF. The page to print works."))
        return redirect(
            "surveys:open_link_sheet", slug=slug, engagement_id=engagement_id, open_link_id=link.pk
        )
    finally:
        cache.delete(turn)
    return _pdf(content, link)


def _pdf(content: bytes | None, link: OpenLink) -> HttpResponse:
    if content is None:
        raise Http404
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={
            "Content-Disposition": content_disposition_header(
                as_attachment=True, filename=f"{link.name}.pdf"
            ),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
