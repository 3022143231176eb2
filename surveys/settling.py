"""The last look at a draft before it becomes an answer: what its person was not asked is put down as that."""

from collections.abc import Mapping
from typing import Any, Final

from surveys.instruments import Form
from surveys.instruments.routing import Answers, mark_unasked, order_for, pages_for, unasked_questions
from surveys.sealed import DraftContent

ORDER: Final = "_order"
"""Kept like an attribute, so that it counts in the joint cell; names with an underline are never groups."""
NOT_ASKED_KEY: Final = "not_asked"


def settle(form: Form, token: str, draft: DraftContent, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Put "not asked" into the draft and return its record: choices, texts, and questions that were not asked.

    Answers given before a condition ceased to hold are dropped. Without a token no half is drawn.
    """
    gone = []
    if form.has_conditions:
        answers = Answers(form, draft.scores, draft.choices, attributes)
        unasked = unasked_questions(pages_for(form, token), answers)
        mark_unasked(draft.scores, unasked)
        gone = [question.code for question in unasked if not question.slots]
    record: dict[str, Any] = {
        "choices": {code: chosen for code, chosen in draft.choices.items() if chosen and code not in gone},
        "texts": {code: text for code, text in draft.texts.items() if text and code not in gone},
    }
    return record | ({NOT_ASKED_KEY: gone} if gone else {})


def order_attribute(form: Form, token: str) -> dict[str, str]:
    """Return which order of pages the person had, where there are two."""
    order = order_for(form, token) if token else ""
    return {ORDER: order} if order else {}
