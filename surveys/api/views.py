"""Endpoints of waves, people, launch and field: select for the member, call one service, show."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import generics, serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from practice import token_scopes
from practice.api.parsers import JsonObjectParser
from practice.api.permissions import ensure_scope
from practice.api.views import member_of
from practice.clock import database_now
from practice.selectors import get_engagement_for
from surveys import deliveries, selectors
from surveys.api.serializers import (
    ImportSerializer,
    MailSerializer,
    ModeSerializer,
    NewWaveSerializer,
    PeopleFileSerializer,
    PersonSerializer,
    SentMailSerializer,
    WaveSerializer,
    WaveSummarySerializer,
)
from surveys.enums import DeliveryState, ImportState
from surveys.mail import mailbox, stopping
from surveys.mail.holds import Hold, holds_of
from surveys.models import Delivery, PeopleImport, Recipient, Wave
from surveys.services import field, people, waves
from surveys.services.launch import launch_wave
from surveys.services.next_wave import create_next_wave

MAX_PROBLEMS = 200


def show_wave(wave: Wave) -> Response:
    """Return the wave as the API shows it."""
    view = selectors.field_view(wave)
    n_people = selectors.people_by_audience(wave)
    shown = {
        **{name: getattr(wave, name) for name in ("id", "engagement_id", "number", "name", "kind")},
        **{
            name: getattr(wave, name)
            for name in (
                "instrument_code",
                "instrument_version",
                "launched_at",
                "closed_at",
                "answers_deleted_at",
            )
        },
        "wave": wave,
        "components": [part["code"] for part in wave.instrument.get("components", ())],
        "reminder_days": wave.plan["reminder_days"],
        "close_days": wave.plan["close_days"],
        "audiences": [_audience(row, n_people) for row in view.audiences],
    }
    return Response(WaveSerializer(shown).data)


def _audience(row: selectors.AudienceField, n_people: dict[str, int]) -> dict[str, Any]:
    names = [name for name in row.__slots__ if name.startswith("n_")]
    counts = {name: getattr(row, name) for name in names}
    stopped = stopping.stop_words(row.audience) if stopping.is_stopped(row.audience) else ""
    shown = {**counts, "audience": row.audience, "lamp": row.lamp, "stopped": stopped}
    return {**shown, "n_people": n_people[row.audience.audience]}


def show_import(upload: PeopleImport, status: int = 200) -> Response:
    """Return an uploaded list as the API shows it."""
    base = {"id": upload.pk, "wave_id": upload.wave_id, "filename": upload.filename, "state": upload.state}
    if upload.state == ImportState.PREVIEW:
        preview = people.preview_of(upload)
        counts = {name: getattr(preview, name) for name in preview.__slots__ if name.startswith("n_")}
        problems = [row for row in preview.rows if row.status == "fix"][:MAX_PROBLEMS]
        shown = {**base, **counts, "n_imported": 0, "problems": problems}
    else:
        result = upload.result
        shown = {
            **base,
            "n_rows": sum(value for value in result.values() if isinstance(value, int)),
            "n_ready": 0,
            "n_to_fix": result.get("to_fix", 0),
            "n_merged": result.get("merged", 0),
            "n_suppressed": result.get("suppressed", 0),
            "n_imported": result.get("imported", 0),
            "problems": [],
        }
    return Response(ImportSerializer(shown).data, status=status)


class EngagementWaves(generics.ListAPIView[Wave]):
    """List the waves of an engagement, newest first, or plan a new one."""

    serializer_class = WaveSummarySerializer
    queryset = Wave.objects.none()
    read_permission = "field.read"
    write_permission = "wave.edit"
    read_scope = token_scopes.READ_FIELD
    write_scope = token_scopes.WRITE_WAVES

    def get_queryset(self) -> Any:
        """Return the waves of the engagement."""
        member = member_of(self.request)
        engagement = get_engagement_for(member, self.kwargs["engagement_id"])
        return selectors.waves_of_engagement(member, engagement).defer("instrument")

    @extend_schema(request=NewWaveSerializer, responses={201: WaveSerializer})
    def post(self, request: Request, engagement_id: UUID) -> Response:
        """Plan a wave with one confidential audience per code."""
        member = member_of(request)
        engagement = get_engagement_for(member, engagement_id)
        form = NewWaveSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        wave = waves.create_wave(
            engagement=engagement,
            actor=member,
            instrument_code=data["instrument"],
            audiences=data["audiences"],
            kind=data["kind"],
            name=data["name"],
            forms=data["forms"],
            components=data["components"],
        )
        answer = show_wave(wave)
        answer.status_code = 201
        return answer


class WaveDetail(APIView):
    """Read one wave with its field."""

    read_permission = "field.read"
    write_permission = "wave.edit"
    read_scope = token_scopes.READ_FIELD
    write_scope = token_scopes.WRITE_WAVES

    @extend_schema(responses=WaveSerializer)
    def get(self, request: Request, wave_id: UUID) -> Response:
        """Return the wave."""
        return show_wave(selectors.get_wave_for(member_of(request), wave_id))


class WavePeople(generics.ListAPIView[Recipient]):
    """List the roster of a wave, or upload a list as a preview."""

    parser_classes = [JsonObjectParser, MultiPartParser]
    serializer_class = PersonSerializer
    queryset = Recipient.objects.none()
    read_permission = "people.read"
    write_permission = "people.edit"
    read_scope = token_scopes.READ_RECIPIENTS
    write_scope = token_scopes.WRITE_RECIPIENTS

    def get_queryset(self) -> Any:
        """Return the people of the wave."""
        return selectors.people_of_wave(
            selectors.get_wave_for(member_of(self.request), self.kwargs["wave_id"])
        )

    @extend_schema(
        request={
            "multipart/form-data": inline_serializer("PeopleUpload", {"file": serializers.FileField()}),
        },
        responses={201: ImportSerializer},
    )
    def post(self, request: Request, wave_id: UUID) -> Response:
        """Read a list and show what it would do; nothing enters the roster before it is confirmed.

        Instead of a form with a file, JSON with the list as text is taken: {"csv": "..."}.
        """
        member = member_of(request)
        wave = selectors.get_wave_for(member, wave_id)
        form = PeopleFileSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        file = form.validated_data.get("file")
        content = file.read() if file else form.validated_data["csv"].encode()
        name = file.name if file else "list.csv"
        upload = people.upload_people(wave=wave, filename=name, content=content, actor=member)
        return show_import(upload, status=201)


class MailFilters(filters.FilterSet):  # type: ignore[misc]  # ships no types
    """Narrows the log of mails."""

    state = filters.ChoiceFilter(choices=DeliveryState.choices)


class WaveMails(generics.ListAPIView[Delivery]):
    """List what became of each mail of a wave; of confidential audiences the invitations alone."""

    serializer_class = SentMailSerializer
    queryset = Delivery.objects.none()
    filterset_class = MailFilters
    read_permission = "people.read"
    write_permission = "people.edit"
    read_scope = token_scopes.READ_RECIPIENTS
    write_scope = token_scopes.WRITE_RECIPIENTS

    def get_queryset(self) -> Any:
        """Return the mails of the wave."""
        return deliveries.mails_of_wave(self._wave())

    def get_serializer_context(self) -> dict[str, Any]:
        """Add what holds mails back, once for all of them."""
        return {**super().get_serializer_context(), "holds": self._holds(), "now": database_now()}

    def _wave(self) -> Wave:
        return selectors.get_wave_for(member_of(self.request), self.kwargs["wave_id"])

    def _holds(self) -> dict[UUID, Hold]:
        is_described = getattr(self, "swagger_fake_view", False)  # the OpenAPI document asks without a wave
        return {} if is_described else holds_of(self._wave())


class ImportDetail(APIView):
    """Read one uploaded list."""

    read_permission = "people.read"
    write_permission = "people.edit"
    read_scope = token_scopes.READ_RECIPIENTS
    write_scope = token_scopes.WRITE_RECIPIENTS

    @extend_schema(responses=ImportSerializer)
    def get(self, request: Request, import_id: UUID) -> Response:
        """Return what the list would do, or did."""
        return show_import(selectors.get_import_for(member_of(request), import_id))


class ImportConfirm(APIView):
    """Confirm an uploaded list."""

    read_permission = "people.read"
    write_permission = "people.edit"
    read_scope = token_scopes.READ_RECIPIENTS
    write_scope = token_scopes.WRITE_RECIPIENTS

    @extend_schema(request=None, responses=ImportSerializer)
    def post(self, request: Request, import_id: UUID) -> Response:
        """Put the ready rows on the roster; a second call changes nothing."""
        member = member_of(request)
        upload = selectors.get_import_for(member, import_id)
        if upload.wave.launched_at is not None:
            ensure_scope(request, token_scopes.SEND)
        return show_import(people.confirm_import(upload, actor=member))


class WaveLaunch(APIView):
    """Launch a wave."""

    read_permission = "field.read"
    write_permission = "wave.launch"
    read_scope = token_scopes.READ_FIELD
    write_scope = token_scopes.SEND

    @extend_schema(request=None, responses=WaveSerializer)
    def post(self, request: Request, wave_id: UUID) -> Response:
        """Open the wave; launching a launched wave changes nothing."""
        member = member_of(request)
        return show_wave(launch_wave(wave=selectors.get_wave_for(member, wave_id), actor=member))


class WaveNext(APIView):
    """Measure again."""

    read_permission = "field.read"
    write_permission = "wave.edit"
    read_scope = token_scopes.READ_FIELD
    write_scope = token_scopes.WRITE_WAVES

    @extend_schema(request=None, responses={201: WaveSerializer})
    def post(self, request: Request, wave_id: UUID) -> Response:
        """Make the wave after one that is over: same questionnaire, forms and people, new links at its launch.

        People who want no more mail are left out. Asked again before its launch, the same draft is returned.
        """
        member = member_of(request)
        wave = selectors.get_wave_for(member, wave_id)
        answer = show_wave(create_next_wave(wave, actor=member))
        answer.status_code = 201
        return answer


class WaveClose(APIView):
    """Close a wave for good."""

    read_permission = "field.read"
    write_permission = "wave.edit"
    read_scope = token_scopes.READ_FIELD
    write_scope = token_scopes.WRITE_WAVES

    @extend_schema(request=None, responses=WaveSerializer)
    def post(self, request: Request, wave_id: UUID) -> Response:
        """Close every audience that still runs."""
        member = member_of(request)
        wave = selectors.get_wave_for(member, wave_id)
        field.close_wave(wave, actor=member)
        return show_wave(wave)


class AudienceMode(APIView):
    """Choose confidential or named, before launch."""

    read_permission = "field.read"
    write_permission = "wave.edit"
    read_scope = token_scopes.READ_FIELD
    write_scope = token_scopes.WRITE_WAVES

    @extend_schema(request=ModeSerializer, responses=WaveSerializer)
    def post(self, request: Request, audience_id: UUID) -> Response:
        """Set the mode of an audience."""
        member = member_of(request)
        audience = selectors.get_audience_for(member, audience_id)
        form = ModeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        waves.set_audience_mode(audience, mode=form.validated_data["mode"], actor=member)
        return show_wave(audience.wave)


class AudienceAct(APIView):
    """Pause an audience, let it go on, or close it for good."""

    read_permission = "field.read"
    write_permission = "wave.edit"
    read_scope = token_scopes.READ_FIELD
    write_scope = token_scopes.WRITE_WAVES
    act: str = ""

    @extend_schema(request=None, responses=WaveSerializer)
    def post(self, request: Request, audience_id: UUID) -> Response:
        """Do it."""
        member = member_of(request)
        audience = selectors.get_audience_for(member, audience_id)
        if self.act == "resume":
            ensure_scope(request, token_scopes.SEND)
        acts = {"pause": field.pause_audience, "resume": field.resume_audience, "close": field.close_audience}
        acts[self.act](audience, actor=member)
        return show_wave(audience.wave)


class MailboxList(generics.ListAPIView[Delivery]):
    """List the mails that the recording sink kept; only where this installation records its mails."""

    serializer_class = MailSerializer
    queryset = Delivery.objects.none()
    read_permission = "mailbox.read"
    write_permission = "mailbox.read"
    read_scope = token_scopes.READ_MAILBOX
    write_scope = token_scopes.READ_MAILBOX

    def get_queryset(self) -> Any:
        """Return the deliveries whose mails may be read."""
        if not mailbox.is_available():
            raise Http404
        listed = mailbox.listed_deliveries()
        if wave := self.request.query_params.get("wave"):
            listed = listed.filter(wave_audience__wave=selectors.get_wave_for(member_of(self.request), wave))
        return listed

    @extend_schema(parameters=[OpenApiParameter("wave", UUID)])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return a page of mails."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(MailSerializer([_mail(row) for row in page], many=True).data)


class MailboxMail(APIView):
    """Read one recorded mail."""

    read_permission = "mailbox.read"
    write_permission = "mailbox.read"
    read_scope = token_scopes.READ_MAILBOX
    write_scope = token_scopes.READ_MAILBOX

    @extend_schema(responses=MailSerializer)
    def get(self, request: Request, message: str) -> Response:
        """Return the mail."""
        delivery = mailbox.delivery_of(message)
        return Response(MailSerializer(_mail(delivery)).data)


def _mail(delivery: Delivery) -> dict[str, Any]:
    key = mailbox.key_of(delivery)
    mail = mailbox.read_file(key)
    return {
        "key": key,
        "to": delivery.recipient.email,
        "subject": mail.subject if mail else "",
        "sent_at": delivery.due_at,
        "audience": delivery.wave_audience.audience,
        "round": delivery.round,
        "text": mail.text if mail else "",
    }
