"""Invitations: rows claimed, mails built, handed to the recording server and recorded, by two workers."""

import os
import smtplib
import time
from email.message import EmailMessage

from benchmarks.measure import Measure, watched
from benchmarks.stage import Stage

INVITATIONS, DIRECT, LONGEST_SECONDS = 3_000, 1_000, 300.0
DIRECT_THERE = 1_200.0
"""Mails per second of one connection where the budget was set."""


def measures(stage: Stage) -> list[Measure]:
    """Launch, wait until everything is accepted, and return the rate beside that of the bare connection."""
    from practice.scope import practice_scope
    from surveys.enums import DeliveryState, Round
    from surveys.models import Delivery, WaveAudience
    from surveys.services.launch import launch_wave
    from tests.factories.practice import found_practice
    from tests.factories.surveys import add_people, make_wave

    limit = direct_rate()
    owner = found_practice("Benchmark Mailing")
    with practice_scope(owner.practice):
        wave = make_wave(owner)
        add_people(wave, "customers", INVITATIONS)
    parts = {name: stage.leader(name) for name in ("worker", "postgres", "mail-sink")}
    with watched(**parts) as spent:
        began = time.perf_counter()
        with practice_scope(owner.practice):
            launch_wave(wave=wave, actor=owner)
            audience = WaveAudience.objects.get(wave=wave, audience="customers")
        accepted = 0
        while accepted < INVITATIONS and time.perf_counter() - began < LONGEST_SECONDS:
            time.sleep(0.2)
            with practice_scope(owner.practice):
                mails = Delivery.objects.filter(wave_audience=audience, round=Round.INVITATION)
                accepted = mails.filter(state=DeliveryState.ACCEPTED).count()
    if accepted < INVITATIONS:
        raise RuntimeError(
            f"{accepted} of {INVITATIONS} invitations were accepted in {LONGEST_SECONDS:.0f} s"
        )
    per_mail = 1000 / INVITATIONS
    return [
        Measure("Invitations per second, 2 workers, every state on disk", INVITATIONS / spent.wall, "/s", 400, limit,
                "smtplib on one connection to the same server", is_rate=True, limit_there=DIRECT_THERE),
        Measure("One invitation, CPU of the workers", spent.cpu["worker"] * per_mail, "ms"),
        Measure("One invitation, CPU of PostgreSQL", spent.cpu["postgres"] * per_mail, "ms"),
        Measure("One invitation, CPU of the recording server", spent.cpu["mail-sink"] * per_mail, "ms"),
    ]  # fmt: skip


def direct_rate() -> float:
    """Return how many mails per second the recording server takes from one connection."""
    with smtplib.SMTP("127.0.0.1", int(os.environ["SMTP_PORT"])) as server:
        began = time.perf_counter()
        for number in range(DIRECT):
            mail = EmailMessage()
            mail["From"], mail["To"] = "a@example.org", "b@example.org"
            mail["Message-ID"], mail["Subject"] = f"<direct-{number}@example.org>", "Direct"
            mail.set_content("Text\n" * 60)
            server.send_message(mail)
        return DIRECT / (time.perf_counter() - began)
