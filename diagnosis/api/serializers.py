"""What the API shows and takes of diagnoses, findings and actions; figures are the stored, unrounded ones."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from diagnosis.enums import CommentChoice, Decision
from diagnosis.models import Action, Comment, Diagnosis, Finding
from diagnosis.services import KIND
from diagnosis.words import VERDICTS
from practice.api.serializers import JobSerializer
from practice.selectors import latest_job


class DiagnosisSerializer(serializers.ModelSerializer[Diagnosis]):
    """A diagnosis without its figures."""

    engagement = serializers.UUIDField(source="engagement_id", read_only=True)
    wave = serializers.UUIDField(source="wave_id", read_only=True)

    class Meta:
        model = Diagnosis
        fields = [
            "id",
            "engagement",
            "wave",
            "number",
            "state",
            "rules_version",
            "summary",
            "created_at",
            "computed_at",
        ]
        read_only_fields = fields


class DiagnosisDetailSerializer(DiagnosisSerializer):
    """A diagnosis with its whole result and the progress of its computation.

    `result` holds every figure unrounded (schema 1, see docs); what may not be shown is absent and carries its reason.
    """

    result = serializers.SerializerMethodField()
    job = serializers.SerializerMethodField()

    class Meta(DiagnosisSerializer.Meta):
        fields = [*DiagnosisSerializer.Meta.fields, "result", "job"]
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": True, "nullable": True})
    def get_result(self, diagnosis: Diagnosis) -> Any:
        """Return the stored result; None until it is computed."""
        return diagnosis.result or None

    @extend_schema_field(JobSerializer(allow_null=True))
    def get_job(self, diagnosis: Diagnosis) -> Any:
        """Return the newest job of the diagnosis."""
        job = latest_job(KIND, diagnosis.pk)
        return JobSerializer(job).data if job else None


class FindingSerializer(serializers.ModelSerializer[Finding]):
    """A finding with its evidence."""

    diagnosis = serializers.UUIDField(source="diagnosis_id", read_only=True)
    evidence = extend_schema_field(OpenApiTypes.OBJECT)(serializers.JSONField)(read_only=True)
    causes = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Finding
        fields = [
            "id",
            "diagnosis",
            "rank",
            "code",
            "stage",
            "gap",
            "dimension",
            "headline",
            "text",
            "evidence",
            "causes",
            "certainty",
            "severity",
            "priority",
            "decision",
            "note",
        ]
        read_only_fields = fields


class DecisionSerializer(serializers.Serializer[Any]):
    """What is decided of a finding; texts may be edited with it, figures may not."""

    decision = serializers.ChoiceField(choices=Decision.choices)
    headline = serializers.CharField(max_length=240, required=False)
    text = serializers.CharField(required=False, allow_blank=True)
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class CommentSerializer(serializers.ModelSerializer[Comment]):
    """What somebody wrote to one question; the order is drawn for each question and joins nothing."""

    diagnosis = serializers.UUIDField(source="diagnosis_id", read_only=True)

    class Meta:
        model = Comment
        fields = ["id", "diagnosis", "audience", "question", "position", "text", "choice"]
        read_only_fields = fields


class ChoiceSerializer(serializers.Serializer[Any]):
    """What is chosen of a comment."""

    choice = serializers.ChoiceField(choices=CommentChoice.choices)


class ActionSerializer(serializers.ModelSerializer[Action]):
    """An action with the gap it should close and the diagnosis it came from."""

    engagement = serializers.UUIDField(source="engagement_id", read_only=True)
    diagnosis = serializers.UUIDField(source="diagnosis_id", read_only=True)
    finding = serializers.UUIDField(source="finding_id", read_only=True, allow_null=True)
    basis = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Action
        fields = [
            "id",
            "engagement",
            "diagnosis",
            "finding",
            "entry",
            "stage",
            "gap",
            "dimension",
            "title",
            "cause",
            "question",
            "owner",
            "starts_on",
            "due_on",
            "effort",
            "impact",
            "measure",
            "baseline",
            "target",
            "rollout_attribute",
            "rollout_value",
            "basis",
            "position",
            "state",
        ]
        read_only_fields = ["entry", "stage", "gap", "dimension", "question", "baseline", "position"]


class NewActionSerializer(serializers.ModelSerializer[Action]):
    """An action to add to the plan: one's own, or an entry of the library."""

    title = serializers.CharField(max_length=240, required=False, allow_blank=True, default="")
    entry = serializers.CharField(max_length=8, required=False, allow_blank=True, default="")
    dimension = serializers.CharField(max_length=10, required=False, allow_blank=True, default="")

    class Meta:
        model = Action
        fields = [
            "gap",
            "dimension",
            "entry",
            "title",
            "owner",
            "starts_on",
            "due_on",
            "target",
            "measure",
            "rollout_attribute",
            "rollout_value",
        ]


