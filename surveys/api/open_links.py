"""Endpoints of open links and their quotas: made, switched, renewed, deleted, and their codes as pictures.

Whoever has an address and its access code can answer, so reading them takes what changing them takes. Answers to POST
leave both out: such an answer may be kept for a day, and neither is ever stored in the clear.
"""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from practice import token_scopes
from practice.api.renderers import FileRenderer
from practice.api.views import member_of
from practice.exceptions import InvalidInputError
from surveys import selectors
from surveys.disclosure import MIN_GROUP, safe_total
from surveys.enums import Channel
from surveys.models import OpenLink, Wave, WaveAudience
from surveys.open_visits import read_code
from surveys.people_check import MAX_ATTRIBUTE
from surveys.qr import CONTENT_TYPES, qr_picture
from surveys.services import open_links as services

UNKNOWN = "This audience is not asked in the wave."


class NewOpenLinkSerializer(serializers.Serializer[Any]):
    """An open link to make."""

    audience = serializers.CharField(max_length=20)
    name = serializers.CharField(max_length=80)
    attributes = serializers.DictField(
        child=serializers.CharField(max_length=MAX_ATTRIBUTE),
        required=False,
        default=dict,
        help_text="What is kept with its answers, one pair at most, such as branch: North. Fixed at the launch.",
    )
    access_code = serializers.CharField(max_length=40, allow_blank=True, default="")
    is_kiosk = serializers.BooleanField(default=False)
    idle_seconds = serializers.IntegerField(
        default=90, help_text="Kiosk: back to the first page after so many seconds without a touch."
    )
    accepts_staff = serializers.BooleanField(
        default=False, help_text="Needed for staff: anybody with the address can answer, also more than once."
    )
    quota = serializers.IntegerField(
        min_value=MIN_GROUP,
        max_value=1_000_000,
        allow_null=True,
        default=None,
        help_text="Enough at so many answers by all open links of this audience together.",
    )

    def validate_attributes(self, pairs: dict[str, str]) -> dict[str, str]:
        """Take one pair at most, with a name that fits."""
        if len(pairs) > 1 or any(len(name) > MAX_ATTRIBUTE for name in pairs):
            raise serializers.ValidationError("Give one pair at most, with a short name.")
        return pairs


class OpenLinkSerializer(serializers.Serializer[Any]):
    """An open link without what opens it."""

    id = serializers.UUIDField(source="pk")
    audience = serializers.CharField(source="wave_audience.audience")
    channel = serializers.UUIDField(
        source="wave_audience_id", help_text="The audience that holds its answers: to pause, resume or close."
    )
    name = serializers.CharField()
    state = serializers.CharField(source="wave_audience.state")
    is_off = serializers.BooleanField()
    attributes = serializers.DictField(child=serializers.CharField())
    is_kiosk = serializers.BooleanField()
    idle_seconds = serializers.IntegerField()
    has_access_code = serializers.SerializerMethodField()
    n_finished = serializers.SerializerMethodField(help_text="`null` = fewer than five.")
    created_at = serializers.DateTimeField()

    def get_has_access_code(self, link: OpenLink) -> bool:
        """Tell whether a code is asked."""
        return link.access_code is not None

    def get_n_finished(self, link: OpenLink) -> int | None:
        """Return how many finished, where that may be shown."""
        return safe_total(link.n_finished)


class OpenLinkAddressSerializer(OpenLinkSerializer):
    """An open link with its address and access code."""

    address = serializers.SerializerMethodField(help_text="Empty once its answers are released.")
    access_code = serializers.SerializerMethodField()

    def get_address(self, link: OpenLink) -> str:
        """Return the address."""
        return services.address_of(link)

    def get_access_code(self, link: OpenLink) -> str:
        """Return the code; empty when none is asked."""
        return read_code(link.access_code)


class SwitchSerializer(serializers.Serializer[Any]):
    """Whether the address leads nowhere for now."""

    is_off = serializers.BooleanField()


class QuotaSerializer(serializers.Serializer[Any]):
    """How many answers by open links are enough: of all of an audience, or with one value of what links keep."""

    id = serializers.UUIDField(source="pk", read_only=True)
    audience = serializers.CharField(source="wave_audience.audience", max_length=20)
    attribute = serializers.CharField(max_length=MAX_ATTRIBUTE, allow_blank=True, default="")
    value = serializers.CharField(max_length=MAX_ATTRIBUTE, allow_blank=True, default="")
    most = serializers.IntegerField(min_value=MIN_GROUP, max_value=1_000_000)


class OpenLinkApi(APIView):
    """What the endpoints of this module share: who may read and who may write."""

    read_permission = "wave.edit"
    write_permission = "wave.edit"
    read_scope = token_scopes.WRITE_WAVES
    write_scope = token_scopes.WRITE_WAVES

    def wave(self, wave_id: UUID) -> Wave:
        """Return the wave, or 404."""
        return selectors.get_wave_for(member_of(self.request), wave_id)

    def link(self, open_link_id: UUID) -> OpenLink:
        """Return the open link, or 404."""
        return selectors.get_open_link_for(member_of(self.request), open_link_id)


