"""Open links: made, shown with their codes, printed, switched off; and the quotas that end them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from practice.exceptions import CrmgapError
from practice.models import Engagement
from practice.pages import show_error
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_engagement_for, get_or_404
from surveys import selectors
from surveys.disclosure import safe_total
from surveys.enums import AudienceState, Channel
from surveys.form_cache import brand_for
from surveys.forms import OpenLinkForm, QuotaForm
from surveys.models import OpenLink, Quota, Wave, WaveAudience
from surveys.open_visits import read_code
from surveys.qr import CONTENT_TYPES, qr_picture
from surveys.services import open_links as services
from surveys.services.print_sheet import print_sheet_of
from surveys.views.waves import ORDER, engagement_and_wave, name_of_audience


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("wave.edit")
def open_links_page(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Show the open links of the newest wave; POST makes another one."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    choices = _audiences_that_may(wave)
    form = OpenLinkForm(request.POST or None, audiences=choices) if choices else None
    if request.method == "POST" and form is not None and form.is_valid():
        audience = wave.audiences.get(audience=form.cleaned_data["audience"])
        try:
            services.create_open_link(audience=audience, actor=request.member, **form.values())
        except CrmgapError as error:
            show_error(form, error)
        else:
            return redirect("surveys:open_links", slug=slug, engagement_id=engagement_id)
    return _page(request, engagement, wave, form, None)


def _audiences_that_may(wave: Wave) -> list[tuple[str, str]]:
    rows = sorted(wave.audiences.all(), key=lambda row: ORDER.get(row.audience, 9))
    ended = {
        row.channel.audience
        for row in selectors.open_channels_of(wave)
        if row.channel.state in services.ENDED
    }
    may = [row for row in rows if not row.source and row.audience not in ended]
    return [] if wave.closed_at else [(row.audience, name_of_audience(row.audience)) for row in may]


def _page(
    request: PracticeRequest,
    engagement: Engagement,
    wave: Wave,
    form: OpenLinkForm | None,
    quota_form: QuotaForm | None,
) -> HttpResponse:
    ids = {"slug": request.practice.slug, "engagement_id": engagement.pk}
    found = list(selectors.open_links_of(wave))
    groups = _groups(found)
    context = {
        "engagement": engagement,
        "step": "field" if wave.launched_at else "launch",
        "wave": wave,
        "links": [_card(link, ids) for link in found],
        "quotas": [
            {
                "name": _name_of_group(quota.wave_audience, quota.attribute, quota.value),
                "most": quota.most,
                "remove_url": reverse("surveys:quota_remove", kwargs={**ids, "quota_id": quota.pk}),
            }
            for quota in selectors.quotas_of(wave)
        ],
        "form": form,
        "quota_form": quota_form or (QuotaForm(groups=groups) if groups else None),
        "quota_url": reverse("surveys:quota_set", kwargs=ids),
    }
    has_errors = bool((form and form.errors) or (quota_form and quota_form.errors))
    return render(request, "surveys/open_links.html", context, status=422 if has_errors else 200)


def _card(link: OpenLink, ids: dict[str, Any]) -> dict[str, Any]:
    channel = link.wave_audience
    n = safe_total(link.n_finished)

    def url(name: str, **more: str) -> str:
        return reverse(f"surveys:{name}", kwargs={**ids, "open_link_id": link.pk, **more})

    return {
        "id": link.pk,
        "name": link.name,
        "audience": name_of_audience(channel.audience),
        "state_label": _("switched off") if link.is_off else channel.get_state_display(),
        "is_off": link.is_off,
        "address": services.address_of(link),
        "kept": [f"{name}: {value}" for name, value in link.attributes.items()],
        "is_kiosk": link.is_kiosk,
        "idle_seconds": link.idle_seconds,
        "access_code": read_code(link.access_code),
        "n_finished": n,
        "svg_url": url("open_link_qr", file_type="svg"),
        "png_url": url("open_link_qr", file_type="png"),
        "sheet_url": url("open_link_sheet"),
        "switch_url": url("open_link_switch"),
        "renew_url": url("open_link_renew"),
        "delete_url": url("open_link_delete") if channel.state == AudienceState.DRAFT else "",
    }


def _groups(found: list[OpenLink]) -> list[tuple[str, str]]:
    """Return what a quota may be set for: each channel as a whole, and each value that its links keep."""
    keys: dict[str, str] = {}
    for link in found:
        channel = link.wave_audience
        keys[f"{channel.pk}||"] = _name_of_group(channel, "", "")
        for name, value in link.attributes.items():
            keys[f"{channel.pk}|{name}|{value}"] = _name_of_group(channel, name, value)
    return list(keys.items())


def _name_of_group(channel: WaveAudience, attribute: str, value: str) -> str:
    name = name_of_audience(channel.audience)
    return f"{name}, {attribute}: {value}" if attribute else _("%(name)s, all") % {"name": name}


@require_POST
@require_permission("wave.edit")
def quota_set(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Set how many answers of a group are enough."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    form = QuotaForm(request.POST, groups=_groups(list(selectors.open_links_of(wave))))
    if form.is_valid():
        channel_id, attribute, value = form.cleaned_data["group"].split("|", 2)
        channel = WaveAudience.objects.get(wave=wave, channel=Channel.OPEN, pk=channel_id)
        most = form.cleaned_data["most"]
        try:
            services.set_quota(
                channel=channel, attribute=attribute, value=value, most=most, actor=request.member
            )
        except CrmgapError as error:
            show_error(form, error)
        else:
            return redirect("surveys:open_links", slug=slug, engagement_id=engagement_id)
    choices = _audiences_that_may(wave)
    return _page(request, engagement, wave, OpenLinkForm(audiences=choices) if choices else None, form)


@require_POST
@require_permission("wave.edit")
def quota_remove(request: PracticeRequest, slug: str, engagement_id: UUID, quota_id: UUID) -> HttpResponse:
    """Take a quota away."""
    _engagement, wave = engagement_and_wave(request, engagement_id)
    quota: Quota = get_or_404(Quota.objects.filter(wave_audience__wave=wave), quota_id)
    services.remove_quota(quota, actor=request.member)
    return redirect("surveys:open_links", slug=slug, engagement_id=engagement_id)


def _link(request: PracticeRequest, engagement_id: UUID, open_link_id: UUID) -> OpenLink:
    engagement = get_engagement_for(request.member, engagement_id)
    return selectors.get_open_link_for(request.member, open_link_id, engagement=engagement)


@require_POST
@require_permission("wave.edit")
def open_link_switch(
    request: PracticeRequest, slug: str, engagement_id: UUID, open_link_id: UUID
) -> HttpResponse:
    """Switch an open link off or on."""
    link = _link(request, engagement_id, open_link_id)
    services.switch_open_link(link, is_off=request.POST.get("off") == "1", actor=request.member)
    return redirect("surveys:open_links", slug=slug, engagement_id=engagement_id)


@require_POST
@require_permission("wave.edit")
def open_link_renew(
    request: PracticeRequest, slug: str, engagement_id: UUID, open_link_id: UUID
) -> HttpResponse:
    """Give an open link a new address."""
    link = _link(request, engagement_id, open_link_id)
    try:
        services.renew_open_link(link, actor=request.member)
    except CrmgapError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The old address leads nowhere any more. Print the new code."))
    return redirect("surveys:open_links", slug=slug, engagement_id=engagement_id)


@require_POST
@require_permission("wave.edit")
def open_link_delete(
    request: PracticeRequest, slug: str, engagement_id: UUID, open_link_id: UUID
) -> HttpResponse:
    """Delete an open link by which nobody could answer yet."""
    link = _link(request, engagement_id, open_link_id)
    try:
        services.delete_open_link(link, actor=request.member)
    except CrmgapError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The open link “%(name)s” is deleted.") % {"name": link.name})
    return redirect("surveys:open_links", slug=slug, engagement_id=engagement_id)


@require_safe
@require_permission("wave.edit")
def open_link_qr(
    request: PracticeRequest, slug: str, engagement_id: UUID, open_link_id: UUID, file_type: str
) -> HttpResponse:
    """Send the QR code of an open link as SVG or PNG."""
    link = _link(request, engagement_id, open_link_id)
    address = services.address_of(link)
    if not address or file_type not in CONTENT_TYPES:
        raise Http404
    answer = HttpResponse(qr_picture(address, file_type), content_type=CONTENT_TYPES[file_type])
    answer["Content-Disposition"] = f'inline; filename="open-link.{file_type}"'
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
@require_permission("wave.edit")
def open_link_sheet(
    request: PracticeRequest, slug: str, engagement_id: UUID, open_link_id: UUID
) -> HttpResponse:
    """Show one page to print and put up: why, code, address, access code; in the client's language, for its people."""
    link = _link(request, engagement_id, open_link_id)
    sheet = print_sheet_of(link)
    if sheet is None:
        raise Http404
    kwargs = {"slug": slug, "engagement_id": engagement_id, "open_link_id": link.pk, "file_type": "svg"}
    context = {
        "brand": brand_for(link.wave_audience.wave.engagement.client_organisation, request.practice),
        "sheet": sheet,
        "qr_src": reverse("surveys:open_link_qr", kwargs=kwargs),
    }
    with override(sheet.language), timezone.override(sheet.zone):
        return render(request, "surveys/open_link_sheet.html", context)