class ShiftSerializer(serializers.Serializer[Any]):
    """Change of one side of a gap with its 95 % interval, where it can be tested."""

    estimate = serializers.FloatField()
    ci_low = serializers.FloatField(allow_null=True)
    ci_high = serializers.FloatField(allow_null=True)


class ChangeSerializer(serializers.Serializer[Any]):
    """One gap in two waves; `later` and `earlier` are the changes of its two sides: perception and expectation in E1.

    `verdict`: closed, smaller, unchanged, larger, undecided, suppressed or not_measured; figures are null where they
    may not be shown. `driver`: the side that moved (later, earlier, both, open), or empty.
    """

    verdict = serializers.ChoiceField(choices=list(VERDICTS))
    now = serializers.FloatField(allow_null=True)
    before = serializers.FloatField(allow_null=True)
    certainty_now = serializers.CharField()
    certainty_before = serializers.CharField()
    n_now = serializers.IntegerField(allow_null=True)
    n_before = serializers.IntegerField(allow_null=True)
    estimate = serializers.FloatField(allow_null=True)
    ci_low = serializers.FloatField(allow_null=True)
    ci_high = serializers.FloatField(allow_null=True)
    df = serializers.FloatField(allow_null=True)
    p_value = serializers.FloatField(allow_null=True)
    q_value = serializers.FloatField(allow_null=True)
    later = ShiftSerializer(allow_null=True)
    earlier = ShiftSerializer(allow_null=True)
    driver = serializers.CharField()
    reason = serializers.CharField(allow_null=True)
    indicative = serializers.BooleanField()


class GapChangeSerializer(serializers.Serializer[Any]):
    """One gap of the questionnaire in two waves, overall and by dimension; `later` and `earlier` are its states."""

    code = serializers.CharField()
    name = serializers.CharField()
    stage = serializers.CharField()
    unit = serializers.CharField()
    later = serializers.CharField()
    earlier = serializers.CharField()
    overall = ChangeSerializer()
    dimensions = serializers.DictField(child=ChangeSerializer())


class ActionOutcomeSerializer(serializers.Serializer[Any]):
    """An agreed action of the wave before: its gap then, its target, and what was found now."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    owner = serializers.CharField()
    state = serializers.CharField()
    gap = serializers.CharField()
    dimension = serializers.CharField()
    baseline = serializers.FloatField(allow_null=True)
    target = serializers.FloatField(allow_null=True)
    is_target_met = serializers.BooleanField(allow_null=True)
    change = ChangeSerializer()


class MixPartSerializer(serializers.Serializer[Any]):
    """Change of the total gap or one of its sides: within + mix + rest = change; the interval is that of `within`."""

    code = serializers.CharField()
    change = serializers.FloatField()
    within = serializers.FloatField()
    ci_low = serializers.FloatField(allow_null=True)
    ci_high = serializers.FloatField(allow_null=True)
    mix = serializers.FloatField()
    rest = serializers.FloatField()


class MixSegmentSerializer(serializers.Serializer[Any]):
    """A group of customers in both waves: answers, share, total gap."""

    value = serializers.CharField()
    n_now = serializers.IntegerField()
    n_before = serializers.IntegerField()
    share_now = serializers.FloatField()
    share_before = serializers.FloatField()
    gap_now = serializers.FloatField()
    gap_before = serializers.FloatField()


class MixSerializer(serializers.Serializer[Any]):
    """What other shares of groups of customers did to the total gap, by one attribute; else `reason` says why not."""

    attribute = serializers.CharField()
    parts = MixPartSerializer(many=True)
    segments = MixSegmentSerializer(many=True)
    reason = serializers.CharField()


class PanelRowSerializer(serializers.Serializer[Any]):
    """Paired change of the same persons on a state or gap; `dimension` is empty for all together."""

    code = serializers.CharField()
    dimension = serializers.CharField()
    reason = serializers.CharField()
    n = serializers.IntegerField(allow_null=True)
    estimate = serializers.FloatField(allow_null=True)
    ci_low = serializers.FloatField(allow_null=True)
    ci_high = serializers.FloatField(allow_null=True)
    df = serializers.FloatField(allow_null=True)
    p_value = serializers.FloatField(allow_null=True)
    q_value = serializers.FloatField(allow_null=True)


class LeaverRowSerializer(serializers.Serializer[Any]):
    """Earlier scores of those who answered again minus those of who did not."""

    code = serializers.CharField()
    reason = serializers.CharField()
    n_stayed = serializers.IntegerField(allow_null=True)
    n_left = serializers.IntegerField(allow_null=True)
    estimate = serializers.FloatField(allow_null=True)
    ci_low = serializers.FloatField(allow_null=True)
    ci_high = serializers.FloatField(allow_null=True)
    df = serializers.FloatField(allow_null=True)
    p_value = serializers.FloatField(allow_null=True)
    q_value = serializers.FloatField(allow_null=True)


class PanelSerializer(serializers.Serializer[Any]):
    """The same persons in both waves of a named audience; else `reason` says why there are none."""

    audience = serializers.CharField()
    reason = serializers.CharField()
    n = serializers.IntegerField(allow_null=True)
    n_left = serializers.IntegerField(allow_null=True)
    changes = PanelRowSerializer(many=True)
    leavers = LeaverRowSerializer(many=True)


class ReturnRowSerializer(serializers.Serializer[Any]):
    """One of the largest gaps before: what it was expected to do by itself, over the interval of r, and the rest."""

    dimension = serializers.CharField()
    before = serializers.FloatField()
    now = serializers.FloatField()
    change = serializers.FloatField()
    by_itself = serializers.FloatField()
    by_itself_low = serializers.FloatField()
    by_itself_high = serializers.FloatField()
    beyond = serializers.FloatField()


class ReturnSerializer(serializers.Serializer[Any]):
    """Regression to the mean of the total gap on its dimensions; `r` over `n` dimensions of both waves."""

    n = serializers.IntegerField()
    mean_before = serializers.FloatField(allow_null=True)
    r = serializers.FloatField(allow_null=True)
    ci_low = serializers.FloatField(allow_null=True)
    ci_high = serializers.FloatField(allow_null=True)
    rows = ReturnRowSerializer(many=True)
    reason = serializers.CharField()


class RolloutRowSerializer(serializers.Serializer[Any]):
    """Change where the action was rolled out, change elsewhere, and their difference with its interval."""

    code = serializers.CharField()
    where = serializers.FloatField()
    elsewhere = serializers.FloatField()
    estimate = serializers.FloatField()
    ci_low = serializers.FloatField(allow_null=True)
    ci_high = serializers.FloatField(allow_null=True)
    p_value = serializers.FloatField(allow_null=True)
    reason = serializers.CharField()


class RolloutSerializer(serializers.Serializer[Any]):
    """Difference-in-differences of an agreed action; it rests on both sides moving alike without the action."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    attribute = serializers.CharField()
    value = serializers.CharField()
    n_now = serializers.IntegerField(allow_null=True)
    n_before = serializers.IntegerField(allow_null=True)
    others = serializers.ListField(child=serializers.CharField())
    n_others_now = serializers.IntegerField(allow_null=True)
    n_others_before = serializers.IntegerField(allow_null=True)
    rows = RolloutRowSerializer(many=True)
    reason = serializers.CharField()


class WaveChangeSerializer(serializers.Serializer[Any]):
    """A diagnosis against the newest finished one of the wave before."""

    later_wave = serializers.CharField()
    earlier_wave = serializers.CharField()
    later_id = serializers.UUIDField()
    earlier_id = serializers.UUIDField()
    gaps = GapChangeSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())
    actions = ActionOutcomeSerializer(many=True)
    mix = MixSerializer(many=True)
    panel = PanelSerializer(many=True)
    by_itself = ReturnSerializer(allow_null=True)
    rollouts = RolloutSerializer(many=True)
