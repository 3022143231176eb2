"""Settings of a practice: practice, team, mail identity, API tokens."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from practice import invitations, services
from practice.exceptions import CrmgapError
from practice.forms import InvitationForm, MailIdentityForm, MemberUpdateForm, PracticeForm
from practice.models import Member, Practice, SenderIdentity
from practice.pages import page_of, show_error
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from practice.selectors import (
    get_or_404,
    members_of_practice,
    open_invitations,
)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("practice.manage")
def settings_practice(request: PracticeRequest, slug: str) -> HttpResponse:
    """Show and change name, colour, retention and second factor."""
    form = PracticeForm(request.POST or None, instance=Practice.objects.get(pk=request.practice.pk))
    if request.method == "POST" and form.is_valid():
        services.update_practice(request.practice, actor=request.member, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("practice:settings_practice", slug=slug)
    return settings_page(request, "practice", form)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("practice.manage")
def settings_mail(request: PracticeRequest, slug: str) -> HttpResponse:
    """Show and change the sender's name and the reply address of invitations."""
    form = MailIdentityForm(request.POST or None, instance=Practice.objects.get(pk=request.practice.pk))
    if request.method == "POST" and form.is_valid():
        services.update_practice(request.practice, actor=request.member, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("practice:settings_mail", slug=slug)
    return settings_page(request, "mail", form, senders=SenderIdentity.objects.all())


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("practice.manage")
def settings_team(request: PracticeRequest, slug: str) -> HttpResponse:
    """List the members and the open invitations, and invite one more person."""
    form = InvitationForm(request.POST or None, member=request.member)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = invitations.invite(actor=request.member, **form.cleaned_data)
        except CrmgapError as error:
            show_error(form, error)
        else:
            messages.success(request, _("The invitation goes to %(email)s.") % {"email": invitation.email})
            return redirect("practice:settings_team", slug=slug)
    page = page_of(request, members_of_practice())
    return settings_page(request, "team", form, page=page, invitations=open_invitations())


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("practice.manage")
def member_edit(request: PracticeRequest, slug: str, member_id: UUID) -> HttpResponse:
    """Change a member's role or activity."""
    member: Member = get_or_404(members_of_practice(), member_id)
    initial = {"role": member.role, "is_active": member.is_active}
    form = MemberUpdateForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_member(member, actor=request.member, **form.cleaned_data)
        except CrmgapError as error:
            show_error(form, error)
        else:
            return redirect("practice:settings_team", slug=slug)
    return settings_page(request, "member", form, edited=member)


def settings_page(request: PracticeRequest, section: str, form: object, **context: object) -> HttpResponse:
    """Return a page of the settings; one with a wrong form answers 422."""
    status = 422 if getattr(form, "errors", None) else 200
    return render(
        request,
        f"practice/settings_{section}.html",
        {"section": section, "form": form, **context},
        status=status,
    )
