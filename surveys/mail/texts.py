"""Mail texts per audience and round: placeholders are plain data, filled by replacing, never by formatting."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from practice.exceptions import InvalidInputError
from surveys.enums import Round
from surveys.models import Wave

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
KNOWN = frozenset({"name", "company", "practice", "minutes", "closes", "link"})
NEEDED = "link"


@dataclass(frozen=True, slots=True)
class MailText:
    """Subject and body of one mail with placeholders; paragraphs are separated by blank lines."""

    subject: str
    body: str


def default_text(audience: str, round_code: str) -> MailText:
    """Return the built-in text of an audience and a round."""
    asked = {
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
    closing = _("It takes about {minutes} minutes. Please answer by {closes}:")
    if round_code == Round.INVITATION:
        return MailText(
            _("{company}: your view counts"), "\n\n".join([_("Hello {name},"), asked, closing, "{link}"])
        )
    reminder = _("a few days ago we asked for your view of {company}. Your answer is still missing.")
    return MailText(
        _("{company}: may we remind you?"), "\n\n".join([_("Hello {name},"), reminder, closing, "{link}"])
    )


def text_for(wave: Wave, audience: str, round_code: str) -> MailText:
    """Return the wave's own text, or the built-in one."""
    own = wave.plan.get("mails", {}).get(audience, {}).get(round_code)
    if own:
        return MailText(own["subject"], own["body"])
    return default_text(audience, round_code)


def check_texts(wave: Wave) -> None:
    """Raise InvalidInputError naming the mail and the placeholder when an own text cannot be sent."""
    for audience, rounds in wave.plan.get("mails", {}).items():
        for code, own in rounds.items():
            check_text(
                MailText(own.get("subject", ""), own.get("body", "")), where=f"mails.{audience}.{code}"
            )


def check_text(text: MailText, *, where: str) -> None:
    """Refuse unknown placeholders, a missing link, and a subject of several lines."""
    unknown = {found for part in (text.subject, text.body) for found in PLACEHOLDER.findall(part)} - KNOWN
    if unknown:
        raise InvalidInputError(
            _("A mail text uses a placeholder that does not exist."),
            fields={
                where: _("Unknown: %(names)s")
                % {"names": ", ".join(sorted(f"{{{name}}}" for name in unknown))}
            },
        )
    if "{link}" not in text.body:
        raise InvalidInputError(
            _("A mail text has no link to the survey."), fields={where: _("Put {link} into the text.")}
        )
    if not text.subject.strip() or any(ord(sign) < 32 for sign in text.subject):
        raise InvalidInputError(
            _("A mail needs a subject on one line."), fields={where: _("Write one line.")}
        )


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace known placeholders; everything else is printed as it stands."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)
