"""What a respondent reads: contexts of the survey templates, and the quick way to a page that has no problems.

A page is rendered once per process with marks where answers go; after that a request only fills the marks in.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from charts import SCREEN, OwnProfile, OwnRow, own_profile
from surveys.answering import Respondent
from surveys.disclosure import MIN_GROUP
from surveys.form_cache import Brand
from surveys.instruments import (
    CANNOT_JUDGE,
    MISSING,
    NO_STANDARD,
    NOT_ASKED,
    AnswerProblem,
    Form,
    Page,
    Question,
    Slot,
    fill_attributes,
    fill_company,
)
from surveys.links import link_of_visit
from surveys.own_profile import own_answers
from surveys.page_skeletons import CACHED_PAGES, CHECKED, Marks, Skeleton

CANNOT_JUDGE_FIELD: Final = "na"
NO_STANDARD_FIELD: Final = "ns"
SHOWN_ROLES: Final = frozenset(
    {"expectation", "minimum", "perception", "belief", "standard", "delivery", "promise"}
)
CSRF_FIELD: Final = "csrfmiddlewaretoken"
RECEIPT_FIELD: Final = "receipt"


class Values(Protocol):
    """Where a page takes its answers from."""

    def checked(self, name: str, value: str) -> str:
        """Return the attribute of a choice."""

    def text(self, name: str) -> str:
        """Return what stands in a field."""


class GivenValues:
    """Answers as given: texts of fields by name."""

    def __init__(self, given: Mapping[str, list[str]]):
        self.given = given

    def checked(self, name: str, value: str) -> str:
        """Return the attribute of a choice."""
        return CHECKED if value in self.given.get(name, ()) else ""

    def text(self, name: str) -> str:
        """Return what stands in a field."""
        return "".join(self.given.get(name, ())[:1]).replace("\x00", "")


class Frame(NamedTuple):
    """What stands around a page's questions, and where the page is among the others.

    `idle_url` is where a kiosk goes after `idle_seconds` without a touch; `receipt` is the mode of who is offered one.
    """

    brand: Brand
    number: int
    total: int
    minutes_left: int
    language: str
    languages: tuple[str, ...]
    idle_seconds: int = 0
    idle_url: str = ""
    receipt: str = ""


_skeletons: dict[tuple[UUID, str, str, tuple[str, ...], Frame], Skeleton] = {}


def render_page(respondent: Respondent, number: int, csrf_token: str) -> str:
    """Return the HTML of one page (0-based, in the person's order) with the answers of the draft."""
    page, frame = respondent.page_at(number), _frame(respondent, number)
    audience = respondent.wave_audience
    asked = tuple(one.code for one in page.questions) if respondent.form.has_conditions else ()
    key = (audience.wave_id, audience.form, page.key, asked, frame)
    skeleton = _skeletons.get(key)
    if skeleton is None:
        if len(_skeletons) >= CACHED_PAGES:
            _skeletons.clear()
        skeleton = _skeletons[key] = _make_skeleton(page, frame)
    return skeleton.fill({**stored_values(respondent, page), CSRF_FIELD: [csrf_token]})


def render_page_with_problems(
    respondent: Respondent,
    number: int,
    csrf_token: str,
    posted: Mapping[str, list[str]],
    problems: Mapping[str, AnswerProblem],
    *,
    has_expired: bool = False,
) -> str:
    """Return the HTML of a page as it was posted, with what is wrong at the field; nothing typed is lost.

    `has_expired` says instead that the page was open for so long that one more click is needed.
    """
    page = respondent.page_at(number)
    values = GivenValues({**stored_values(respondent, page), **posted})
    context = _page_context(page, _frame(respondent, number), values, problems)
    context |= {"csrf_token": csrf_token, "has_expired": has_expired}
    return render_to_string("surveys/page.html", context)


def _make_skeleton(page: Page, frame: Frame) -> Skeleton:
    marks = Marks()
    context = _page_context(page, frame, marks, {})
    context["csrf_token"] = marks.text(CSRF_FIELD)
    return marks.skeleton("surveys/page.html", context)


def _frame(respondent: Respondent, number: int) -> Frame:
    place, total = respondent.place_of(number)
    minutes_left = math.ceil(respondent.form.minutes * (total - place) / total)
    return Frame(
        respondent.card.brand,
        place,
        total,
        minutes_left,
        respondent.language,
        tuple(respondent.card.forms),
        *_idle(respondent),
        "" if respondent.open_door is not None else respondent.wave_audience.mode,
    )


def _idle(respondent: Respondent) -> tuple[int, str]:
    door = respondent.open_door
    if door is None or not door.is_kiosk:
        return 0, ""
    link = link_of_visit(respondent.token)
    return door.idle_seconds, reverse("respondent:kiosk_reset", kwargs={"token": link})


def stored_values(respondent: Respondent, page: Page) -> dict[str, list[str]]:
    """Return the draft's answers to one page as texts of its fields."""
    draft = respondent.draft
    values = piped_values(page, respondent.entry.recipient.attributes)
    if draft is None:
        return values
    for question in page.questions:
        for slot in question.slots:
            score = draft.scores[slot.index]
            if score not in (MISSING, NOT_ASKED):
                values[slot.code] = [_SPECIAL_FIELDS.get(score) or str(score)]
        if question.code in draft.choices:
            values[question.code] = draft.choices[question.code]
        elif question.code in draft.texts:
            values[question.code] = [draft.texts[question.code]]
    return values


def piped_values(page: Page, attributes: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what stands for each attribute that a page's texts ask for, by its placeholder."""
    return {found: [fill_attributes(found, attributes)] for found in page.placeholders}


def brand_of(respondent: Respondent) -> Brand:
    """Return whose survey it is."""
    return respondent.card.brand


def language_choices(offered: Iterable[str], chosen: str) -> list[dict[str, Any]]:
    """Return the languages of a switch, each with its name in itself; none to choose from = no switch."""
    choices = []
    for code in offered:
        try:
            name = str(get_language_info(code)["name_local"]).capitalize()
        except KeyError:
            name = code
        choices.append({"code": code, "name": name, "selected": code == chosen})
    return choices if len(choices) > 1 else []


def landing_context(respondent: Respondent) -> dict[str, Any]:
    """Return what the first page says: who asks, how long it takes, who can see what."""
    form, company = respondent.form, respondent.card.client_name
    attributes = respondent.entry.recipient.attributes
    return {
        "brand": brand_of(respondent),
        "languages": language_choices(tuple(respondent.card.forms), respondent.language),
        "chosen_language": respondent.language,
        "headline": fill_attributes(fill_company(form.headline, company), attributes),
        "intro": fill_attributes(fill_company(form.intro, company), attributes),
        "minutes": form.minutes,
        "mode": respondent.wave_audience.mode,
        "threshold": MIN_GROUP,
        "closes_at": respondent.wave_audience.closes_at,
        "kept_attributes": respondent.wave_audience.kept_attributes,
        "resuming": respondent.has_stored_draft,
    }


def profile_of(respondent: Respondent) -> str:
    """Return the person's own profile as the page of thanks shows it; "" where the audience does not offer it."""
    draft = respondent.draft
    if draft is None or not respondent.wave_audience.offers_profile:
        return ""
    own = own_answers(respondent.form, draft.scores, respondent.card.client_name)
    if own is None:
        return ""
    rows = [OwnRow(topic.name, topic.wanted, topic.received) for topic in own.topics]
    title = _("Your own profile")
    chart = OwnProfile(str(title), str(_("The table below holds the same figures.")), rows, own.low, own.high)
    context = {
        "profile": [
            {
                "name": topic.name,
                "wanted": SCREEN.number(topic.wanted, 1),
                "received": SCREEN.number(topic.received, 1),
                "difference": SCREEN.signed(topic.difference, 1),
            }
            for topic in own.topics
        ],
        "profile_labels": {"wanted": own.wanted_label, "received": own.received_label},
        "profile_scale": {"low": own.low, "high": own.high},
        "profile_chart": mark_safe(own_profile(chart, theme=SCREEN, uid="own-profile")),  # noqa: S308 - escaped there
    }
    return render_to_string("surveys/_own_profile.html", context)


def _page_context(
    page: Page, frame: Frame, values: Values, problems: Mapping[str, AnswerProblem]
) -> dict[str, Any]:
    shown = page.for_company(frame.brand.client_name).with_texts(values.text)
    questions = [_question_context(question, values, problems) for question in shown.questions]
    errors = [
        {"code": question["code"], "text": f"{question['text']}: {question['error']}"}
        for question in questions
        if question["error"]
    ]
    known = {name for question in page.questions for name in question.field_names}
    if any(name not in known for name in problems):
        errors.append({"code": questions[0]["code"], "text": PROBLEMS["unknown"]})
    return {
        "brand": frame.brand,
        "languages": language_choices(frame.languages, frame.language),
        "page": {"title": shown.title, "intro": shown.intro, "questions": questions},
        "progress": {
            "number": frame.number + 1,
            "total": frame.total,
            "minutes_left": frame.minutes_left,
        },
        "errors": errors,
        "idle_seconds": frame.idle_seconds,
        "idle_url": frame.idle_url,
        "is_first": frame.number == 0,
        "is_last": frame.number == frame.total - 1,
        "receipt": frame.receipt,
        "receipt_checked": values.checked(RECEIPT_FIELD, "1"),
    }


def _question_context(
    question: Question, values: Values, problems: Mapping[str, AnswerProblem]
) -> dict[str, Any]:
    found = [problems[name] for name in question.field_names if name in problems]
    context: dict[str, Any] = {
        "kind": question.kind,
        "code": question.code,
        "text": question.text,
        "help": question.help,
        "error": problem_text(found[0]) if found else "",
        "scales": [],
    }
    if question.kind == "ratings":
        context["scales"] = [_scale_context(slot, values) for slot in question.slots]
    elif question.kind == "number":
        slot = question.slots[0]
        context |= {
            "name": slot.code,
            "value": values.text(slot.code),
            "low": slot.scale.low,
            "high": slot.scale.high,
            "unit": slot.scale.unit,
        }
    elif question.kind == "text":
        context |= {
            "name": question.code,
            "value": values.text(question.code),
            "max_length": question.max_length,
        }
    else:
        context |= {
            "name": question.code,
            "max": question.max_choices,
            "options": [
                {
                    "value": option.value,
                    "label": option.label,
                    "checked": values.checked(question.code, option.value),
                }
                for option in question.options
            ],
        }
    return context


def _scale_context(slot: Slot, values: Values) -> dict[str, Any]:
    scale = slot.scale
    return {
        "name": slot.code,
        "label": slot.label,
        "role": slot.role if slot.role in SHOWN_ROLES else "",
        "low_label": scale.low_label,
        "high_label": scale.high_label,
        "points": [
            {"value": point, "checked": values.checked(slot.code, str(point))} for point in scale.points
        ],
        "cannot_judge": values.checked(slot.code, CANNOT_JUDGE_FIELD) if slot.cannot_judge else None,
        "no_standard": values.checked(slot.code, NO_STANDARD_FIELD) if slot.no_standard else None,
    }


def problem_text(problem: AnswerProblem) -> str:
    """Return what is wrong with a field, in the respondent's language."""
    return str(PROBLEMS[problem.code]).format(**problem.params)


_SPECIAL_FIELDS: Final = {CANNOT_JUDGE: CANNOT_JUDGE_FIELD, NO_STANDARD: NO_STANDARD_FIELD}

PROBLEMS: Final = {
    "several": _("Choose one answer."),
    "number": _("Give a whole number from {low} to {high}, or leave it open."),
    "range": _("Give a whole number from {low} to {high}, or leave it open."),
    "option": _("Choose from the answers offered."),
    "many": _("You chose {given}. Choose {most} at most."),
    "long": _(
        "The text is {excess} characters too long; {most} fit. It is still here: shorten it and go on."
    ),
    "character": _("The text holds a character that cannot be kept. Please write it anew."),
    "unknown": _("One answer did not belong to this page and was left out."),
}


def preview_pages(form: Form, company: str) -> list[dict[str, Any]]:
    """Return every page of a form as respondents see it, for the portal's preview; nothing is filled in.

    Each question says in words who is asked it, where that is not everybody.
    """
    pages = []
    for number, page in enumerate(form.pages, start=1):
        values = GivenValues(piped_values(page, {}))
        shown = page.for_company(company).with_texts(values.text)
        questions = [
            _question_context(question, values, {}) | {"asked_of": asked_of(form, question, company)}
            for question in shown.questions
        ]
        pages.append(
            {
                "number": number,
                "title": shown.title,
                "intro": shown.intro,
                "questions": questions,
                "is_first_for_half": page.first_for_half,
            }
        )
    return pages


def asked_of(form: Form, question: Question, company: str) -> str:
    """Return in words who is asked a question; an empty text for everybody."""
    if question.is_halved:
        return gettext("Asked of a random half of the people.")
    condition = question.show_if
    if condition is None:
        return ""
    if condition.attribute:
        words = {"name": condition.attribute, "values": ", ".join(condition.any_of)}
        return gettext("Asked only where “%(name)s” is: %(values)s.") % words
    asked = next(
        one for page in form.pages for one in page.questions if condition.question in one.field_names
    )
    labels = {option.value: option.label for option in asked.options}
    values = ", ".join(labels.get(value, value) for value in condition.any_of)
    words = {"question": fill_company(asked.text, company), "values": values}
    return gettext("Asked only after this answer to “%(question)s”: %(values)s.") % words
