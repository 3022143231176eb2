"""What the API shows and takes of waves, people and mails; never who of a confidential audience has answered."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from surveys.enums import DeliveryState, Mode, WaveKind
from surveys.mail.holds import Hold, hold_of_mail
from surveys.models import Delivery
from surveys.retention import deletion_date


class AudienceSerializer(serializers.Serializer[Any]):
    """An audience of a wave with its field counts; `null` = must not be shown, or not counted yet."""

    id = serializers.UUIDField(source="audience.pk")
    audience = serializers.CharField(source="audience.audience")
    form = serializers.CharField(source="audience.form")
    mode = serializers.CharField(source="audience.mode")
    state = serializers.CharField(source="audience.state")
    opens_at = serializers.DateTimeField(source="audience.opens_at", allow_null=True)
    closes_at = serializers.DateTimeField(source="audience.closes_at", allow_null=True)
    kept_attributes = serializers.ListField(source="audience.kept_attributes", child=serializers.CharField())
    n_people = serializers.IntegerField()
    n_invited = serializers.IntegerField()
    n_waiting = serializers.IntegerField()
    n_accepted = serializers.IntegerField()
    n_delivered = serializers.IntegerField(
        help_text="Those of the accepted that a provider reported as delivered."
    )
    n_bounced = serializers.IntegerField()
    n_uncertain = serializers.IntegerField()
    n_suppressed = serializers.IntegerField()
    n_reminded = serializers.IntegerField()
    n_started = serializers.IntegerField(allow_null=True)
    n_finished = serializers.IntegerField(allow_null=True)
    n_needed = serializers.IntegerField()
    lamp = serializers.ChoiceField(choices=["ok", "soon", "no"])
    stopped = serializers.CharField(
        help_text="Why mails were stopped by themselves, in words; empty when they were not. `resume` lets them go on."
    )


class WaveSummarySerializer(serializers.Serializer[Any]):
    """A wave in a list."""

    id = serializers.UUIDField()
    engagement = serializers.UUIDField(source="engagement_id")
    number = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=WaveKind.choices)
    instrument_code = serializers.CharField()
    instrument_version = serializers.CharField()
    launched_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    answers_kept_until = serializers.SerializerMethodField(
        help_text="When answers and people are deleted, as people were told; null until the wave is over."
    )
    answers_deleted_at = serializers.DateTimeField(allow_null=True)

    def get_answers_kept_until(self, wave: Any) -> datetime | None:
        """Return the date of deletion."""
        return deletion_date(wave["wave"] if isinstance(wave, dict) else wave)


class WaveSerializer(WaveSummarySerializer):
    """A wave with its plan and the field of each audience."""

    components = serializers.ListField(
        child=serializers.CharField(), help_text="Optional parts of the questionnaire that are on."
    )
    reminder_days = serializers.ListField(child=serializers.IntegerField())
    close_days = serializers.IntegerField()
    audiences = AudienceSerializer(many=True)


class FormChoiceSerializer(serializers.Serializer[Any]):
    """Which form each audience answers, and which optional parts of the questionnaire are on."""

    forms = serializers.DictField(
        child=serializers.CharField(max_length=40),
        required=False,
        default=dict,
        help_text="Form by audience, such as customers: customers-short; the others get their standard form.",
    )
    components = serializers.ListField(
        child=serializers.CharField(max_length=40),
        max_length=20,
        required=False,
        default=list,
        help_text="Optional parts to switch on: personal-bond, voice, three-columns, disconfirmation.",
    )


class NewWaveSerializer(FormChoiceSerializer):
    """Who is asked in a new wave."""

    audiences = serializers.ListField(child=serializers.CharField(max_length=20), min_length=1, max_length=10)
    name = serializers.CharField(max_length=80, required=False, default="")
    kind = serializers.ChoiceField(choices=WaveKind.choices, required=False, default=WaveKind.LIVE)
    instrument = serializers.CharField(max_length=40, required=False, default="die-crm")


class ModeSerializer(serializers.Serializer[Any]):
    """Confidential or named."""

    mode = serializers.ChoiceField(choices=Mode.choices)


class PersonSerializer(serializers.Serializer[Any]):
    """A person on the roster."""

    id = serializers.UUIDField()
    audience = serializers.CharField(source="wave_audience.audience")
    email = serializers.EmailField()
    name = serializers.CharField()
    language = serializers.CharField()
    attributes = serializers.DictField(child=serializers.CharField())


class SentMailSerializer(serializers.Serializer[Any]):
    """One mail and what became of it; of confidential audiences only invitations are listed."""

    id = serializers.UUIDField()
    recipient = serializers.UUIDField(source="recipient_id")
    email = serializers.EmailField(source="recipient.email")
    audience = serializers.CharField(source="wave_audience.audience")
    round = serializers.CharField()
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    state_text = serializers.CharField(source="get_state_display")
    due_at = serializers.DateTimeField()
    attempts = serializers.IntegerField()
    was_uncertain = serializers.BooleanField(help_text="It may have arrived twice, with the same Message-ID.")
    hold = serializers.SerializerMethodField(
        help_text="Why it was not, or not yet, sent: stopped, paused, mails_paused, skipped, sender, pace, hours, "
        "server, turn, cap, or why the address is not mailed. Empty: sent, or not due yet."
    )
    hold_text = serializers.SerializerMethodField(help_text="The same in words.")
    hold_until = serializers.SerializerMethodField(help_text="When it ends by itself, if it does.")
    reply = serializers.CharField(help_text="What the mail server or a returned mail said.")

    def get_hold(self, mail: Delivery) -> str:
        """Return the code."""
        hold = self._hold(mail)
        return hold.code if hold else ""

    def get_hold_text(self, mail: Delivery) -> str:
        """Return the words."""
        hold = self._hold(mail)
        return hold.words if hold else ""

    def get_hold_until(self, mail: Delivery) -> datetime | None:
        """Return when mails go on."""
        hold = self._hold(mail)
        return hold.until if hold else None

    def _hold(self, mail: Delivery) -> Hold | None:
        return hold_of_mail(mail, self.context.get("holds", {}), self.context.get("now") or mail.due_at)


class PeopleFileSerializer(serializers.Serializer[Any]):
    """A CSV file with people: the file itself, or its text."""

    file = serializers.FileField(required=False)
    csv = serializers.CharField(required=False, max_length=10 * 1024 * 1024, trim_whitespace=False)

    def validate(self, attrs: dict[str, object]) -> dict[str, object]:
        """Exactly one of the two is needed."""
        if ("file" in attrs) == ("csv" in attrs):
            raise serializers.ValidationError({"file": "Send the list as `file`, or its text as `csv`."})
        return attrs


class ProblemRowSerializer(serializers.Serializer[Any]):
    """A row that cannot be imported yet."""

    row = serializers.IntegerField(source="number")
    values = serializers.DictField(child=serializers.CharField(allow_blank=True))
    problems = serializers.DictField(child=serializers.CharField())


class ImportSerializer(serializers.Serializer[Any]):
    """An uploaded list: what it would do (state `preview`), or what it did."""

    id = serializers.UUIDField()
    wave = serializers.UUIDField(source="wave_id")
    filename = serializers.CharField()
    state = serializers.CharField()
    n_rows = serializers.IntegerField()
    n_ready = serializers.IntegerField()
    n_to_fix = serializers.IntegerField()
    n_merged = serializers.IntegerField()
    n_suppressed = serializers.IntegerField()
    n_imported = serializers.IntegerField()
    problems = ProblemRowSerializer(many=True)


class MailSerializer(serializers.Serializer[Any]):
    """A mail that the recording sink kept."""

    key = serializers.CharField()
    to = serializers.CharField()
    subject = serializers.CharField()
    sent_at = serializers.DateTimeField()
    audience = serializers.CharField()
    round = serializers.CharField()
    text = serializers.CharField()
