"""Settings of sender identities: added, tried out by a test mail, verified, looked up in DNS, made the default."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from practice import senders
from practice.enums import SenderKind
from practice.exceptions import CrmgapError
from practice.models import SenderIdentity
from practice.pages import show_error
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_or_404
from practice.sender_dns import findings_of
from practice.sender_forms import SenderForm
from surveys.mail import mailbox
from surveys.mail.message import build_test_message
from surveys.mail.senders import route_for
from surveys.mail.smtp import Answer

MOST = 5
SECONDS = 600


def get_sender(public_id: UUID) -> SenderIdentity:
    """Return one identity of the practice, or 404."""
    sender: SenderIdentity = get_or_404(SenderIdentity.objects.all(), public_id)
    return sender


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("practice.manage")
def sender_create(request: PracticeRequest, slug: str) -> HttpResponse:
    """Choose a way of sending, then add an identity."""
    kind = request.GET.get("kind", "")
    if kind not in SenderKind.values:
        if request.method == "POST":
            raise Http404
        choices = {"section": "mail", "kinds": SenderKind.choices, "form": None}
        return render(request, "surveys/sender_create.html", choices)
    form = SenderForm(request.POST or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        try:
            sender = senders.create_sender(actor=request.member, **form.values())
        except CrmgapError as error:
            show_error(form, error)
        else:
            messages.success(request, _("Saved. Now try it out."))
            return redirect("surveys:sender", slug=slug, sender_id=sender.pk)
    context = {"section": "mail", "form": form, "kind": kind, "kind_name": SenderKind(kind).label}
    return render(request, "surveys/sender_create.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("practice.manage")
def sender_detail(request: PracticeRequest, slug: str, sender_id: UUID) -> HttpResponse:
    """Show one identity with what was found in DNS, and change it."""
    sender = get_sender(sender_id)
    form = SenderForm(request.POST or None, kind=sender.kind, sender=sender)
    if request.method == "POST" and form.is_valid():
        try:
            senders.update_sender(sender, actor=request.member, **form.values())
        except CrmgapError as error:
            show_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("surveys:sender", slug=slug, sender_id=sender.pk)
    return _page(request, sender, form=form, status=422 if form.errors else 200)


def _page(
    request: PracticeRequest,
    sender: SenderIdentity,
    *,
    form: SenderForm | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    sender.refresh_from_db()
    context = {
        "section": "mail",
        "sender": sender,
        "form": form or SenderForm(kind=sender.kind, sender=sender),
        "findings": findings_of(sender.dns_result),
        "domain": sender.domain or settings.MAIL_DOMAIN,
        "can_have_key": sender.kind == SenderKind.SMTP,
        **more,
    }
    return render(request, "surveys/sender.html", context, status=status)


@require_POST
@require_permission("practice.manage")
def sender_test(request: PracticeRequest, slug: str, sender_id: UUID) -> HttpResponse:
    """Send the member this identity's test mail with the link that verifies it, and say what the server answered."""
    sender, user = get_sender(sender_id), request.member.user
    counter = f"mail-test:{request.member.pk}"
    cache.add(counter, 0, SECONDS)
    if cache.incr(counter) > MOST:
        said = {"is_ok": False, "text": _("Five test mails in ten minutes are enough. Nothing was sent.")}
        return _page(request, sender, test=said, status=429)
    code = senders.issue_code(sender, actor=request.member)
    ids = {"slug": slug, "sender_id": sender.pk, "code": code}
    message = build_test_message(
        request.practice,
        name=str(user),
        email=user.email,
        identity=sender,
        confirm_link=settings.BASE_URL + reverse("surveys:sender_confirm", kwargs=ids),
    )
    with route_for(sender) as route:
        outcome = route.send(message)
    is_ok = outcome.answer == Answer.ACCEPTED
    words = (
        _("The mail to %(email)s was accepted. Open it and confirm the sender by its link.")
        if is_ok
        else _("The mail to %(email)s was not accepted. Check server, user and password or key.")
    )
    test = {"is_ok": is_ok, "text": words % {"email": user.email}, "reply": outcome.reply}
    is_kept = is_ok and mailbox.is_available() and sender.kind == SenderKind.INSTALLATION
    key = mailbox.remember_test_mail(str(message["Message-ID"])) if is_kept else ""
    return _page(request, sender, test=test, mail_key=key)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("practice.manage")
def sender_confirm(request: PracticeRequest, slug: str, sender_id: UUID, code: str) -> HttpResponse:
    """Ask whether the test mail arrived as it should; a POST verifies the identity."""
    sender = get_sender(sender_id)
    if request.method != "POST":
        return render(request, "surveys/sender_confirm.html", {"section": "mail", "sender": sender})
    try:
        senders.confirm_sender(sender, code=code, actor=request.member)
    except CrmgapError as error:
        context = {"section": "mail", "sender": sender, "error": error.message}
        return render(request, "surveys/sender_confirm.html", context, status=error.status)
    messages.success(request, _("The sender is verified."))
    return redirect("surveys:sender", slug=slug, sender_id=sender.pk)


@require_POST
@require_permission("practice.manage")
def sender_default(request: PracticeRequest, slug: str, sender_id: UUID) -> HttpResponse:
    """Make this identity the default, or with `end` go back to the practice's own name."""
    sender = get_sender(sender_id)
    try:
        senders.set_default_sender(None if "end" in request.POST else sender, actor=request.member)
    except CrmgapError as error:
        return _page(request, sender, error=error.message, status=error.status)
    return redirect("surveys:sender", slug=slug, sender_id=sender.pk)


@require_POST
@require_permission("practice.manage")
def sender_dns(request: PracticeRequest, slug: str, sender_id: UUID) -> HttpResponse:
    """Look up SPF, DKIM and DMARC now."""
    sender = senders.check_dns(get_sender(sender_id), actor=request.member)
    return redirect(reverse("surveys:sender", kwargs={"slug": slug, "sender_id": sender.pk}) + "#dns")


@require_POST
@require_permission("practice.manage")
def sender_key(request: PracticeRequest, slug: str, sender_id: UUID) -> HttpResponse:
    """Make a DKIM key and show at once which record it needs."""
    sender = get_sender(sender_id)
    try:
        senders.make_dkim_key(sender, actor=request.member)
    except CrmgapError as error:
        return _page(request, sender, error=error.message, status=error.status)
    senders.check_dns(sender, actor=request.member)
    return redirect(reverse("surveys:sender", kwargs={"slug": slug, "sender_id": sender.pk}) + "#dns")


@require_POST
@require_permission("practice.manage")
def sender_delete(request: PracticeRequest, slug: str, sender_id: UUID) -> HttpResponse:
    """Remove an identity once its name was typed."""
    sender = get_sender(sender_id)
    if request.POST.get("name", "").strip() != sender.from_name:
        text = _("Nothing was removed: type the sender's name exactly as it stands there.")
        return _page(request, sender, error=text, status=422)
    try:
        senders.delete_sender(sender, actor=request.member)
    except CrmgapError as error:
        return _page(request, get_sender(sender_id), error=error.message, status=error.status)
    messages.success(request, _("The sender is removed."))
    return redirect("practice:settings_mail", slug=slug)
