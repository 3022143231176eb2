"""API tokens in the settings: make one with scopes and an expiry, rotate it, end it; a secret is shown once."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from practice import services
from practice.exceptions import CrmgapError
from practice.forms import TokenForm
from practice.pages import page_of
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_or_404, live_tokens_of
from practice.views.settings import settings_page


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("token.manage")
def settings_tokens(request: PracticeRequest, slug: str) -> HttpResponse:
    """List the member's API tokens and make one; its secret is shown once, in the answer to this form."""
    form = TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        _token, secret = services.create_api_token(
            member=request.member, actor=request.member, **form.cleaned_data
        )
        form = TokenForm()
    return _page(request, form, secret)


@never_cache
@require_POST
@require_permission("token.manage")
def token_rotate(request: PracticeRequest, slug: str, token_id: UUID) -> HttpResponse:
    """Make a token in the place of one of the member's own; both are valid for a while."""
    token = get_or_404(live_tokens_of(request.member), token_id)
    try:
        _token, secret = services.rotate_api_token(token, actor=request.member)
    except CrmgapError as error:
        messages.error(request, error.message)
        return redirect("practice:settings_tokens", slug=slug)
    return _page(request, TokenForm(), secret)


@require_POST
@require_permission("token.manage")
def token_revoke(request: PracticeRequest, slug: str, token_id: UUID) -> HttpResponse:
    """End one of the member's own tokens."""
    token = get_or_404(live_tokens_of(request.member), token_id)
    services.revoke_api_token(token, actor=request.member)
    messages.success(request, _("The token no longer works."))
    return redirect("practice:settings_tokens", slug=slug)


def _page(request: PracticeRequest, form: TokenForm, secret: str) -> HttpResponse:
    page = page_of(request, live_tokens_of(request.member))
    return settings_page(request, "tokens", form, page=page, secret=secret)
