"""Endpoint of answers as rows: a CSV or XLSX file per audience, where the rules of disclosure allow rows."""

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from practice import token_scopes
from practice.api.renderers import CsvRenderer, XlsxRenderer
from practice.api.views import member_of
from practice.xlsx_file import XLSX
from surveys import selectors
from surveys.response_files import FILE_TYPES, response_file


class AudienceResponsesFile(APIView):
    """Answers of an audience as a file of rows."""

    read_permission = "export"
    write_permission = "export"
    read_scope = token_scopes.READ_RESULTS
    write_scope = token_scopes.READ_RESULTS
    renderer_classes = [JSONRenderer, CsvRenderer, XlsxRenderer]

    @extend_schema(
        operation_id="audiences_responses_file_retrieve",
        parameters=[OpenApiParameter("file_type", str, OpenApiParameter.PATH, enum=list(FILE_TYPES))],
        responses={(200, "text/csv"): OpenApiTypes.BINARY, (200, XLSX): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, audience_id: UUID, file_type: str) -> HttpResponse:
        """Return the file; 409 says why the rows of a confidential or too small audience are withheld."""
        member = member_of(request)
        return response_file(selectors.get_audience_for(member, audience_id), file_type, actor=member)
