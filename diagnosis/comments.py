"""Comments of a diagnosis: kept when it is computed, read by every outlet from here.

A comment stands in the table only if the one function of disclosure let it through; it carries nothing else of the
answer it came from. All finished answers count, whatever the rules of exclusion leave out of the figures: the same
comments with and without a rule tell nothing about those few.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import get_language

from diagnosis.enums import CommentChoice
from diagnosis.models import Comment, Diagnosis
from diagnosis.selectors import diagnoses_for
from diagnosis.words import AUDIENCES
from practice.enums import Role
from practice.models import Member
from practice.selectors import get_or_404
from surveys.disclosure import are_comments_publishable, disclosed_comments
from surveys.enums import AudienceState, Mode
from surveys.form_cache import instrument_of
from surveys.instruments import Form, Instrument, fill_company
from surveys.models import Response, WaveAudience

PRINTED: Final = 8
"""So many comments of a question are printed where the consultant picked none."""
CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Voice:
    """What one audience wrote to one question; `few` = below the smallest number, so that nothing is shown."""

    audience: str
    audience_name: str
    question: str
    question_text: str
    n: int
    comments: tuple[Comment, ...]
    few: bool = False

    def picked_first(self, most: int) -> "Voice":
        """Return the voice with its picked comments, or with its first ones where none is picked; no hidden ones."""
        picked = [one for one in self.comments if one.choice == CommentChoice.PICKED]
        shown = picked or [one for one in self.comments if one.choice != CommentChoice.HIDDEN]
        return replace(self, comments=tuple(shown[: max(most, len(picked))]))


def keep_comments(diagnosis: Diagnosis) -> None:
    """Keep the comments that may be shown; what the consultant chose of the same comments before is taken over."""
    chosen = _choices_before(diagnosis)
    rows = [
        Comment(
            diagnosis=diagnosis,
            audience=audience,
            question=question,
            position=position,
            text=text,
            choice=chosen.get((audience, question, text), CommentChoice.OPEN),
        )
        for audience, question, texts in _disclosed(diagnosis)
        for position, text in enumerate(texts, start=1)
    ]
    Comment.objects.filter(diagnosis=diagnosis).delete()
    Comment.objects.bulk_create(rows, batch_size=CHUNK)


def _disclosed(diagnosis: Diagnosis) -> Iterator[tuple[str, str, list[str]]]:
    for wave_audience in WaveAudience.objects.filter(wave_id=diagnosis.wave_id).order_by("audience"):
        if wave_audience.mode == Mode.CONFIDENTIAL and wave_audience.state != AudienceState.RELEASED:
            continue
        finished = Response.objects.filter(wave_audience=wave_audience, is_partial=False)
        answers = [record.get("texts", {}) for record in finished.values_list("record", flat=True)]
        for question, texts in disclosed_comments(answers).items():
            yield wave_audience.audience, question, texts


def _choices_before(diagnosis: Diagnosis) -> dict[tuple[str, str, str], str]:
    earlier = Comment.objects.filter(diagnosis__wave_id=diagnosis.wave_id).exclude(diagnosis=diagnosis)
    rows = earlier.exclude(choice=CommentChoice.OPEN).order_by("diagnosis__number")
    return {
        (audience, question, text): choice
        for audience, question, text, choice in rows.values_list("audience", "question", "text", "choice")
    }


def comments_for(member: Member, diagnosis: Diagnosis | None = None) -> QuerySet[Comment]:
    """Return comments by audience and question, of one diagnosis or all; a client viewer sees picked ones."""
    found: QuerySet[Comment] = Comment.objects.filter(diagnosis__in=diagnoses_for(member).order_by())
    if diagnosis is not None:
        found = found.filter(diagnosis=diagnosis)
    if member.role == Role.CLIENT_VIEWER:
        found = found.filter(choice=CommentChoice.PICKED)
    return found.order_by("diagnosis_id", "audience", "question", "position")


def get_comment_for(member: Member, public_id: Any) -> Comment:
    """Return one comment, or 404."""
    comment: Comment = get_or_404(comments_for(member).select_related("diagnosis"), public_id)
    return comment


def voices(
    diagnosis: Diagnosis, comments: Sequence[Comment], instrument: Instrument | None = None
) -> list[Voice]:
    """Return these comments of a diagnosis by audience and question, with the audiences too small to be quoted."""
    instrument = instrument or instrument_of(diagnosis.wave, get_language() or "")
    company = diagnosis.engagement.client_organisation.name
    by_question: dict[tuple[str, str], list[Comment]] = {}
    for comment in comments:
        by_question.setdefault((comment.audience, comment.question), []).append(comment)
    found = []
    for row in diagnosis.result.get("audiences", ()):
        audience, name = row["code"], str(AUDIENCES.get(row["code"], row["name"]))
        is_small = row["finished"] is None or not are_comments_publishable(row["finished"])
        for question, text in written_questions(instrument.form(row["form"])).items():
            said = tuple(by_question.get((audience, question), ()))
            if said or is_small:
                asked = fill_company(text, company)
                found.append(Voice(audience, name, question, asked, len(said), said, is_small and not said))
    return found


def written_questions(form: Form) -> dict[str, str]:
    """Return the questions of a form that are answered in words: text by code."""
    return {
        question.code: question.text
        for page in form.pages
        for question in page.questions
        if question.kind == "text"
    }
