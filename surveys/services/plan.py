"""The launch plan and the texts of a wave: both may change for what has not begun to leave."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from practice import audit
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import Member, SenderIdentity
from surveys.enums import ASKING, AudienceState, DeliveryState
from surveys.mail.texts import MAX_BODY, MAX_SUBJECT, MailText, check_text
from surveys.models import Delivery, Wave, WaveAudience
from surveys.plan import PLAN_KEYS

LONGEST_AHEAD = timedelta(days=366)
NOT_LEFT = (
    DeliveryState.PLANNED,
    DeliveryState.QUEUED,
    DeliveryState.SUPPRESSED,
    DeliveryState.CANCELLED,
)


def _lock(wave: Wave) -> Wave:
    return Wave.objects.select_for_update(of=("self",)).get(pk=wave.pk)


@transaction.atomic
def update_plan(
    wave: Wave,
    *,
    reminder_days: Sequence[int],
    close_days: int,
    actor: Member | None,
    final_day: int | None = None,
    starts: datetime | None = None,
    reminder_time: time | None = None,
    close_time: time | None = None,
    window: Mapping[str, Any] | None = None,
    audience: str = "",
) -> Wave:
    """Change when mails leave and when the wave closes; days count from the start, times are the client's local ones.

    With `audience` the plan is for that audience alone. Possible until the launch; afterwards single rounds are moved.
    """
    locked = _lock_draft(wave)
    days = sorted(set(reminder_days))
    _check_days(days, final_day, close_days)
    _check_start(locked, starts)
    if audience and not locked.audiences.filter(audience=audience).exists():
        raise _impossible("audience", _("This audience is not asked in the wave."))
    if window and time.fromisoformat(window["from"]) >= time.fromisoformat(window["until"]):
        raise _impossible("window_until", _("The end must come after the beginning."))
    values = {
        "reminder_days": days,
        "final_day": final_day,
        "close_days": close_days,
        "starts": starts.isoformat(timespec="minutes") if starts else "",
        "reminder_time": reminder_time.isoformat("minutes") if reminder_time else "",
        "close_time": close_time.isoformat("minutes") if close_time else "",
        "window": dict(window) if window else None,
    }
    if audience:
        locked.plan = {**locked.plan, "audiences": {**locked.plan.get("audiences", {}), audience: values}}
    else:
        locked.plan = {**locked.plan, **values}
    return _save(locked, "wave.plan_changed", actor, "plan")


@transaction.atomic
def plan_like_all(wave: Wave, *, audience: str, actor: Member | None) -> Wave:
    """Let an audience follow the plan of all others again."""
    locked = _lock_draft(wave)
    own = {code: values for code, values in locked.plan.get("audiences", {}).items() if code != audience}
    locked.plan = {**locked.plan, "audiences": own}
    return _save(locked, "wave.plan_changed", actor, "plan")


@transaction.atomic
def choose_sender(wave: Wave, *, sender: SenderIdentity | None, actor: Member | None) -> Wave:
    """Choose in whose name the mails of a wave leave, until its launch; None: as the engagement or the practice says.

    Raises WrongStateError for an identity that is not verified.
    """
    locked = _lock_draft(wave)
    if sender is not None and not sender.is_ready:
        raise WrongStateError(_("Verify this sender first: send its test mail and confirm the code."))
    if locked.sender_id != (sender.pk if sender else None):
        locked.sender = sender
        locked.save(update_fields=["sender"])
        audit.record("wave.sender_chosen", locked, actor=actor, label=str(sender or ""))
    return locked


def _lock_draft(wave: Wave) -> Wave:
    locked = _lock(wave)
    if locked.launched_at is not None:
        raise WrongStateError(
            _("The wave is launched. Move single rounds among the mails to come, or extend an audience.")
        )
    return locked


def _check_days(days: Sequence[int], final_day: int | None, close_days: int) -> None:
    if not 1 <= close_days <= 120:
        raise _impossible("close_days", _("Between 1 and 120 days."))
    if len(days) > (3 if final_day is None else 2) or any(not 1 <= day < close_days for day in days):
        raise _impossible("reminder_days", _("At most three reminders, between launch and closing."))
    if final_day is not None and not max([0, *days]) < final_day < close_days:
        raise _impossible("final_day", _("After the other reminders and before closing."))


def _check_start(wave: Wave, starts: datetime | None) -> None:
    if starts is None:
        return
    now = timezone.now().astimezone(wave.engagement.client_organisation.zone).replace(tzinfo=None)
    if not now < starts < now + LONGEST_AHEAD:
        raise _impossible("starts", _("Choose a time in the future, within a year."))


def parse_start(text: str) -> datetime | None:
    """Return a local start written as YYYY-MM-DDTHH:MM; None for nothing."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError as error:
        raise _impossible("starts", _("Write day and time as 2026-03-02T08:30.")) from error


