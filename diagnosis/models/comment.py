"""Comments: what people wrote, as a diagnosis may show it."""

from django.db import models

from diagnosis.enums import CommentChoice
from diagnosis.models.diagnosis import Diagnosis
from practice.models import PracticeForeignKey, PracticeModel


class Comment(PracticeModel):
    """One written answer, apart from everything else its writer answered; `position` is drawn for each question."""

    diagnosis = PracticeForeignKey(Diagnosis, on_delete=models.CASCADE, related_name="comments")
    audience = models.CharField(max_length=20)
    question = models.CharField(max_length=40)
    position = models.PositiveIntegerField()
    text = models.TextField()
    choice = models.CharField(max_length=10, choices=CommentChoice.choices, default=CommentChoice.OPEN)

    class Meta:
        ordering = ["audience", "question", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["diagnosis", "audience", "question", "position"], name="diagnosis_comment_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.audience} {self.question} {self.position}"
