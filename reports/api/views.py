"""Endpoints of documents: list, ask for one, read its state, get its file."""

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

from diagnosis.selectors import get_diagnosis_for
from practice import token_scopes
from practice.api.renderers import FileRenderer
from practice.api.views import member_of
from practice.selectors import get_engagement_for
from reports import services
from reports.api.serializers import ReportDetailSerializer, ReportRequestSerializer, ReportSerializer
from reports.models import Report
from reports.selectors import get_report_for, reports_of_engagement
from reports.views import pdf_response


class PdfRenderer(FileRenderer):
    """For clients that ask for `application/pdf`."""

    media_type = "application/pdf"
    format = "pdf"


class EngagementReports(generics.ListAPIView[Report]):
    """List the reports of an engagement, newest first, or ask for one."""

    serializer_class = ReportSerializer
    queryset = Report.objects.none()
    read_permission = "report.read"
    write_permission = "report.create"
    read_scope = token_scopes.READ_RESULTS
    write_scope = token_scopes.WRITE_RESULTS

    def get_queryset(self) -> Any:
        """Return what the member may see."""
        member = member_of(self.request)
        engagement = get_engagement_for(member, self.kwargs["engagement_id"])
        return reports_of_engagement(member, engagement).defer("document", "diagnosis__result")

    @extend_schema(request=ReportRequestSerializer, responses={202: ReportSerializer})
    def post(self, request: Request, engagement_id: UUID) -> Response:
        """Ask for a document of a finished diagnosis of this engagement; it is made in the background."""
        member = member_of(request)
        engagement = get_engagement_for(member, engagement_id)
        serializer = ReportRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        diagnosis = get_diagnosis_for(member, serializer.validated_data["diagnosis"])
        if diagnosis.engagement_id != engagement.pk:
            raise Http404
        report = services.request_report(
            diagnosis=diagnosis,
            kind=serializer.validated_data["kind"],
            actor=member,
            language=serializer.validated_data.get("language", ""),
        )
        return Response(ReportSerializer(report).data, status=202)


class ReportDetail(APIView):
    """Read one report: its state, progress, size and hashes."""

    read_permission = "report.read"
    write_permission = "report.create"
    read_scope = token_scopes.READ_RESULTS
    write_scope = token_scopes.WRITE_RESULTS

    @extend_schema(responses=ReportDetailSerializer)
    def get(self, request: Request, report_id: UUID) -> Response:
        """Return the report."""
        return Response(ReportDetailSerializer(get_report_for(member_of(request), report_id)).data)


class ReportFile(APIView):
    """Get the PDF of a finished report."""

    read_permission = "report.read"
    write_permission = "report.create"
    read_scope = token_scopes.READ_RESULTS
    write_scope = token_scopes.WRITE_RESULTS
    renderer_classes = [JSONRenderer, PdfRenderer]

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, report_id: UUID) -> HttpResponse:
        """Return the file; 404 while it is not made."""
        return pdf_response(get_report_for(member_of(request), report_id))
