"""Endpoint of the sender of a wave: which identity its mails carry, what is wrong with it, and choosing another."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from practice.api.views import member_of
from practice.models import SenderIdentity
from practice.selectors import get_or_404
from surveys import selectors
from surveys.api.mails import OfWave
from surveys.mail.senders import concerns_about, identity_for, sender_for
from surveys.models import Wave
from surveys.services.plan import choose_sender


class SenderChoiceSerializer(serializers.Serializer[Any]):
    """A sender identity that a wave may be given; `null` = as the engagement or the practice says."""

    sender = serializers.UUIDField(allow_null=True)


class SenderSerializer(serializers.Serializer[Any]):
    """A sender identity of the practice."""

    id = serializers.UUIDField(source="pk")
    name = serializers.CharField(source="from_name")
    address = serializers.CharField(source="from_address", help_text="Empty: one of the installation.")
    is_ready = serializers.BooleanField(help_text="Verified, so that it may be chosen.")
    is_default = serializers.BooleanField()


class WaveSenderSerializer(SenderChoiceSerializer):
    """The sender of a wave's mails, with what should be settled before they leave."""

    name = serializers.CharField()
    address = serializers.CharField()
    reply_to = serializers.CharField()
    concerns = serializers.ListField(
        child=serializers.CharField(),
        help_text="In words: not verified, or what is wrong with SPF, DKIM or DMARC.",
    )
    choices = SenderSerializer(many=True)


class WaveSender(OfWave):
    """In whose name the mails of a wave leave."""

    @extend_schema(responses=WaveSenderSerializer)
    def get(self, request: Request, wave_id: UUID) -> Response:
        """Return the sender and those that may be chosen."""
        return _show(self.wave(wave_id))

    @extend_schema(request=SenderChoiceSerializer, responses=WaveSenderSerializer)
    def put(self, request: Request, wave_id: UUID) -> Response:
        """Choose a verified sender; until the launch."""
        wave = self.wave(wave_id)
        form = SenderChoiceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked = form.validated_data["sender"]
        sender = get_or_404(SenderIdentity.objects.all(), asked) if asked else None
        choose_sender(wave, sender=sender, actor=member_of(request))
        return _show(selectors.get_wave_for(member_of(request), wave_id))


def _show(wave: Wave) -> Response:
    identity = identity_for(wave)
    sender = sender_for(wave.practice, identity)
    shown = {
        "sender": wave.sender_id,
        "name": sender.address.display_name,
        "address": sender.address.addr_spec,
        "reply_to": sender.reply_to,
        "concerns": [concern.words for concern in concerns_about(identity)],
        "choices": SenderIdentity.objects.all(),
    }
    return Response(WaveSenderSerializer(shown).data)
