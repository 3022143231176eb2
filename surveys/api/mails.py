"""Endpoints of the plan, the mail texts, their preview, and the queue of mails to come."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from practice import token_scopes
from practice.api.permissions import ensure_scope
from practice.api.views import member_of
from practice.selectors import get_or_404
from surveys import selectors
from surveys.enums import ASKING, Round
from surveys.mail.holds import Hold, holds_of
from surveys.mail.texts import MAX_BODY, MAX_SUBJECT, own_text, text_for, unknown_placeholders
from surveys.mail_queue import QueuedRound, queue_of
from surveys.models import Recipient, Wave, WaveAudience
from surveys.services import plan, queue
from surveys.services.preview import preview_of


class WindowSerializer(serializers.Serializer[Any]):
    """The hours in which mails leave, local times of the client."""

    window_from = serializers.TimeField(format="%H:%M")
    window_until = serializers.TimeField(format="%H:%M")
    weekends = serializers.BooleanField(default=False)


class PlanSerializer(serializers.Serializer[Any]):
    """The launch plan; days count from the start, times are local ones of the client."""

    reminder_days = serializers.ListField(child=serializers.IntegerField(), max_length=3)
    final_day = serializers.IntegerField(allow_null=True, default=None)
    close_days = serializers.IntegerField()
    starts = serializers.CharField(
        allow_blank=True, default="", max_length=19, help_text="YYYY-MM-DDTHH:MM; empty = with the launch."
    )
    reminder_time = serializers.TimeField(format="%H:%M", allow_null=True, default=None)
    close_time = serializers.TimeField(format="%H:%M", allow_null=True, default=None)
    window = WindowSerializer(allow_null=True, default=None)


class PlannedSerializer(serializers.Serializer[Any]):
    """The plan for all audiences, and the audiences that have one of their own."""

    time_zone = serializers.CharField()
    all = PlanSerializer()
    audiences = serializers.DictField(child=PlanSerializer())


class MailTextSerializer(serializers.Serializer[Any]):
    """Subject and body with placeholders."""

    subject = serializers.CharField(max_length=MAX_SUBJECT)
    body = serializers.CharField(max_length=MAX_BODY, trim_whitespace=False)


class MailTextListSerializer(MailTextSerializer):
    """The text of one mail."""

    audience = serializers.CharField()
    round = serializers.ChoiceField(choices=Round.choices)
    language = serializers.CharField()
    is_own = serializers.BooleanField()
    unknown = serializers.ListField(
        child=serializers.CharField(), help_text="Placeholders that do not exist."
    )


class PreviewSerializer(serializers.Serializer[Any]):
    """A rendered mail; its link leads nowhere."""

    subject = serializers.CharField()
    sender = serializers.CharField()
    to = serializers.CharField()
    language = serializers.CharField()
    text = serializers.CharField()
    html = serializers.CharField()
    raw = serializers.CharField(help_text="The whole mail as it goes over the wire.")


class QueuedSerializer(serializers.Serializer[Any]):
    """Mails of one round to one audience on one day; `n` is at most so many, `null` = must not be shown."""

    audience = serializers.UUIDField(source="audience.pk")
    audience_code = serializers.CharField(source="audience.audience")
    round = serializers.ChoiceField(choices=Round.choices)
    day = serializers.DateField()
    at = serializers.DateTimeField()
    until = serializers.DateTimeField()
    n = serializers.IntegerField(allow_null=True)
    is_due = serializers.BooleanField()
    is_skipped = serializers.BooleanField()
    is_paused = serializers.BooleanField()
    hold = serializers.CharField(help_text="Why they wait, as in the log of mails; empty: they do not.")
    hold_text = serializers.CharField(help_text="The same in words.")
    hold_until = serializers.DateTimeField(allow_null=True)


class MoveSerializer(serializers.Serializer[Any]):
    """Another time for a round."""

    at = serializers.DateTimeField()


class OfWave(APIView):
    """What the endpoints of this module share: who may read and who may write."""

    read_permission = "field.read"
    write_permission = "wave.edit"
    read_scope = token_scopes.READ_FIELD
    write_scope = token_scopes.WRITE_WAVES

    def wave(self, wave_id: UUID) -> Wave:
        """Return the wave, or 404."""
        return selectors.get_wave_for(member_of(self.request), wave_id)


class WavePlan(OfWave):
    """The launch plan of a wave."""

    @extend_schema(responses=PlannedSerializer)
    def get(self, request: Request, wave_id: UUID) -> Response:
        """Return the plan."""
        return _show_plan(self.wave(wave_id))

    @extend_schema(
        request=PlanSerializer, responses=PlannedSerializer, parameters=[OpenApiParameter("audience", str)]
    )
    def put(self, request: Request, wave_id: UUID) -> Response:
        """Change the plan of all audiences, or with `?audience=` of one; until the launch."""
        wave = self.wave(wave_id)
        form = PlanSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        audience = request.query_params.get("audience", "")
        wave = plan.update_plan(
            wave, audience=audience, actor=member_of(request), **_plan_of(form.validated_data)
        )
        return _show_plan(wave)


def _plan_of(data: dict[str, Any]) -> dict[str, Any]:
    window = data["window"]
    return {
        **data,
        "starts": plan.parse_start(data["starts"]),
        "window": window
        and {
            "from": window["window_from"].isoformat("minutes"),
            "until": window["window_until"].isoformat("minutes"),
            "weekends": window["weekends"],
        },
    }


def _show_plan(wave: Wave) -> Response:
    shown = {
        "time_zone": wave.engagement.client_organisation.time_zone,
        "all": _shown_plan(plan.plan_values(wave)),
        "audiences": {
            code: _shown_plan(plan.plan_values(wave, code)) for code in wave.plan.get("audiences", {})
        },
    }
    return Response(PlannedSerializer(shown).data)


def _shown_plan(values: dict[str, Any]) -> dict[str, Any]:
    window = values["window"]
    return {
        **values,
        "starts": values["starts"] or "",
        "reminder_time": values["reminder_time"] or None,
        "close_time": values["close_time"] or None,
        "window": window
        and {
            "window_from": window["from"],
            "window_until": window["until"],
            "weekends": window["weekends"],
        },
    }


class WaveTexts(OfWave):
    """The texts of all mails of a wave."""

    @extend_schema(responses=MailTextListSerializer(many=True))
    def get(self, request: Request, wave_id: UUID) -> Response:
        """List the text of every audience, round and language."""
        wave = self.wave(wave_id)
        shown = [
            _shown_text(wave, row.audience, code, language)
            for row in wave.audiences.all()
            for code in ASKING
            for language, _name in settings.LANGUAGES
        ]
        return Response(MailTextListSerializer(shown, many=True).data)


def _shown_text(wave: Wave, audience: str, code: str, language: str) -> dict[str, Any]:
    text = text_for(wave, audience, code, language)
    return {
        "audience": audience,
        "round": code,
        "language": language,
        "subject": text.subject,
        "body": text.body,
        "is_own": own_text(wave, audience, code, language) is not None,
        "unknown": unknown_placeholders(text),
    }


class WaveText(OfWave):
    """The text of one mail."""

    @extend_schema(request=MailTextSerializer, responses=MailTextListSerializer)
    def put(self, request: Request, wave_id: UUID, audience: str, round_code: str, language: str) -> Response:
        """Write the text anew; one that cannot be sent refuses the launch, and after the launch this call."""
        wave = self.wave(wave_id)
        form = MailTextSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wave = plan.set_text(
            wave,
            audience=audience,
            round_code=round_code,
            language=language,
            actor=member_of(request),
            **form.validated_data,
        )
        return Response(MailTextListSerializer(_shown_text(wave, audience, round_code, language)).data)

    @extend_schema(responses=MailTextListSerializer)
    def delete(
        self, request: Request, wave_id: UUID, audience: str, round_code: str, language: str
    ) -> Response:
        """Use the built-in text again."""
        wave = plan.reset_text(
            self.wave(wave_id),
            audience=audience,
            round_code=round_code,
            language=language,
            actor=member_of(request),
        )
        return Response(MailTextListSerializer(_shown_text(wave, audience, round_code, language)).data)


class WaveTextPreview(OfWave):
    """A mail before it is sent."""

    read_permission = "form.read"

    @extend_schema(responses=PreviewSerializer, parameters=[OpenApiParameter("person", UUID)])
    def get(self, request: Request, wave_id: UUID, audience: str, round_code: str, language: str) -> Response:
        """Return the mail as somebody made up gets it, or with `?person=` as a person of the audience does."""
        row = self.wave(wave_id).audiences.filter(audience=audience).first()
        if row is None or round_code not in ASKING or language not in dict(settings.LANGUAGES):
            raise Http404
        asked = request.query_params.get("person")
        person = get_or_404(Recipient.objects.filter(wave_audience=row), asked) if asked else None
        found = preview_of(row, round_code=round_code, language=language, person=person)
        shown = {name: getattr(found, name) for name in found.__slots__}
        return Response(PreviewSerializer({**shown, "raw": found.source.decode()}).data)


class WaveQueue(OfWave):
    """The mails to come."""

    @extend_schema(responses=QueuedSerializer(many=True))
    def get(self, request: Request, wave_id: UUID) -> Response:
        """List them by day, round and audience, soonest first."""
        return _show_queue(self.wave(wave_id))


def _show_queue(wave: Wave) -> Response:
    items = queue_of(wave)
    holds = holds_of(wave, {item.audience.pk: item.audience for item in items}.values())
    return Response(
        QueuedSerializer([_queued(item, holds[item.audience.pk]) for item in items], many=True).data
    )


def _queued(item: QueuedRound, hold: Hold) -> dict[str, Any]:
    waits = hold.lasts or (item.is_due and not item.is_skipped)
    return {
        **{name: getattr(item, name) for name in item.__slots__},
        "hold": hold.code if waits else "",
        "hold_text": hold.words if waits else "",
        "hold_until": hold.until if waits else None,
    }


class WaveMailsAct(OfWave):
    """Pause all mails of a wave, or let them leave again."""

    act: str = ""

    @extend_schema(request=None, responses=QueuedSerializer(many=True))
    def post(self, request: Request, wave_id: UUID) -> Response:
        """Do it."""
        wave = self.wave(wave_id)
        if self.act == "resume":
            ensure_scope(request, token_scopes.SEND)
            queue.resume_mails(wave, actor=member_of(request))
        else:
            queue.pause_mails(wave, actor=member_of(request))
        return _show_queue(wave)


class RoundAct(OfWave):
    """Skip a round of an audience, take it up again, or move it."""

    act: str = ""

    @extend_schema(request=None, responses=QueuedSerializer(many=True))
    def post(self, request: Request, audience_id: UUID, round_code: str) -> Response:
        """Do it."""
        audience: WaveAudience = selectors.get_audience_for(member_of(request), audience_id)
        if self.act == "restore":
            ensure_scope(request, token_scopes.SEND)
        queue.skip_round(audience, round_code=round_code, actor=member_of(request), skip=self.act == "skip")
        return _show_queue(audience.wave)


class RoundMove(OfWave):
    """Let a round leave at another time."""

    write_scope = token_scopes.SEND

    @extend_schema(request=MoveSerializer, responses=QueuedSerializer(many=True))
    def post(self, request: Request, audience_id: UUID, round_code: str) -> Response:
        """Move it; before the audience closes."""
        audience = selectors.get_audience_for(member_of(request), audience_id)
        form = MoveSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        queue.move_round(
            audience, round_code=round_code, at=form.validated_data["at"], actor=member_of(request)
        )
        return _show_queue(audience.wave)


class PersonMails(OfWave):
    """The mails still to come to one person."""

    act: str = ""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, wave_id: UUID, recipient_id: UUID) -> Response:
        """Skip them or take them up again; the answer is the same whether the person has answered or not."""
        person = get_or_404(selectors.people_of_wave(self.wave(wave_id)), recipient_id)
        queue.skip_person(person, actor=member_of(request), skip=self.act == "skip")
        return Response(status=204)
