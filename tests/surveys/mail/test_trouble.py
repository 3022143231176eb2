"""Mails in trouble: server down, refusing, cutting, hanging; database gone, workers ended, clocks wrong; many at once.

Workers are real processes. Where a test says so their waits are scaled: a lease of 60 s becomes some seconds, and a
minute of waiting after a refusal becomes as many times less.
"""

import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from practice.models import Member
from practice.scope import practice_scope
from surveys.enums import DeliveryState, Round
from surveys.models import Delivery, LedgerEntry, Recipient
from tests.conftest import owner_dsn
from tests.factories.practice import found_practice
from tests.factories.surveys import make_launched_wave
from tests.surveys.mail.scripted import Troubled, server_at
from tests.surveys.mail.servers import (
    WORKER,
    Supervised,
    database_url,
    environment,
    free_port,
    wait_until,
)

pytestmark = pytest.mark.django_db(transaction=True)
LONG = [pytest.mark.long, pytest.mark.timeout(2400)]
LEASE = 4
SCALE = 1 / 15
"""A minute becomes 4 s, as the lease of 60 s does."""


def say(text: str) -> None:
    """Print a figure; pytest shows it with -s, or beside a failure."""
    sys.stdout.write(f"\n{text}\n")


def launch(n: int, name: str = "Trouble") -> Member:
    owner = found_practice(name)
    with practice_scope(owner.practice):
        make_launched_wave(owner, customers=n)
    return owner


def n_in(owner: Member, *states: str, round_code: str = Round.INVITATION) -> int:
    with practice_scope(owner.practice):
        return Delivery.objects.filter(round=round_code, state__in=states).count()


class Crew:
    """Sending workers that are started again when they end, as service managers do."""

    def __init__(self, port: int, log: Path, offsets: tuple[float, ...] = (0, 0)):
        self.programs = [Supervised("-c", WORKER, env=self._env(port, offset), log=log) for offset in offsets]

    def _env(self, port: int, offset: float) -> dict[str, str]:
        return environment(
            SMTP_PORT=str(port), MAIL_SINK_DIR="", MAIL_NEXT_HOP="smtp", CLOCK_OFFSET=str(offset),
            MAIL_LEASE_SECONDS=str(LEASE), MAIL_UNCERTAIN_SECONDS=str(LEASE), TIME_SCALE=str(SCALE),
        )  # fmt: skip

    def work_until_accepted(self, owner: Member, n: int, *, seconds: float) -> None:
        """Wait until so many invitations are accepted, starting workers again that ended."""

        def enough() -> bool:
            for program in self.programs:
                program.tend()
            return n_in(owner, DeliveryState.ACCEPTED) >= n

        wait_until(enough, seconds=seconds)

    def end_one(self) -> None:
        """End a worker in the middle of its work, as a deployment does."""
        self.programs[0].process.send_signal(signal.SIGTERM)


@contextmanager
def crew(port: int, folder: Path, offsets: tuple[float, ...] = (0, 0)) -> Iterator[Crew]:
    found = Crew(port, folder / "log", offsets)
    try:
        yield found
    finally:
        for program in found.programs:
            program.stop()


def lose_the_database(seconds: float) -> None:
    """Do to clients what a restart of the server does: every session ends, and nobody gets in for a while."""
    connection.close()
    name = database_url("default").rpartition("@/")[2].partition("?")[0]
    with psycopg.connect(owner_dsn("postgres"), autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            with psycopg.connect(
                database_url("default").replace(f"@/{name}", "@/postgres"), autocommit=True
            ) as app:
                app.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = %s AND usename = current_user AND pid <> pg_backend_pid()",
                    [name],
                )
            time.sleep(seconds)
        finally:
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def assert_none_lost_and_doubles_listed(owner: Member, server: Troubled) -> int:
    """Check every mail against what the server kept; return how many came twice."""
    copies = server.copies()
    with practice_scope(owner.practice):
        rows = Delivery.objects.filter(round=Round.INVITATION).values_list("message_id", "was_uncertain")
        listed = dict(rows)
    assert not listed.keys() - copies.keys(), "mails are lost"
    doubled = {number for number, found in copies.items() if len(found) > 1}
    assert all(listed[number] for number in doubled)
    assert all(len(set(found)) == 1 for found in copies.values())
    assert max(len(found) for found in copies.values()) <= 2 + sum(listed.values())
    return len(doubled)


