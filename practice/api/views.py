"""Endpoints of clients, engagements and jobs."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from practice import services, token_scopes
from practice.api.filters import ClientFilter, EngagementFilter, JobFilter
from practice.api.serializers import ClientSerializer, EngagementSerializer, JobSerializer
from practice.models import ClientOrganisation, Engagement, Job, Member
from practice.selectors import clients_for, engagements_for, get_client_for, get_engagement_for, get_or_404


def member_of(request: Request) -> Member:
    """Return the member whose token the call carries."""
    member: Member = request._request.member  # type: ignore[attr-defined]  # set by PracticeMiddleware
    return member


class ClientList(generics.ListCreateAPIView[ClientOrganisation]):
    """List client organisations, or add one."""

    serializer_class = ClientSerializer
    queryset = ClientOrganisation.objects.none()
    filterset_class = ClientFilter
    ordering_fields = ("name", "sector", "created_at")
    read_permission = "client.read"
    write_permission = "client.edit"
    read_scope = token_scopes.READ_ENGAGEMENTS
    write_scope = token_scopes.WRITE_ENGAGEMENTS

    def get_queryset(self) -> Any:
        """Return what the member may see."""
        return clients_for(member_of(self.request))

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Add the client through its service."""
        serializer.instance = services.create_client(
            actor=member_of(self.request), **serializer.validated_data
        )


class ClientDetail(APIView):
    """Read or change one client organisation."""

    read_permission = "client.read"
    write_permission = "client.edit"
    read_scope = token_scopes.READ_ENGAGEMENTS
    write_scope = token_scopes.WRITE_ENGAGEMENTS

    @extend_schema(responses=ClientSerializer)
    def get(self, request: Request, client_id: UUID) -> Response:
        """Return the client organisation."""
        return Response(ClientSerializer(get_client_for(member_of(request), client_id)).data)

    @extend_schema(request=ClientSerializer, responses=ClientSerializer)
    def patch(self, request: Request, client_id: UUID) -> Response:
        """Change the client organisation."""
        client = get_client_for(member_of(request), client_id)
        serializer = ClientSerializer(client, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        services.update_client(client, actor=member_of(request), **serializer.validated_data)
        return Response(ClientSerializer(client).data)


class EngagementList(generics.ListCreateAPIView[Engagement]):
    """List engagements, or open one."""

    serializer_class = EngagementSerializer
    queryset = Engagement.objects.none()
    filterset_class = EngagementFilter
    ordering_fields = ("name", "created_at")
    read_permission = "engagement.read"
    write_permission = "engagement.edit"
    read_scope = token_scopes.READ_ENGAGEMENTS
    write_scope = token_scopes.WRITE_ENGAGEMENTS

    def get_queryset(self) -> Any:
        """Return what the member may see."""
        return engagements_for(member_of(self.request))

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Open the engagement for a client the member may see."""
        data = serializer.validated_data
        member = member_of(self.request)
        serializer.instance = services.create_engagement(
            client=get_client_for(member, data["client_organisation_id"]),
            name=data["name"],
            question=data.get("question", ""),
            actor=member,
        )


class EngagementDetail(APIView):
    """Read or change one engagement."""

    read_permission = "engagement.read"
    write_permission = "engagement.edit"
    read_scope = token_scopes.READ_ENGAGEMENTS
    write_scope = token_scopes.WRITE_ENGAGEMENTS

    @extend_schema(responses=EngagementSerializer)
    def get(self, request: Request, engagement_id: UUID) -> Response:
        """Return the engagement."""
        return Response(EngagementSerializer(get_engagement_for(member_of(request), engagement_id)).data)

    @extend_schema(request=EngagementSerializer, responses=EngagementSerializer)
    def patch(self, request: Request, engagement_id: UUID) -> Response:
        """Change client, name or question."""
        member = member_of(request)
        engagement = get_engagement_for(member, engagement_id)
        serializer = EngagementSerializer(engagement, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        fields = dict(serializer.validated_data)
        if (client_id := fields.pop("client_organisation_id", None)) is not None:
            fields["client_organisation"] = get_client_for(member, client_id)
        services.update_engagement(engagement, actor=member, **fields)
        return Response(EngagementSerializer(engagement).data)


class JobList(generics.ListAPIView[Job]):
    """List jobs, newest first: what runs in the background, how far it is, how it ended."""

    serializer_class = JobSerializer
    queryset = Job.objects.none()
    filterset_class = JobFilter
    ordering_fields = ("created_at", "finished_at")
    read_permission = "field.read"
    write_permission = "engagement.edit"
    read_scope = token_scopes.READ_ENGAGEMENTS
    write_scope = token_scopes.WRITE_ENGAGEMENTS

    def get_queryset(self) -> Any:
        """Return the practice's jobs."""
        return Job.objects.order_by("-created_at", "pk")


class JobDetail(APIView):
    """Read one job: its state and progress."""

    read_permission = "field.read"
    write_permission = "engagement.edit"
    read_scope = token_scopes.READ_ENGAGEMENTS
    write_scope = token_scopes.WRITE_ENGAGEMENTS

    @extend_schema(responses=JobSerializer)
    def get(self, request: Request, job_id: UUID) -> Response:
        """Return the job."""
        return Response(JobSerializer(get_or_404(Job.objects.all(), job_id)).data)
