"""What the API shows and takes of clients, engagements, jobs and tokens."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from practice.models import ApiToken, ClientOrganisation, Engagement, Job
from practice.services import MAX_TOKEN_DAYS, TOKEN_DAYS
from practice.token_scopes import SCOPES


class ClientSerializer(serializers.ModelSerializer[ClientOrganisation]):
    """A client organisation; `language` is that of its documents, `time_zone` the one its surveys are planned in."""

    language = serializers.ChoiceField(choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)

    class Meta:
        model = ClientOrganisation
        fields = [
            *("id", "name", "sector", "colour", "language", "time_zone", "contact_name", "contact_email"),
            "created_at",
        ]
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


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """An API token without its secret."""

    scopes = serializers.ListField(child=serializers.ChoiceField(choices=list(SCOPES)), read_only=True)

    class Meta:
        model = ApiToken
        fields = [
            "id",
            "name",
            "prefix",
            "scopes",
            "created_at",
            "expires_at",
            "last_used_at",
            "rotated_at",
            "revoked_at",
        ]
        read_only_fields = fields


class NewTokenSerializer(serializers.Serializer[Any]):
    """What a new token is for, what it may do, and for how many days."""

    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=list(SCOPES)), min_length=1)
    days = serializers.IntegerField(min_value=1, max_value=MAX_TOKEN_DAYS, required=False, default=TOKEN_DAYS)


class RotationSerializer(serializers.Serializer[Any]):
    """For how many days the token made in the place of one is valid."""

    days = serializers.IntegerField(min_value=1, max_value=MAX_TOKEN_DAYS, required=False, default=TOKEN_DAYS)


class MadeTokenSerializer(TokenSerializer):
    """A token as it is made: `secret` is shown in this one answer."""

    secret = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "secret"]
        read_only_fields = fields
