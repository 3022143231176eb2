"""Endpoint of responses collected elsewhere: a file with its columns becomes the released responses of an audience."""

import json
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from practice import token_scopes
from practice.api.parsers import JsonObjectParser
from practice.api.views import member_of
from surveys import selectors
from surveys.answers_file import Options
from surveys.models import WaveAudience
from surveys.people_file import MAX_BYTES
from surveys.services import collected


class _JsonField(serializers.JSONField):
    """JSON as such, or as text in a multipart form."""

    def to_internal_value(self, data: Any) -> Any:
        """Read text as JSON; characters that no table can keep are refused."""
        try:
            content = json.loads(data) if isinstance(data, str) else data
            text = json.dumps(content, ensure_ascii=False)
            text.encode()
        except (ValueError, TypeError, RecursionError) as error:
            raise serializers.ValidationError(_("This is no JSON.")) from error
        if "\\u0000" in text:
            raise serializers.ValidationError(_("There are characters in it that cannot be kept."))
        return content


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string", "maxLength": 80}})
class ColumnsField(_JsonField):
    """Header -> slot code, `attribute:<header>`, `weight` or `ignore`."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """Take a mapping of texts."""
        content = super().to_internal_value(data)
        if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
            raise serializers.ValidationError(_("Give an object: header of the column, and what it holds."))
        return content


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {
            "type": "array",
            "items": {"type": "integer", "minimum": -30000, "maximum": 30000},
            "minItems": 2,
            "maxItems": 2,
        },
    }
)
class ScalesField(_JsonField):
    """Code of a scale -> its lowest and highest answer in the file."""

    def to_internal_value(self, data: Any) -> dict[str, tuple[int, int]]:
        """Take a mapping of pairs of whole numbers."""
        content = super().to_internal_value(data)
        if not isinstance(content, dict) or not all(_is_pair(value) for value in content.values()):
            raise serializers.ValidationError(_("Give an object: code of the scale, and its two ends."))
        return {code: (ends[0], ends[1]) for code, ends in content.items()}


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(end, int) and not isinstance(end, bool) for end in value)
    )


@extend_schema_field({"type": "array", "items": {"type": "string", "maxLength": 20}, "maxItems": 20})
class CodesField(_JsonField):
    """Codes as the file writes them."""

    def to_internal_value(self, data: Any) -> list[Any]:
        """Take a list of texts and numbers."""
        content = super().to_internal_value(data)
        if not isinstance(content, list) or not all(
            isinstance(code, str | int) and not isinstance(code, bool) for code in content
        ):
            raise serializers.ValidationError(_("Give a list of codes."))
        return [str(code).strip() for code in content]


class AnswersFileSerializer(serializers.Serializer[Any]):
    """A file of answers collected elsewhere: CSV or XLSX as `file`, or CSV text as `csv`, and how to read it.

    Without `columns` they are guessed by name; a column that is not named is left out. In a multipart form `columns`,
    `scales`, `missing` and `cannot_judge` are JSON texts.
    """

    file = serializers.FileField(required=False)
    csv = serializers.CharField(required=False, max_length=MAX_BYTES, trim_whitespace=False)
    filename = serializers.CharField(required=False, max_length=200, default="answers.csv")
    columns = ColumnsField(required=False)
    scales = ScalesField(required=False)
    missing = CodesField(required=False)
    cannot_judge = CodesField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one of file and text is needed."""
        if ("file" in attrs) == ("csv" in attrs):
            raise serializers.ValidationError(
                {"file": _("Send the answers as `file`, or their text as `csv`.")}
            )
        return attrs

    def options(self) -> Options | None:
        """Return how the file writes answers; None when nothing of it was said."""
        data = self.validated_data
        if not {"scales", "missing", "cannot_judge"} & data.keys():
            return None
        return Options(
            tuple(data.get("missing", ())), tuple(data.get("cannot_judge", ())), data.get("scales", {})
        )


class CollectedSerializer(serializers.Serializer[Any]):
    """Where the answers of an audience come from; `conversions`: slot -> file's low and high, scale's low and high."""

    audience = serializers.CharField()
    state = serializers.CharField()
    filename = serializers.CharField(allow_blank=True)
    n = serializers.IntegerField(allow_null=True)
    n_empty = serializers.IntegerField()
    weighted = serializers.BooleanField()
    columns = serializers.DictField(child=serializers.CharField())
    conversions = serializers.DictField(child=serializers.ListField(child=serializers.IntegerField()))
    kept_attributes = serializers.ListField(child=serializers.CharField())


def _shown(audience: WaveAudience) -> dict[str, Any]:
    source = audience.source
    return CollectedSerializer(
        {
            "audience": audience.audience,
            "state": audience.state,
            "filename": source.get("filename", ""),
            "n": collected.shown_count(audience),
            "n_empty": source.get("n_empty", 0),
            "weighted": source.get("weighted", False),
            "columns": source.get("columns", {}),
            "conversions": source.get("conversions", {}),
            "kept_attributes": audience.kept_attributes,
        }
    ).data


JSON_TEXT = {
    name: serializers.CharField(required=False, help_text="JSON text")
    for name in ("columns", "scales", "missing", "cannot_judge")
}
ANSWERS_UPLOAD = inline_serializer("AnswersUpload", {"file": serializers.FileField(), **JSON_TEXT})


class AudienceResponses(APIView):
    """Answers of an audience that were collected elsewhere."""

    parser_classes = [JsonObjectParser, MultiPartParser]

    read_permission = "field.read"
    write_permission = "wave.edit"
    read_scope = token_scopes.READ_FIELD
    write_scope = token_scopes.WRITE_WAVES

    @extend_schema(responses=CollectedSerializer)
    def get(self, request: Request, audience_id: UUID) -> Response:
        """Return where the answers come from; `filename` is empty when the audience is asked here."""
        return Response(_shown(selectors.get_audience_for(member_of(request), audience_id)))

    @extend_schema(
        request={"multipart/form-data": ANSWERS_UPLOAD},
        responses={201: CollectedSerializer},
    )
    def post(self, request: Request, audience_id: UUID) -> Response:
        """Take a file over, all rows or none; problem details name the row and column of what is wrong.

        Answers taken over earlier for the audience are replaced. The audience is released, so it can be diagnosed.
        Instead of a form with a file, JSON with the answers as text is taken, as `csv`.
        """
        member = member_of(request)
        audience = selectors.get_audience_for(member, audience_id)
        form = AnswersFileSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        file = data.get("file")
        collected.take_over(
            audience=audience,
            filename=file.name if file else data["filename"],
            content=file.read() if file else data["csv"].encode(),
            columns=data.get("columns"),
            options=form.options(),
            actor=member,
        )
        audience.refresh_from_db()
        return Response(_shown(audience), status=201)
