"""What the API shows and takes of clients, engagements and jobs."""

from rest_framework import serializers

from practice.models import ClientOrganisation, Engagement, Job


class ClientSerializer(serializers.ModelSerializer[ClientOrganisation]):
    """A client organisation."""

    class Meta:
        model = ClientOrganisation
        fields = ["id", "name", "sector", "colour", "contact_name", "contact_email", "created_at"]
        read_only_fields = ["id", "created_at"]


class EngagementSerializer(serializers.ModelSerializer[Engagement]):
    """An engagement with its client."""

    client_organisation = serializers.UUIDField(source="client_organisation_id")

    class Meta:
        model = Engagement
        fields = ["id", "client_organisation", "name", "question", "created_at"]
        read_only_fields = ["id", "created_at"]


class JobSerializer(serializers.ModelSerializer[Job]):
    """A job with its progress."""

    class Meta:
        model = Job
        fields = [
            "id",
            "kind",
            "object_id",
            "state",
            "done",
            "total",
            "what",
            "error_code",
            "error_text",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields
