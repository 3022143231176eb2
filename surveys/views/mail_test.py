"""The button "Send me a test mail" of the mail settings: one mail to oneself, with the server's own words."""

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from practice import audit
from practice.forms import MailIdentityForm
from practice.models import SenderIdentity
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from surveys.mail import mailbox
from surveys.mail.message import build_test_message
from surveys.mail.smtp import Answer, Connection

MOST = 5
SECONDS = 600


@require_POST
@require_permission("practice.manage")
def mail_test(request: PracticeRequest, slug: str) -> HttpResponse:
    """Send the member a mail on the way that invitations to surveys take, and say what the server answered."""
    user, practice = request.member.user, request.practice
    context = {
        "section": "mail",
        "form": MailIdentityForm(instance=practice),
        "email": user.email,
        "senders": SenderIdentity.objects.all(),
    }
    counter = f"mail-test:{request.member.pk}"
    cache.add(counter, 0, SECONDS)
    if cache.incr(counter) > MOST:
        context["test"] = {
            "is_ok": False,
            "text": _("Five test mails in ten minutes are enough. Nothing was sent."),
        }
        return render(request, "practice/settings_mail.html", context, status=429)
    message = build_test_message(practice, name=str(user), email=user.email)
    with Connection() as connection:
        outcome = connection.send(message)
    audit.record("mail.tested", practice, actor=request.member)
    is_ok = outcome.answer == Answer.ACCEPTED
    server = f"{settings.SMTP_HOST or 'localhost'}:{settings.SMTP_PORT}"
    if is_ok:
        text = _("%(server)s accepted the mail to %(email)s.") % {"server": server, "email": user.email}
        if mailbox.is_available():
            context["mail_key"] = mailbox.remember_test_mail(str(message["Message-ID"]))
    else:
        text = _(
            "%(server)s did not accept the mail to %(email)s. Check the address and the mail server's settings."
        ) % {
            "server": server,
            "email": user.email,
        }
    context["test"] = {"is_ok": is_ok, "text": text, "reply": outcome.reply}
    return render(request, "practice/settings_mail.html", context)
