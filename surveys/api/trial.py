"""Endpoints before the launch: the forms of a wave, and trying everything out with test mails and test answers."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from practice import token_scopes
from practice.api.views import member_of
from surveys import selectors
from surveys.api.serializers import FormChoiceSerializer, WaveSerializer
from surveys.api.views import show_wave
from surveys.services import trial, waves


class TestCountsSerializer(serializers.Serializer[Any]):
    """What trying out has left: tries, mails and finished test answers; they count nowhere."""

    n_waves = serializers.IntegerField()
    n_mails = serializers.IntegerField()
    n_finished = serializers.IntegerField()


class WaveForms(APIView):
    """The forms of a wave."""

    read_permission = "field.read"
    write_permission = "wave.edit"
    read_scope = token_scopes.READ_FIELD
    write_scope = token_scopes.WRITE_WAVES

    @extend_schema(request=FormChoiceSerializer, responses=WaveSerializer)
    def post(self, request: Request, wave_id: UUID) -> Response:
        """Choose the form of each audience and the optional parts anew; until the launch.

        Audiences that are not named keep their form; parts that are not named are switched off.
        """
        member = member_of(request)
        wave = selectors.get_wave_for(member, wave_id)
        form = FormChoiceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        waves.change_forms(wave, forms=data["forms"], components=data["components"], actor=member)
        return show_wave(selectors.get_wave_for(member, wave_id))


class WaveTests(APIView):
    """Trying a wave out before its launch."""

    read_permission = "field.read"
    write_permission = "wave.edit"
    read_scope = token_scopes.READ_FIELD
    write_scope = token_scopes.SEND

    @extend_schema(responses=TestCountsSerializer)
    def get(self, request: Request, wave_id: UUID) -> Response:
        """Return how many test mails and test answers the wave's engagement holds."""
        wave = selectors.get_wave_for(member_of(request), wave_id)
        return Response(TestCountsSerializer(trial.count_tests(wave.engagement)).data)

    @extend_schema(request=None, responses={201: TestCountsSerializer})
    def post(self, request: Request, wave_id: UUID) -> Response:
        """Send the member the invitation and every reminder of each audience, marked as test."""
        member = member_of(request)
        wave = selectors.get_wave_for(member, wave_id)
        trial.send_everything(wave, actor=member)
        return Response(TestCountsSerializer(trial.count_tests(wave.engagement)).data, status=201)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, wave_id: UUID) -> Response:
        """Delete every test answer, link and mail of the wave's engagement; live answers are not touched."""
        member = member_of(request)
        trial.delete_tests(selectors.get_wave_for(member, wave_id).engagement, actor=member)
        return Response(status=204)
