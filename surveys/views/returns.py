"""Settings of a sender: how its bounces come back, by a provider's calls or from a mailbox."""

from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from practice.enums import SenderKind
from practice.exceptions import CrmgapError
from practice.models import SenderIdentity
from practice.pages import show_error
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_or_404
from surveys.forms import ReturnKeyForm, ReturnMailboxForm
from surveys.mail.webhooks import USER
from surveys.models import ReturnChannel
from surveys.services.return_channels import set_mailbox, set_webhook


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("practice.manage")
def sender_returns(request: PracticeRequest, slug: str, sender_id: UUID) -> HttpResponse:
    """Show how bounces of a sender come back, and change it; a password that is made is shown this once."""
    sender = get_or_404(SenderIdentity.objects.all(), sender_id)
    act = request.POST.get("act", "")
    given = request.POST if request.method == "POST" else None
    key_form = ReturnKeyForm(given if act == "webhook" else None, needs_key=sender.kind == SenderKind.MAILGUN)
    mailbox_form = ReturnMailboxForm(given if act == "mailbox" else None)
    password = ""
    try:
        if key_form.is_valid():
            _channel, password = set_webhook(
                sender, key=key_form.cleaned_data.get("key", ""), actor=request.member
            )
            messages.success(request, _("Saved. Name the address at the provider now."))
        elif mailbox_form.is_valid() or act == "no_mailbox":
            url = "" if act == "no_mailbox" else mailbox_form.url()
            set_mailbox(sender, url=url, actor=request.member)
            messages.success(request, _("Saved."))
            return redirect("surveys:sender_returns", slug=slug, sender_id=sender.pk)
    except CrmgapError as error:
        show_error(key_form if act == "webhook" else mailbox_form, error)
    is_wrong = bool(key_form.errors or mailbox_form.errors)
    context = _context(sender, password) | {"key_form": key_form, "mailbox_form": mailbox_form}
    return render(request, "surveys/sender_returns.html", context, status=422 if is_wrong else 200)


def _context(sender: SenderIdentity, password: str) -> dict[str, Any]:
    channel = ReturnChannel.objects.filter(sender=sender).first()
    address = ""
    if channel is not None and channel.webhook_secret is not None:
        address = settings.BASE_URL + reverse("webhooks:mail", kwargs={"channel_id": channel.pk})
    with_password = ""
    if password:
        parts = urlsplit(address)
        with_password = urlunsplit(parts._replace(netloc=f"{USER}:{quote(password)}@{parts.netloc}"))
    return {
        "section": "mail",
        "sender": sender,
        "channel": channel,
        "address": address,
        "with_password": with_password,
    }
