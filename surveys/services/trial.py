"""Trying everything out before the launch: a test wave of its own, whose mails and answers count nowhere."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from practice import audit
from practice.addresses import email_key
from practice.exceptions import WrongStateError
from practice.models import Engagement, Member
from surveys.enums import WaveKind
from surveys.mail.texts import check_texts
from surveys.mail.waking import wake_audience
from surveys.models import Delivery, LedgerEntry, Recipient, Wave, WaveAudience
from surveys.retention import months_promised
from surveys.services.launch import open_audience, plan_deliveries, planned_dates, verified_sender

TEST_DAYS = 14
MOST_TEST_WAVES = 20


@transaction.atomic
def send_everything(wave: Wave, *, actor: Member) -> Wave:
    """Send the member the invitation and every reminder of each audience, with links whose answers are test answers.

    The mails take the way of all mails. The wave itself is not touched: a test wave with the same forms and plan holds
    the links. Raises WrongStateError once the wave is launched, and InvalidInputError when a mail text cannot be sent.
    """
    locked = Wave.objects.select_for_update(of=("self",)).get(pk=wave.pk)
    if locked.kind == WaveKind.TEST or locked.launched_at is not None:
        raise WrongStateError(
            _("The wave is launched. Try everything out before the launch of the next one.")
        )
    check_texts(locked)
    tests = Wave.objects.filter(engagement=locked.engagement_id, kind=WaveKind.TEST)
    if tests.count() >= MOST_TEST_WAVES:
        raise WrongStateError(_("There are many test answers already. Delete them, then try again."))
    trial = _copy(locked, number=(tests.aggregate(last=Max("number"))["last"] or 0) + 1)
    opened = [_open_for(row, trial, actor) for row in locked.audiences.all()]
    audit.record("wave.tried_out", trial, actor=actor)
    for audience in opened:
        wake_audience(audience)
    return trial


def _copy(wave: Wave, *, number: int) -> Wave:
    now = timezone.now()
    return Wave.objects.create(
        engagement_id=wave.engagement_id,
        number=number,
        name=_("Test %(number)s") % {"number": number},
        kind=WaveKind.TEST,
        instrument_code=wave.instrument_code,
        instrument_version=wave.instrument_version,
        instrument=wave.instrument,
        plan=wave.plan,
        launched_at=now,
        sender=verified_sender(wave),
        keep_months=months_promised(),
    )


def _open_for(row: WaveAudience, trial: Wave, actor: Member) -> WaveAudience:
    """Open one audience of the test wave with the member as its only person; every mail is due at once."""
    now = timezone.now()
    audience = WaveAudience.objects.create(
        wave=trial, audience=row.audience, form=row.form, mode=row.mode, offers_profile=row.offers_profile
    )
    person = Recipient.objects.create(
        wave_audience=audience,
        email=actor.user.email,
        email_key=email_key(actor.user.email),
        name=str(actor.user.name or actor.user.email),
    )
    rounds = dict.fromkeys(planned_dates(trial, row.audience, start=now).rounds, now)
    open_audience(audience, [person], now, now + timedelta(days=TEST_DAYS), rounds)
    plan_deliveries(audience, [person], rounds)
    return audience


def count_tests(engagement: Engagement) -> dict[str, int]:
    """Return how many tries, mails and finished test answers an engagement holds."""
    in_test = Q(wave_audience__wave__engagement=engagement, wave_audience__wave__kind=WaveKind.TEST)
    waves = Wave.objects.filter(engagement=engagement, kind=WaveKind.TEST)
    return {
        "n_waves": waves.count(),
        "n_mails": Delivery.objects.filter(in_test).count(),
        "n_finished": LedgerEntry.objects.filter(in_test, submitted=True).count(),
    }


@transaction.atomic
def delete_tests(engagement: Engagement, *, actor: Member) -> int:
    """Delete every test wave of an engagement with its links, mails and answers; return how many there were."""
    tests = list(
        Wave.objects.select_for_update(of=("self",)).filter(engagement=engagement, kind=WaveKind.TEST)
    )
    for trial in tests:
        audit.record("wave.test_deleted", trial, actor=actor)
    Wave.objects.filter(pk__in=[trial.pk for trial in tests]).delete()
    return len(tests)
