"""The stores of answers: draft, spool, response; none shares a person-level key with the roster or the ledger."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from practice.models import PracticeForeignKey, PracticeModel
from surveys.models.recipient import Recipient
from surveys.models.wave import WaveAudience


class Draft(PracticeModel):
    """Answers on their way, sealed with a key derived from the respondent's own token."""

    wave_audience = PracticeForeignKey(WaveAudience, on_delete=models.CASCADE, related_name="drafts")
    key = models.BinaryField(max_length=32, unique=True)
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return "draft"


class SpoolEntry(PracticeModel):
    """A finished answer of a confidential audience, sealed with the audience's mixing key until it is mixed."""

    wave_audience = PracticeForeignKey(WaveAudience, on_delete=models.CASCADE, related_name="spool")
    sealed = models.BinaryField()
    withdrawal_key = models.BinaryField(
        max_length=32, null=True, unique=True, help_text="A hash that only the person's own link gives."
    )

    def __str__(self) -> str:
        return "spool"


class Response(PracticeModel):
    """One finished answer: packed scale items in the form's slot order, and the record of everything else."""

    wave_audience = PracticeForeignKey(WaveAudience, on_delete=models.CASCADE, related_name="responses")
    scores = ArrayField(models.SmallIntegerField())
    record = models.JSONField(default=dict, help_text='{"choices": {...}, "texts": {...}}')
    attributes = models.JSONField(default=dict)
    flags = ArrayField(models.CharField(max_length=20), default=list)
    is_partial = models.BooleanField(default=False)

    def __str__(self) -> str:
        return "response"


class ResponseIdentity(PracticeModel):
    """Whose answer a response is; exists for named audiences only."""

    response = PracticeForeignKey(Response, on_delete=models.CASCADE, related_name="identity")
    recipient = PracticeForeignKey(Recipient, on_delete=models.CASCADE, related_name="identity")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["response"], name="surveys_responseidentity_response"),
            models.UniqueConstraint(fields=["recipient"], name="surveys_responseidentity_recipient"),
        ]

    def __str__(self) -> str:
        return "identity"
