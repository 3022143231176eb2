"""Endpoints of diagnoses, findings and actions: select for the member, call one service, show."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from diagnosis import services
from diagnosis.api.serializers import (
    ActionSerializer,
    ChoiceSerializer,
    CommentSerializer,
    DecisionSerializer,
    DiagnosisDetailSerializer,
    DiagnosisSerializer,
    FindingSerializer,
    NewActionSerializer,
    WaveChangeSerializer,
)
from diagnosis.comments import comments_for, get_comment_for
from diagnosis.enums import ActionState, DiagnosisState
from diagnosis.export import workbook_response
from diagnosis.models import Action, Comment, Diagnosis, Finding
from diagnosis.result import SCHEMA
from diagnosis.selectors import (
    actions_for,
    diagnoses_for,
    findings_for,
    get_action_for,
    get_diagnosis_for,
    get_finding_for,
    latest_diagnosis_for,
)
from diagnosis.wave_change import change_since_earlier_wave
from practice import token_scopes
from practice.api.renderers import XlsxRenderer
from practice.api.views import member_of
from practice.models import Member
from practice.selectors import engagements_for, get_engagement_for, get_or_404
from practice.xlsx_file import XLSX
from surveys.models import Wave

NOT_IN_PLAN = (ActionState.PROPOSED, ActionState.DROPPED)


def _wave_for(member: Member, wave_id: UUID) -> Wave:
    wave: Wave = get_or_404(Wave.objects.filter(engagement__in=engagements_for(member)), wave_id)
    return wave


class WaveDiagnoses(generics.ListAPIView[Diagnosis]):
    """List the diagnoses of a wave, newest first, or ask for one."""

    serializer_class = DiagnosisSerializer
    queryset = Diagnosis.objects.none()
    read_permission = "diagnosis.read"
    write_permission = "diagnosis.edit"
    read_scope = token_scopes.READ_RESULTS
    write_scope = token_scopes.WRITE_RESULTS

    def get_queryset(self) -> Any:
        """Return what the member may see."""
        member = member_of(self.request)
        return diagnoses_for(member).filter(wave=_wave_for(member, self.kwargs["wave_id"])).defer("result")

    @extend_schema(request=None, responses={202: DiagnosisSerializer})
    def post(self, request: Request, wave_id: UUID) -> Response:
        """Ask for a diagnosis of what is released; a current or running one is returned instead of a second."""
        wave = _wave_for(member_of(request), wave_id)
        diagnosis = services.request_diagnosis(wave, member_of(request))
        return Response(DiagnosisSerializer(diagnosis).data, status=202)


class DiagnosisDetail(APIView):
    """Read one diagnosis: state, progress, and the whole result with every figure."""

    read_permission = "diagnosis.read"
    write_permission = "diagnosis.edit"
    read_scope = token_scopes.READ_RESULTS
    write_scope = token_scopes.WRITE_RESULTS

    @extend_schema(responses=DiagnosisDetailSerializer)
    def get(self, request: Request, diagnosis_id: UUID) -> Response:
        """Return the diagnosis."""
        diagnosis = get_diagnosis_for(member_of(request), diagnosis_id)
        return Response(DiagnosisDetailSerializer(diagnosis).data)


class DiagnosisChange(APIView):
    """Read what has changed since the wave before."""

    read_permission = "diagnosis.read"
    write_permission = "diagnosis.edit"
    read_scope = token_scopes.READ_RESULTS
    write_scope = token_scopes.WRITE_RESULTS

    @extend_schema(responses=WaveChangeSerializer)
    def get(self, request: Request, diagnosis_id: UUID) -> Response:
        """Return every gap and every agreed action against the wave before; 404 where there is none to compare with."""
        diagnosis = get_diagnosis_for(member_of(request), diagnosis_id)
        found = change_since_earlier_wave(diagnosis)
        if found is None:
            raise Http404
        return Response(WaveChangeSerializer(found.to_json()).data)


class DiagnosisTables(APIView):
    """Get every table of a finished diagnosis as XLSX."""

    read_permission = "export"
    write_permission = "diagnosis.edit"
    read_scope = token_scopes.READ_RESULTS
    write_scope = token_scopes.WRITE_RESULTS
    renderer_classes = [JSONRenderer, XlsxRenderer]

    @extend_schema(responses={(200, XLSX): OpenApiTypes.BINARY})
    def get(self, request: Request, diagnosis_id: UUID) -> HttpResponse:
        """Return the file; 404 while there is no result, or one of another version of the program."""
        diagnosis = get_diagnosis_for(member_of(request), diagnosis_id)
        if diagnosis.state != DiagnosisState.SUCCEEDED or diagnosis.result.get("schema") != SCHEMA:
            raise Http404
        return workbook_response(diagnosis, member_of(request))


class DiagnosisFindings(generics.ListAPIView[Finding]):
    """List the findings of a diagnosis in rank order."""

    serializer_class = FindingSerializer
    queryset = Finding.objects.none()
    read_permission = "diagnosis.read"
    write_permission = "diagnosis.edit"
    read_scope = token_scopes.READ_RESULTS
    write_scope = token_scopes.WRITE_RESULTS

    def get_queryset(self) -> Any:
        """Return what the member may see."""
        member = member_of(self.request)
        diagnosis = get_diagnosis_for(member, self.kwargs["diagnosis_id"])
        return findings_for(member, diagnosis).defer("diagnosis__result")


class DiagnosisComments(generics.ListAPIView[Comment]):
    """List the comments of a diagnosis by audience and question; groups below ten finished answers have none."""

    serializer_class = CommentSerializer
    queryset = Comment.objects.none()
    read_permission = "diagnosis.read"
    write_permission = "diagnosis.edit"
    read_scope = token_scopes.READ_RESULTS
    write_scope = token_scopes.WRITE_RESULTS

    def get_queryset(self) -> Any:
        """Return what the member may see."""
        member = member_of(self.request)
        return comments_for(member, get_diagnosis_for(member, self.kwargs["diagnosis_id"]))


class CommentChoose(APIView):
    """Pick or hide a comment."""

    read_permission = "diagnosis.read"
    write_permission = "diagnosis.edit"
    read_scope = token_scopes.READ_RESULTS
    write_scope = token_scopes.WRITE_RESULTS

    @extend_schema(request=ChoiceSerializer, responses=CommentSerializer)
    def post(self, request: Request, comment_id: UUID) -> Response:
        """Pick the comment, hide it or put it back; its text cannot be changed."""
        comment = get_comment_for(member_of(request), comment_id)
        serializer = ChoiceSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        chosen = services.choose_comment(comment, actor=member_of(request), **serializer.validated_data)
        return Response(CommentSerializer(chosen).data)


class FindingDecision(APIView):
    """Decide a finding."""

    read_permission = "diagnosis.read"
    write_permission = "diagnosis.edit"
    read_scope = token_scopes.READ_RESULTS
    write_scope = token_scopes.WRITE_RESULTS

    @extend_schema(request=DecisionSerializer, responses=FindingSerializer)
    def post(self, request: Request, finding_id: UUID) -> Response:
        """Accept, reject or put back the finding; its texts may be edited with it."""
        finding = get_finding_for(member_of(request), finding_id)
        serializer = DecisionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        decided = services.decide_finding(finding, actor=member_of(request), **serializer.validated_data)
        return Response(FindingSerializer(decided).data)


class EngagementActions(generics.ListAPIView[Action]):
    """List the actions of an engagement in plan order, or add one."""

    serializer_class = ActionSerializer
    queryset = Action.objects.none()
    read_permission = "action.read"
    write_permission = "action.edit"
    read_scope = token_scopes.READ_RESULTS
    write_scope = token_scopes.WRITE_RESULTS

    def get_queryset(self) -> Any:
        """Return what the member may see."""
        member = member_of(self.request)
        engagement = get_engagement_for(member, self.kwargs["engagement_id"])
        return actions_for(member, engagement=engagement).defer("diagnosis__result")

    @extend_schema(request=NewActionSerializer, responses={201: ActionSerializer})
    def post(self, request: Request, engagement_id: UUID) -> Response:
        """Add an action to the plan of the newest finished diagnosis."""
        engagement = get_engagement_for(member_of(request), engagement_id)
        serializer = NewActionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        diagnosis = latest_diagnosis_for(member_of(request), engagement)
        if diagnosis is None or diagnosis.state != DiagnosisState.SUCCEEDED:
            raise Http404
        action = services.plan_action(diagnosis, actor=member_of(request), **serializer.validated_data)
        return Response(ActionSerializer(action).data, status=201)


class ActionDetail(APIView):
    """Read or change one action."""

    read_permission = "action.read"
    write_permission = "action.edit"
    read_scope = token_scopes.READ_RESULTS
    write_scope = token_scopes.WRITE_RESULTS

    @extend_schema(responses=ActionSerializer)
    def get(self, request: Request, action_id: UUID) -> Response:
        """Return the action."""
        return Response(ActionSerializer(get_action_for(member_of(request), action_id)).data)

    @extend_schema(request=ActionSerializer, responses=ActionSerializer)
    def patch(self, request: Request, action_id: UUID) -> Response:
        """Change the action; the state `planned` takes a proposed one into the plan."""
        action = get_action_for(member_of(request), action_id)
        serializer = ActionSerializer(action, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        fields = dict(serializer.validated_data)
        if action.state in NOT_IN_PLAN and fields.get("state") == ActionState.PLANNED:
            del fields["state"]
            changed = services.accept_action(action, actor=member_of(request), **fields)
        else:
            changed = services.update_action(action, actor=member_of(request), **fields)
        return Response(ActionSerializer(changed).data)
