"""Logo and colour: the pages that set them, and the routes that serve them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from practice import logos, services
from practice.accent import CONTRAST, WHITE, accent_of, contrast, style_of
from practice.exceptions import CrmgapError
from practice.forms import AccentForm, ClientForm, LogoForm
from practice.models import Practice
from practice.pages import YEAR, picture_response, show_error
from practice.permissions import can, require_permission
from practice.requests import PracticeRequest
from practice.selectors import clients_for, get_client_for


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("practice.manage")
def settings_brand(request: PracticeRequest, slug: str) -> HttpResponse:
    """Show logo and colour; "Preview" shows the posted colour, "Save" keeps it."""
    form = AccentForm(request.POST or None, instance=Practice.objects.get(pk=request.practice.pk))
    if request.method == "POST" and form.is_valid() and "preview" not in request.POST:
        services.update_practice(request.practice, actor=request.member, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("practice:settings_brand", slug=slug)
    return _brand_page(request, form, LogoForm())


@require_POST
@require_permission("practice.manage")
def practice_logo(request: PracticeRequest, slug: str) -> HttpResponse:
    """Keep or remove the practice's logo."""
    form = _taken_logo(request, request.practice)
    if form is None:
        return redirect("practice:settings_brand", slug=slug)
    accent_form = AccentForm(instance=request.practice)
    return _brand_page(request, accent_form, form)


@require_POST
@require_permission("client.edit")
def client_logo(request: PracticeRequest, slug: str, client_id: UUID) -> HttpResponse:
    """Keep or remove a client organisation's logo."""
    client = get_client_for(request.member, client_id)
    form = _taken_logo(request, client)
    if form is None:
        return redirect("practice:client_edit", slug=slug, client_id=client_id)
    context = {"form": ClientForm(instance=client), "client": client, "logo_form": form}
    return render(request, "practice/client_form.html", context, status=422)


def _taken_logo(request: PracticeRequest, owner: logos.Branded) -> LogoForm | None:
    """Do what the posted form asks; return the form with its errors, or None when all is well."""
    if "remove" in request.POST:
        logos.remove_logo(owner, actor=request.member)
        messages.success(request, _("The logo is removed."))
        return None
    form = LogoForm(request.POST, request.FILES)
    if form.is_valid():
        upload = form.cleaned_data["logo"]
        try:
            logos.set_logo(owner, upload.file, upload.size, actor=request.member)
        except CrmgapError as error:
            show_error(form, error)
        else:
            messages.success(request, _("The logo is in use."))
            return None
    return form


@require_safe
@require_permission("engagement.read")
def logo(request: PracticeRequest, slug: str, logo_id: UUID) -> HttpResponse:
    """Send the logo of the practice or of a client organisation that the member may see."""
    if (
        request.practice.logo_id != logo_id
        and not clients_for(request.member).filter(logo_id=logo_id).exists()
    ):
        raise Http404
    return picture_response(logos.read_file(request.practice.pk, logo_id), cache="private")


@require_safe
def accent_style(request: HttpRequest, colour: str) -> HttpResponse:
    """Send the style sheet of one colour; it depends on nothing but its address, so it may be kept for ever."""
    return HttpResponse(
        style_of(accent_of(f"#{colour}")),
        content_type="text/css; charset=utf-8",
        headers={"Cache-Control": f"public, max-age={YEAR}, immutable", "X-Content-Type-Options": "nosniff"},
    )


def _brand_page(request: PracticeRequest, form: AccentForm, logo_form: LogoForm) -> HttpResponse:
    colour = request.practice.accent_colour
    if form.is_bound and form.is_valid():
        colour = form.cleaned_data["accent_colour"]
    accent = accent_of(colour)
    context: dict[str, Any] = {
        "section": "brand",
        "form": form,
        "logo_form": logo_form,
        "accent": accent,
        "contrast": contrast(accent.chosen, WHITE),
        "needed": CONTRAST,
        "is_preview": form.is_bound and not form.errors,
        "may_change": can(request.member, "practice.manage"),
    }
    status = 422 if form.errors or logo_form.errors else 200
    return render(request, "practice/settings_brand.html", context, status=status)
