"""The automatic stop: an audience whose mails bounce or are marked as spam too often is paused to protect the sender.

It is paused once more than 5 % of at least 20 mails bounced for good, or when two or more and at least 0.1 % of them
were marked as spam. Somebody has to let it go on; from then on only mails handed over since are counted.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from practice import audit, jobs
from surveys.enums import AudienceState, DeliveryState
from surveys.mail.states import HANDED_OVER
from surveys.models import Delivery, WaveAudience

NOTICE: Final = "stop_notice"
MIN_MAILS: Final = 20
MAX_BOUNCED: Final = 0.05
MIN_COMPLAINTS: Final = 2
MAX_COMPLAINED: Final = 0.001


@dataclass(frozen=True, slots=True)
class Counts:
    """Mails of an audience that a server took or refused for good, and how many of them went wrong."""

    n: int
    n_bounced: int
    n_complained: int

    def since(self, seen: dict[str, int]) -> "Counts":
        """Return the counts without those that somebody has seen and let pass."""
        return Counts(
            self.n - seen.get("n", 0),
            self.n_bounced - seen.get("n_bounced", 0),
            self.n_complained - seen.get("n_complained", 0),
        )


def counts_of(audience: WaveAudience) -> Counts:
    """Count the mails of an audience over all rounds."""
    mails = Delivery.objects.filter(wave_audience=audience, state__in=HANDED_OVER)
    states = dict(mails.values_list("state").order_by().annotate(n=Count("pk")))
    return Counts(
        sum(states.values()),
        states.get(DeliveryState.BOUNCED_HARD, 0),
        states.get(DeliveryState.COMPLAINED, 0),
    )


def reason_to_stop(counts: Counts) -> str:
    """Return `complaints` or `bounces` when mails must stop, or an empty text."""
    if counts.n_complained >= max(MIN_COMPLAINTS, MAX_COMPLAINED * counts.n):
        return "complaints"
    if counts.n >= MIN_MAILS and counts.n_bounced > MAX_BOUNCED * counts.n:
        return "bounces"
    return ""


def stop_if_needed(audience: WaveAudience) -> bool:
    """Pause an open audience that has a reason to stop, on record and with a mail to who leads; True when it did."""
    if audience.state != AudienceState.OPEN:
        return False
    counts = counts_of(audience).since(audience.stop.get("seen", {}))
    reason = reason_to_stop(counts)
    if not reason:
        return False
    stop = {
        "reason": reason,
        "n": counts.n_complained if reason == "complaints" else counts.n_bounced,
        "of": counts.n,
        "at": timezone.now().isoformat(),
    }
    running = WaveAudience.objects.filter(pk=audience.pk, state=AudienceState.OPEN)
    if not running.update(state=AudienceState.PAUSED, stop={**audience.stop, **stop}):
        return False
    audience.state, audience.stop = AudienceState.PAUSED, {**audience.stop, **stop}
    audit.record("audience.stopped", audience, actor=None, label=f"{audience}: {stop_words(audience)}")
    jobs.create(NOTICE, audience.pk)
    return True


def is_stopped(audience: WaveAudience) -> bool:
    """Tell whether the audience waits since an automatic stop."""
    return audience.state == AudienceState.PAUSED and "reason" in audience.stop


def seen_after(audience: WaveAudience) -> dict[str, Any]:
    """Return what an audience remembers of its stop once somebody lets it go on: what has been seen."""
    counts = counts_of(audience)
    return {"seen": {"n": counts.n, "n_bounced": counts.n_bounced, "n_complained": counts.n_complained}}


def stop_words(audience: WaveAudience) -> str:
    """Return in words why the audience was stopped, with its figures; empty when it was not."""
    stop = audience.stop
    if "reason" not in stop:
        return ""
    n, of = stop["n"], stop["of"]
    share = {"n": n, "of": of, "percent": f"{100 * n / max(of, 1):.1f}"}
    if stop["reason"] == "complaints":
        return (
            ngettext(
                "%(n)s of %(of)s mails was marked as spam (%(percent)s %%)",
                "%(n)s of %(of)s mails were marked as spam (%(percent)s %%)",
                n,
            )
            % share
        )
    return (
        ngettext(
            "%(n)s of %(of)s mails bounced (%(percent)s %%)",
            "%(n)s of %(of)s mails bounced (%(percent)s %%)",
            n,
        )
        % share
    )


def advice_words(audience: WaveAudience) -> str:
    """Return what to do about a stop."""
    if audience.stop.get("reason") == "complaints":
        return _(
            "Check whom you ask and what the mails say before you go on; those who complained are left out."
        )
    return _(
        "Correct the addresses or take them off the list before you go on; nothing more is sent to them."
    )