@pytest.mark.parametrize(("n", "down"), [(200, 5.0), pytest.param(10_000, 40.0, marks=LONG)])
def test_everything_at_once_loses_nothing(n: int, down: float, tmp_path: Path) -> None:
    owner, port = launch(n), free_port()
    server = Troubled(
        later=0.05, cuts=frozenset(range(n // 10, n, n // 10)), hangs=frozenset({n // 5, n // 2})
    )
    with crew(port, tmp_path) as workers:
        with server_at(port, server):
            workers.work_until_accepted(owner, n // 6, seconds=60 + n / 20)
            workers.end_one()
            workers.work_until_accepted(owner, n // 4, seconds=60 + n / 20)
            lose_the_database(2.0)
            workers.work_until_accepted(owner, n // 2, seconds=60 + n / 20)
        time.sleep(down)  # the mail server is down: 10 minutes of 60 s are 40 s here
        with server_at(port, server):
            back_at = time.monotonic()
            workers.work_until_accepted(owner, n // 2 + n // 20, seconds=600 * SCALE)
            flows_after = time.monotonic() - back_at
            workers.work_until_accepted(owner, n, seconds=120 + n / 20)
    n_doubled = assert_none_lost_and_doubles_listed(owner, server)
    say(
        f"{n} mails: 0 lost, {n_doubled} twice and listed; flowing {flows_after:.1f} s after the server was back"
    )


@pytest.mark.parametrize("n", [100, pytest.param(10_000, marks=LONG)])
def test_clocks_that_are_hours_wrong_send_nothing_twice_and_nothing_early(n: int, tmp_path: Path) -> None:
    owner, port, server = launch(n), free_port(), Troubled(seconds=0.002)
    with practice_scope(owner.practice):
        Delivery.objects.filter(round=Round.REMINDER_1).update(
            due_at=timezone.now() + timezone.timedelta(hours=1)
        )
    with server_at(port, server), crew(port, tmp_path, (7200, -7200)) as workers:
        workers.work_until_accepted(owner, n, seconds=60 + n / 20)
    assert {len(found) for found in server.copies().values()} == {1}
    assert len(server.mails) == n
    assert n_in(owner, DeliveryState.PLANNED, round_code=Round.REMINDER_1) == n


@pytest.mark.parametrize(("n", "seconds"), [(120, 0.05), pytest.param(1_000, 0.15, marks=LONG)])
def test_no_reminder_reaches_who_answered_before(n: int, seconds: float, tmp_path: Path) -> None:
    owner, port, server = launch(n), free_port(), Troubled(seconds=seconds)
    with practice_scope(owner.practice):
        Delivery.objects.filter(round=Round.INVITATION).update(state=DeliveryState.CANCELLED)
        Delivery.objects.filter(round=Round.REMINDER_1).update(due_at=timezone.now())
        people = list(Recipient.objects.values_list("pk", "email"))
    answered: dict[str, float] = {}
    chosen = random.Random(7).sample(people, round(0.4 * n))
    ends = threading.Event()

    def answer_all() -> None:
        try:
            for pk, email in chosen:
                with practice_scope(owner.practice_id):
                    LedgerEntry.objects.filter(recipient=pk).update(submitted=True)
                answered[email] = time.monotonic()
                if ends.wait(seconds * n / 2 / len(chosen)):
                    break
        finally:
            connection.close()

    thread = threading.Thread(target=answer_all)
    with server_at(port, server), crew(port, tmp_path) as workers:
        wait_until(lambda: len(server.mails) >= 2, seconds=60)
        thread.start()

        def is_over() -> bool:
            for program in workers.programs:
                program.tend()
            waiting = (DeliveryState.PLANNED, DeliveryState.SENDING, DeliveryState.RETRY)
            return n_in(owner, *waiting, round_code=Round.REMINDER_1) == 0

        wait_until(is_over, seconds=120 + n)
        thread.join()
    came = {address: at for at, address, _content in server.mails}
    assert len(came) == len(server.mails), "somebody got two mails of one round"
    late = {email: came[email] - at for email, at in answered.items() if email in came and came[email] > at}
    spared = [email for email in answered if email not in came]
    longest = max(late.values(), default=0.0)
    say(
        f"{n} people, {len(answered)} answered meanwhile: {len(spared)} spared, "
        f"{len(late)} crossed, at most {longest:.1f} s"
    )
    assert longest <= LEASE  # as 60 s stand to a lease of 60 s
    assert spared
    with practice_scope(owner.practice):
        silent = {email for _pk, email in people} - answered.keys()
    assert silent <= came.keys()


@pytest.mark.parametrize(("n", "bound"), [(900, 20.0), pytest.param(50_000, 60.0, marks=LONG)])
def test_a_small_practice_does_not_wait_for_a_big_one(n: int, bound: float, tmp_path: Path) -> None:
    port, server = free_port(), Troubled()
    big = launch(n, "Big")
    with ExitStack() as stack:
        stack.enter_context(server_at(port, server))
        workers = stack.enter_context(crew(port, tmp_path))
        workers.work_until_accepted(big, 100, seconds=120)
        small = launch(20, "Small")
        began = time.monotonic()
        workers.work_until_accepted(small, 20, seconds=bound)
        took = time.monotonic() - began
        left = n_in(big, DeliveryState.QUEUED, DeliveryState.PLANNED)
    say(f"{n} mails queued by one practice, {left} still waiting; 20 of another left within {took:.1f} s")
    assert left > 0
