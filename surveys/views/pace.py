"""How fast mails of the practice leave: limits and the warm-up of a new sender."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from practice.clock import database_now
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from surveys.forms import PaceForm
from surveys.mail.pace import WARM_UP_DAYS, WARM_UP_FIRST, limits_on
from surveys.models import MailPace
from surveys.services.queue import set_pace


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("practice.manage")
def settings_mail_pace(request: PracticeRequest, slug: str) -> HttpResponse:
    """Limit the mails per minute, hour and day, or lift the limits."""
    pace = MailPace.objects.first() or MailPace()
    now = database_now()
    used = {span: n for span, (_name, n) in pace.used.items()}
    held = pace.hold_until if pace.hold_until and pace.hold_until > now else None
    limits = limits_on(pace, now)
    form = PaceForm(request.POST or None, instance=pace)
    if request.method == "POST" and form.is_valid():
        set_pace(actor=request.member, **form.cleaned_data)
        messages.success(request, _("The pace is saved and holds from the next mail on."))
        return redirect("surveys:settings_mail_pace", slug=slug)
    context = {
        "section": "mail",
        "form": form,
        "limits": limits,
        "used_today": used.get("day", 0),
        "held_until": held,
        "first": WARM_UP_FIRST,
        "days": WARM_UP_DAYS,
    }
    return render(request, "surveys/settings_mail_pace.html", context, status=422 if form.errors else 200)
