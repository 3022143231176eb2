"""Invitations: the owner's list of them, and the page behind a mailed link. Seeing the page changes nothing."""

from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from practice import invitations, lookups
from practice.exceptions import CrmgapError
from practice.forms import JoinForm
from practice.models import Invitation, Practice, User
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from practice.scope import practice_scope
from practice.selectors import get_or_404, open_invitations


@require_POST
@require_permission("practice.manage")
def invitation_resend(request: PracticeRequest, slug: str, invitation_id: UUID) -> HttpResponse:
    """Mail a new link; the old one ends."""
    invitation = get_or_404(open_invitations(), invitation_id)
    try:
        invitations.resend(invitation, actor=request.member)
    except CrmgapError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request, _("A new invitation goes to %(email)s; the old link ends.") % {"email": invitation.email}
        )
    return redirect("practice:settings_team", slug=slug)


@require_POST
@require_permission("practice.manage")
def invitation_revoke(request: PracticeRequest, slug: str, invitation_id: UUID) -> HttpResponse:
    """End an invitation."""
    invitation = get_or_404(open_invitations(), invitation_id)
    try:
        invitations.revoke(invitation, actor=request.member)
    except CrmgapError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The invitation of %(email)s is revoked.") % {"email": invitation.email})
    return redirect("practice:settings_team", slug=slug)


@never_cache
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation; a POST by the invited person accepts it."""
    found = lookups.practice_of_invitation(invitations.digest_of(token))
    if found is None:
        return _gone(request)
    with practice_scope(found[0]):
        invitation = open_invitations().filter(pk=found[1]).first()
        if invitation is None or not invitations.is_valid(invitation):
            return _gone(request)
        practice: Practice = invitation.practice
        user = get_user(request)
        if isinstance(user, User):
            return _signed_in(request, invitation, practice, user)
        return _stranger(request, invitation, practice, token)


def _signed_in(request: HttpRequest, invitation: Invitation, practice: Practice, user: User) -> HttpResponse:
    if user.email != invitation.email:
        return _page(request, invitation, practice, "other", status=403 if request.method == "POST" else 200)
    if request.method != "POST":
        return _page(request, invitation, practice, "join")
    try:
        invitations.accept(invitation, user=user)
    except CrmgapError:
        return _gone(request)
    messages.success(request, _("Welcome to %(practice)s.") % {"practice": practice.name})
    return redirect("engagement_list", slug=practice.slug)


def _stranger(request: HttpRequest, invitation: Invitation, practice: Practice, token: str) -> HttpResponse:
    """Let a person with an account sign in first; let a new one choose a name and a password."""
    person = User.objects.filter(email=invitation.email).first()
    if person is not None and (person.has_usable_password() or is_mfa_enabled(person)):
        address = f"{reverse('account_login')}?next={reverse('practice:join', kwargs={'token': token})}"
        return _page(request, invitation, practice, "sign_in", sign_in=address)
    if person is not None and not person.is_active:
        return _gone(request)
    form = JoinForm(
        request.POST or None, email=invitation.email, initial={"name": person.name if person else ""}
    )
    if request.method != "POST" or not form.is_valid():
        return _page(request, invitation, practice, "new", form=form, status=422 if form.errors else 200)
    person = person or User(email=invitation.email)
    person.name = form.cleaned_data["name"]
    person.set_password(form.cleaned_data["password1"])
    person.save()
    try:
        invitations.accept(invitation, user=person)
    except CrmgapError:
        return _gone(request)
    target = reverse("engagement_list", kwargs={"slug": practice.slug})
    response: HttpResponse = perform_password_login(
        request, {"email": person.email}, Login(user=person, redirect_url=target)
    )
    return response


def _page(
    request: HttpRequest,
    invitation: Invitation,
    practice: Practice,
    state: str,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {"invitation": invitation, "to": practice, "state": state, **more}
    return render(request, "practice/join.html", context, status=status)


def _gone(request: HttpRequest) -> HttpResponse:
    """Answer one page for unknown, old, revoked and used links."""
    return render(request, "practice/join.html", {"state": "gone"}, status=404)