class WaveOpenLinks(OpenLinkApi):
    """The open links of a wave."""

    @extend_schema(responses=OpenLinkAddressSerializer(many=True))
    def get(self, request: Request, wave_id: UUID) -> Response:
        """List them in the order in which they were made."""
        found = selectors.open_links_of(self.wave(wave_id))
        return Response(OpenLinkAddressSerializer(found, many=True).data)

    @extend_schema(request=NewOpenLinkSerializer, responses={201: OpenLinkSerializer})
    def post(self, request: Request, wave_id: UUID) -> Response:
        """Make one; in a launched wave it opens at once. Read it for its address."""
        wave = self.wave(wave_id)
        form = NewOpenLinkSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        fields = dict(form.validated_data)
        quota, audience = fields.pop("quota"), _audience_of(wave, fields.pop("audience"))
        try:
            link = services.create_open_link(audience=audience, actor=member_of(request), **fields)
        except InvalidInputError as error:
            named = {
                "attributes" if name == "attribute" else name: text for name, text in error.fields.items()
            }
            raise InvalidInputError(error.message, fields=named) from error
        if quota is not None:
            services.set_quota(channel=link.wave_audience, most=quota, actor=member_of(request))
        return Response(OpenLinkSerializer(link).data, status=201)


def _audience_of(wave: Wave, code: str) -> WaveAudience:
    audience = wave.audiences.filter(audience=code).first()
    if audience is None:
        raise InvalidInputError(UNKNOWN, fields={"audience": UNKNOWN})
    return audience


class OpenLinkDetail(OpenLinkApi):
    """One open link."""

    @extend_schema(responses=OpenLinkAddressSerializer)
    def get(self, request: Request, open_link_id: UUID) -> Response:
        """Return it with its address."""
        return Response(OpenLinkAddressSerializer(self.link(open_link_id)).data)

    @extend_schema(request=SwitchSerializer, responses=OpenLinkAddressSerializer)
    def patch(self, request: Request, open_link_id: UUID) -> Response:
        """Switch it off, so that its address leads nowhere, or on again; its answers stay."""
        link = self.link(open_link_id)
        form = SwitchSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.switch_open_link(link, is_off=form.validated_data["is_off"], actor=member_of(request))
        return Response(OpenLinkAddressSerializer(self.link(open_link_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, open_link_id: UUID) -> Response:
        """Delete it before anybody could answer; 409 afterwards, when it can only be switched off."""
        services.delete_open_link(self.link(open_link_id), actor=member_of(request))
        return Response(status=204)


class OpenLinkRenew(OpenLinkApi):
    """A new address."""

    @extend_schema(request=None, responses=OpenLinkSerializer)
    def post(self, request: Request, open_link_id: UUID) -> Response:
        """Give it a new address; the old one leads nowhere from now on, also for visits begun by it."""
        services.renew_open_link(self.link(open_link_id), actor=member_of(request))
        return Response(OpenLinkSerializer(self.link(open_link_id)).data)


class SvgRenderer(FileRenderer):
    """For clients that ask for SVG."""

    media_type = CONTENT_TYPES["svg"]
    format = "svg"


class PngRenderer(FileRenderer):
    """For clients that ask for PNG."""

    media_type = CONTENT_TYPES["png"]
    format = "png"


class OpenLinkQr(OpenLinkApi):
    """The QR code of an open link."""

    renderer_classes = [JSONRenderer, SvgRenderer, PngRenderer]

    @extend_schema(
        operation_id="open_links_qr_retrieve",
        parameters=[OpenApiParameter("file_type", str, OpenApiParameter.PATH, enum=list(CONTENT_TYPES))],
        responses={(200, kind): OpenApiTypes.BINARY for kind in CONTENT_TYPES.values()},
    )
    def get(self, request: Request, open_link_id: UUID, file_type: str) -> HttpResponse:
        """Return the picture; 404 once the answers are released and the address leads nowhere."""
        address = services.address_of(self.link(open_link_id))
        if not address or file_type not in CONTENT_TYPES:
            raise Http404
        answer = HttpResponse(qr_picture(address, file_type), content_type=CONTENT_TYPES[file_type])
        answer["Cache-Control"] = "no-store"
        return answer


class WaveQuotas(OpenLinkApi):
    """The quotas of a wave's open links."""

    @extend_schema(responses=QuotaSerializer(many=True))
    def get(self, request: Request, wave_id: UUID) -> Response:
        """List them."""
        return Response(QuotaSerializer(selectors.quotas_of(self.wave(wave_id)), many=True).data)

    @extend_schema(request=QuotaSerializer, responses=QuotaSerializer)
    def post(self, request: Request, wave_id: UUID) -> Response:
        """Set one; the same audience, attribute and value again changes its number."""
        wave = self.wave(wave_id)
        form = QuotaSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        fields = dict(form.validated_data)
        code = fields.pop("wave_audience")["audience"]
        channel = WaveAudience.objects.filter(wave=wave, channel=Channel.OPEN, audience=code).first()
        if channel is None:
            text = "This audience has no open link."
            raise InvalidInputError(text, fields={"audience": text})
        quota = services.set_quota(channel=channel, actor=member_of(request), **fields)
        return Response(QuotaSerializer(quota).data)


class QuotaDetail(OpenLinkApi):
    """One quota."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, quota_id: UUID) -> Response:
        """Let people answer without this limit."""
        services.remove_quota(selectors.get_quota_for(member_of(request), quota_id), actor=member_of(request))
        return Response(status=204)
