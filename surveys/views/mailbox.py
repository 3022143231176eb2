"""The mailbox of development and sample: mails the recording sink kept, of this practice only."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from practice.pages import page_of
from practice.permissions import can, require_permission
from practice.requests import PracticeRequest
from surveys.mail import mailbox
from surveys.mail.sink import name_of
from surveys.views.waves import name_of_audience


@require_safe
@require_permission("mailbox.read")
def mailbox_list(request: PracticeRequest, slug: str) -> HttpResponse:
    """List recorded mails, newest first; 404 where mails really leave."""
    if not mailbox.is_available():
        raise Http404
    listed = mailbox.listed_deliveries()
    query = request.GET.get("q", "").replace("\x00", "").strip()
    if query:
        listed = listed.filter(recipient__email_key__icontains=query.casefold())
    page = page_of(request, listed)
    page.object_list = [
        {
            "key": mailbox.key_of(delivery),
            "to": delivery.recipient.email,
            "client": delivery.wave_audience.wave.engagement.client_organisation.name,
            "audience": name_of_audience(delivery.wave_audience.audience),
            "round": delivery.get_round_display(),
            "sent_at": delivery.due_at,
        }
        for delivery in page.object_list
    ]
    context = {"page": page, "query": query, "team_mails": []}
    if page.number == 1 and not query and can(request.member, "practice.manage"):
        context["team_mails"] = [
            {"key": name_of(row.message_id), "invitation": row} for row in mailbox.listed_invitations()
        ]
    return render(request, "surveys/mailbox_list.html", context)


@require_safe
@require_permission("mailbox.read")
def mailbox_mail(request: PracticeRequest, slug: str, message: str) -> HttpResponse:
    """Show one recorded mail with its link; invitations to the practice are for those who may invite."""
    mail = mailbox.read_team_mail(message) if can(request.member, "practice.manage") else None
    return render(request, "surveys/mailbox_mail.html", {"mail": mail or mailbox.read_mail(message)})
