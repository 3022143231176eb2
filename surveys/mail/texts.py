"""Mail texts per audience, round and language: placeholders are plain data, filled by replacing, never by formatting.

A wave keeps its own texts in `plan["mails"][audience][round][language]` as `{"subject", "body"}`; what is not there is
the built-in text in that language.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from practice.exceptions import InvalidInputError
from surveys.enums import Round
from surveys.models import Wave

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
PLACEHOLDERS: Mapping[str, Promise] = {
    "name": gettext_lazy("the person’s name"),
    "company": gettext_lazy("the client organisation"),
    "practice": gettext_lazy("your practice"),
    "minutes": gettext_lazy("minutes the form takes"),
    "closes": gettext_lazy("the day the survey closes"),
    "link": gettext_lazy("the personal link; every text needs it"),
}
NEEDED = "{link}"
STAFF = frozenset({"front_line", "crm_team"})
MAX_SUBJECT, MAX_BODY = 200, 5_000


@dataclass(frozen=True, slots=True)
class MailText:
    """Subject and body of one mail with placeholders; paragraphs are separated by blank lines."""

    subject: str
    body: str


def language_of(code: str) -> str:
    """Return the language of the product in which a person with this language code is written to."""
    offered = {name for name, _words in settings.LANGUAGES}
    for wanted in (code.lower(), code.lower().partition("-")[0]):
        if wanted in offered:
            return wanted
    return str(settings.LANGUAGE_CODE)


def default_text(audience: str, round_code: str, language: str = "") -> MailText:
    """Return the built-in text of an audience and a round in a language; without one in the active language."""
    return _default_text(audience, round_code, language or translation.get_language())


@lru_cache(maxsize=256)
def _default_text(audience: str, round_code: str, language: str) -> MailText:
    with translation.override(language):
        if round_code == Round.INVITATION:
            subject, opening = _("{company}: your view counts"), _asked(audience)
        elif round_code == Round.FINAL:
            subject = _("{company}: the last days to answer")
            opening = _(
                "this is our last mail about your view of {company}: the survey closes on {closes}, and your answer "
                "is still missing."
            )
        else:
            subject = _("{company}: may we remind you?")
            opening = _("a few days ago we asked for your view of {company}. Your answer is still missing.")
        promise = [_promise()] if audience in STAFF else []
        closing = _("It takes about {minutes} minutes. Please answer by {closes}:")
        return MailText(subject, "\n\n".join([_("Hello {name},"), opening, *promise, closing, NEEDED]))


def _asked(audience: str) -> str:
    return {
        "customers": _(
            "{practice} asks on behalf of {company} what you want from {company} and what you get."
        ),
        "managers": _(
            "{practice} asks you for your view of the customers of {company}: what they want and get."
        ),
        "front_line": _(
            "{practice} asks you, who deal with customers every day, what they want and what is done."
        ),
        "crm_team": _(
            "{practice} asks you what is laid down for customers of {company}, and how ready it is."
        ),
    }.get(audience, _("{practice} asks you for your view of {company}."))


def _promise() -> str:
    return _(
        "What your employer sees: results of groups of five or more people. Never your answers, and not whether you "
        "took part."
    )


def receipt_text(*, is_confidential: bool) -> MailText:
    """Return the text of a receipt in the active language; it has no link and is not written by anybody else."""
    parts = [
        _("Hello {name},"),
        _("thank you: your answers about {company} have arrived. This mail holds none of them."),
    ]
    if is_confidential:
        parts.append(
            _(
                "Nor does it tell when you answered: everybody who asked for a receipt gets it at the same time, after"
                " the survey has closed."
            )
        )
    return MailText(_("{company}: your answers have arrived"), "\n\n".join(parts))


def text_for(wave: Wave, audience: str, round_code: str, language: str = "en") -> MailText:
    """Return the wave's own text in a language, or the built-in one."""
    own = own_text(wave, audience, round_code, language)
    return own or default_text(audience, round_code, language)


def own_text(wave: Wave, audience: str, round_code: str, language: str) -> MailText | None:
    """Return the text that was written for this wave, or None."""
    own = wave.plan.get("mails", {}).get(audience, {}).get(round_code, {}).get(language)
    return MailText(own["subject"], own["body"]) if own else None


def own_texts(wave: Wave) -> Iterator[tuple[str, str, str, MailText]]:
    """Yield (audience, round, language, text) of every text that was written for this wave."""
    mails: Mapping[str, Mapping[str, Mapping[str, Any]]] = wave.plan.get("mails", {})
    for audience, rounds in mails.items():
        for code, languages in rounds.items():
            for language, own in languages.items():
                yield audience, code, language, MailText(own.get("subject", ""), own.get("body", ""))


def check_texts(wave: Wave) -> None:
    """Raise InvalidInputError naming the mail and the placeholder when an own text cannot be sent."""
    for audience, code, language, text in own_texts(wave):
        check_text(text, where=f"mails.{audience}.{code}.{language}")


def check_text(text: MailText, *, where: str) -> None:
    """Refuse unknown placeholders, a missing link, and a subject of several lines."""
    if names := unknown_placeholders(text):
        raise InvalidInputError(
            _("A mail text uses a placeholder that does not exist."),
            fields={where: _("Unknown: %(names)s") % {"names": ", ".join(names)}},
        )
    if NEEDED not in text.body:
        raise InvalidInputError(
            _("A mail text has no link to the survey."), fields={where: _("Put {link} into the text.")}
        )
    if not text.subject.strip() or any(ord(sign) < 32 for sign in text.subject):
        raise InvalidInputError(
            _("A mail needs a subject on one line."), fields={where: _("Write one line.")}
        )


def unknown_placeholders(text: MailText) -> list[str]:
    """Return what looks like a placeholder and is none, in braces and in order."""
    found = {name for part in (text.subject, text.body) for name in PLACEHOLDER.findall(part)}
    return sorted(f"{{{name}}}" for name in found - PLACEHOLDERS.keys())


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace known placeholders; everything else is printed as it stands."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)
