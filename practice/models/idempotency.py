"""Answers kept for calls that carry an Idempotency-Key, so that a repeated call gets the first one's answer."""

from django.db import models

from practice.models.base import PracticeForeignKey, PracticeModel
from practice.models.token import ApiToken


class KeptAnswer(PracticeModel):
    """The answer to one POST of a token: what was asked (as a hash) and what was answered."""

    token = PracticeForeignKey(ApiToken, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    asked = models.BinaryField(max_length=32, help_text="SHA-256 of address, content type and body.")
    status = models.PositiveSmallIntegerField()
    content_type = models.CharField(max_length=80)
    content = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "token", "key"], name="practice_kept_answer_key")
        ]

    def __str__(self) -> str:
        return self.key
