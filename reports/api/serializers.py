"""What the API shows and takes of reports."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from practice.api.serializers import JobSerializer
from practice.selectors import latest_job
from reports.enums import ReportKind
from reports.models import Report


class ReportSerializer(serializers.ModelSerializer[Report]):
    """A report without its file."""

    engagement = serializers.UUIDField(source="engagement_id", read_only=True)
    diagnosis = serializers.UUIDField(source="diagnosis_id", read_only=True)

    class Meta:
        model = Report
        fields = [
            "id",
            "engagement",
            "diagnosis",
            "kind",
            "language",
            "state",
            "title",
            "document_hash",
            "sha256",
            "n_bytes",
            "n_pages",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields


class ReportDetailSerializer(ReportSerializer):
    """A report with the progress of its making."""

    job = serializers.SerializerMethodField()

    class Meta(ReportSerializer.Meta):
        fields = [*ReportSerializer.Meta.fields, "job"]
        read_only_fields = fields

    @extend_schema_field(JobSerializer(allow_null=True))
    def get_job(self, report: Report) -> Any:
        """Return the newest job of the report."""
        job = latest_job("report", report.pk)
        return JobSerializer(job).data if job else None


class ReportRequestSerializer(serializers.Serializer[Any]):
    """Which document to make, of which diagnosis."""

    kind = serializers.ChoiceField(choices=ReportKind.choices)
    diagnosis = serializers.UUIDField()
    language = serializers.ChoiceField(
        choices=settings.LANGUAGES, required=False, help_text="Without one, the client's."
    )
