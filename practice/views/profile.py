"""One's own page: name, password, second factor, passkeys, recovery codes and practices in one place."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from practice import lookups, services
from practice.account_forms import ProfileForm
from practice.models import User


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change one's own account."""
    user: User = request.user  # type: ignore[assignment]  # login_required
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        services.update_person(user, name=form.cleaned_data["name"], language=form.cleaned_data["language"])
        with override(user.language or get_language()):
            messages.success(request, _("Saved."))
        return redirect("practice:profile")
    context = {
        "form": form,
        "practices": lookups.practices_of_user(user.pk),
        "has_second_factor": is_mfa_enabled(user),
        **_authenticators(user),
    }
    return render(request, "practice/profile.html", context, status=422 if form.errors else 200)


def _authenticators(user: User) -> dict[str, Any]:
    """Return what the person has beside a password: app, passkeys, recovery codes."""
    found: dict[str, Any] = {"passkeys": []}
    for row in Authenticator.objects.filter(user=user).order_by("created_at"):
        if row.type == Authenticator.Type.WEBAUTHN:
            found["passkeys"].append({"row": row, "key": row.wrap()})
        elif row.type == Authenticator.Type.TOTP:
            found["app"] = row
        else:
            codes = row.wrap()
            found["codes"] = {
                "n_left": len(codes.get_unused_codes()), "n_all": len(codes.generate_codes())
            }  # fmt: skip
    return found