def _impossible(field: str, text: str) -> InvalidInputError:
    return InvalidInputError(_("The plan is not possible."), fields={field: text})


def _save(wave: Wave, verb: str, actor: Member | None, what: str) -> Wave:
    wave.save(update_fields=["plan"])
    audit.record(verb, wave, actor=actor, changed=[what])
    return wave


def plan_values(wave: Wave, audience: str = "") -> dict[str, Any]:
    """Return what the plan says, for all or for one audience, by the names under which it is kept."""
    own = wave.plan.get("audiences", {}).get(audience, {})
    return {key: {**wave.plan, **own}.get(key) for key in PLAN_KEYS}


@transaction.atomic
def set_text(
    wave: Wave,
    *,
    audience: str,
    round_code: str,
    language: str,
    subject: str,
    body: str,
    actor: Member | None,
) -> Wave:
    """Write the text of one mail anew.

    Before the launch a text may still lack its link or name a placeholder that does not exist: then the launch is
    refused. Afterwards such a text is refused, and so is any change of a mail that has begun to leave.
    """
    locked = _lock(wave)
    text = MailText(subject.strip(), body.replace("\r\n", "\n").strip())
    _check_place(locked, audience, round_code, language)
    if len(text.subject) > MAX_SUBJECT or any(ord(sign) < 32 for sign in text.subject):
        raise InvalidInputError(
            _("A mail needs a subject on one line."), fields={"subject": _("Write one line, not too long.")}
        )
    if len(text.body) > MAX_BODY:
        raise InvalidInputError(
            _("The text is too long."), fields={"body": _("At most %(n)d characters.") % {"n": MAX_BODY}}
        )
    if locked.launched_at is not None:
        check_text(text, where="body")
    locked.plan = _with_text(locked, audience, round_code, language, text)
    return _save(locked, "wave.text_changed", actor, f"{audience}, {round_code}, {language}")


@transaction.atomic
def reset_text(wave: Wave, *, audience: str, round_code: str, language: str, actor: Member | None) -> Wave:
    """Use the built-in text of one mail again."""
    locked = _lock(wave)
    _check_place(locked, audience, round_code, language)
    locked.plan = _with_text(locked, audience, round_code, language, None)
    return _save(locked, "wave.text_reset", actor, f"{audience}, {round_code}, {language}")


def can_change_text(wave: Wave, audience: str, round_code: str) -> bool:
    """Tell whether no mail of this round has begun to leave: a repeat must be the same to the byte."""
    if wave.launched_at is None:
        return True
    rows = Delivery.objects.filter(wave_audience__wave=wave, wave_audience__audience=audience)
    has_left = rows.filter(round=round_code).exclude(state__in=NOT_LEFT).exists()
    is_over = WaveAudience.objects.filter(
        wave=wave, audience=audience, state__in=[AudienceState.CLOSED, AudienceState.RELEASED]
    )
    return not has_left and not is_over.exists()


def _check_place(wave: Wave, audience: str, round_code: str, language: str) -> None:
    known = wave.audiences.filter(audience=audience).exists() and round_code in ASKING
    if not known or language not in dict(settings.LANGUAGES):
        raise InvalidInputError(
            _("There is no such mail."), fields={"round": f"{audience} {round_code} {language}"[:200]}
        )
    # Whoever claims mails of the audience now waits, or is seen: its texts were read before or are read after.
    list(WaveAudience.objects.select_for_update(of=("self",)).filter(wave=wave, audience=audience))
    if not can_change_text(wave, audience, round_code):
        raise WrongStateError(_("This mail has begun to leave; its text stays as it was."))


def _with_text(
    wave: Wave, audience: str, round_code: str, language: str, text: MailText | None
) -> dict[str, Any]:
    """Return the wave's plan with one text changed, or without it."""
    mails: dict[str, Any] = wave.plan.get("mails", {})
    rounds = mails.get(audience, {})
    texts = {code: own for code, own in rounds.get(round_code, {}).items() if code != language}
    if text is not None:
        texts[language] = {"subject": text.subject, "body": text.body}
    return {**wave.plan, "mails": {**mails, audience: {**rounds, round_code: texts}}}
