"""Killed workers and a lost broker: every invitation leaves, and none leaves twice where the next hop can be asked."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest
import redis

from crmgap_site.launcher.valkey import find_binary
from practice.models import Member
from practice.scope import practice_scope
from surveys.enums import DeliveryState, Round
from surveys.mail import sink
from surveys.models import Delivery
from tests.factories.practice import found_practice
from tests.factories.surveys import make_launched_wave
from tests.surveys.mail.servers import Supervised, environment, kill, recording_sink, start_worker, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
KILLS = 10
RUNS = [
    (500, KILLS),
    pytest.param(10_000, 50, marks=[pytest.mark.long, pytest.mark.timeout(1200)]),
]


def launch(n: int) -> Member:
    owner = found_practice("Faults")
    with practice_scope(owner.practice):
        make_launched_wave(owner, customers=n)
    return owner


def states(owner: Member) -> Counter[str]:
    with practice_scope(owner.practice):
        return Counter(Delivery.objects.filter(round=Round.INVITATION).values_list("state", flat=True))


def kill_while_sending(env: dict[str, str], folder: Path, owner: Member, n: int, kills: int) -> None:
    """Kill a worker whenever it has sent some more mails, then let two finish."""
    step = n // (kills + 2)
    for number in range(1, kills + 1):
        worker = start_worker(env)
        wait_until(lambda goal=number * step: len(list(folder.iterdir())) >= goal, seconds=60)
        kill(worker)
    workers = [start_worker(env), start_worker(env)]
    try:
        wait_until(lambda: states(owner)[DeliveryState.ACCEPTED] == n, seconds=60 + n / 50)
    finally:
        for worker in workers:
            kill(worker)


def copies_by_message(folder: Path, owner: Member) -> dict[str, int]:
    with practice_scope(owner.practice):
        ids = Delivery.objects.filter(round=Round.INVITATION).values_list("message_id", flat=True)
        kept = Counter(file.name.partition(".")[0] for file in folder.glob("*.eml"))
        return {message_id: kept[sink.name_of(message_id)] for message_id in ids}


@pytest.mark.parametrize(("n", "kills"), RUNS)
def test_nothing_is_lost_or_doubled_where_the_next_hop_can_be_asked(
    n: int, kills: int, tmp_path: Path
) -> None:
    owner = launch(n)
    with recording_sink(tmp_path) as port:
        env = environment(SMTP_PORT=str(port), MAIL_SINK_DIR=str(tmp_path), MAIL_NEXT_HOP="sink")
        kill_while_sending(env, tmp_path, owner, n, kills)
    found = copies_by_message(tmp_path, owner)
    assert len(found) == n
    assert set(found.values()) == {1}


@pytest.mark.parametrize(("n", "kills"), RUNS)
def test_with_a_dumb_server_duplicates_are_few_identical_and_listed(
    n: int, kills: int, tmp_path: Path
) -> None:
    owner = launch(n)
    with recording_sink(tmp_path) as port:
        env = environment(SMTP_PORT=str(port), MAIL_SINK_DIR="", MAIL_NEXT_HOP="smtp")
        kill_while_sending(env, tmp_path, owner, n, kills)
    found = copies_by_message(tmp_path, owner)
    assert min(found.values()) == 1
    doubled = {message_id for message_id, copies in found.items() if copies > 1}
    assert sum(copies - 1 for copies in found.values()) <= kills
    with practice_scope(owner.practice):
        listed = set(Delivery.objects.filter(was_uncertain=True).values_list("message_id", flat=True))
    assert doubled <= listed
    for message_id in doubled:
        stem = sink.name_of(message_id)
        bodies = {file.read_bytes() for file in tmp_path.glob(f"{stem}*.eml")}
        assert len(bodies) == 1


@pytest.mark.parametrize(
    "n", [300, pytest.param(10_000, marks=[pytest.mark.long, pytest.mark.timeout(1200)])]
)
def test_a_broker_emptied_and_restarted_loses_nothing(n: int, tmp_path: Path) -> None:
    socket_path = tmp_path / "v.sock"
    command = [
        str(find_binary()),
        "--port",
        "0",
        "--unixsocket",
        str(socket_path),
        "--save",
        "",
        "--dir",
        str(tmp_path),
    ]
    mails = tmp_path / "mails"
    mails.mkdir()
    broker = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until(socket_path.exists, seconds=10)
        with recording_sink(mails) as port:
            url = f"unix://{socket_path}?db=0"
            env = environment(SMTP_PORT=str(port), MAIL_SINK_DIR=str(mails), REDIS_URL=url, SWEEP_SECONDS="1")
            celery = ["-m", "celery", "-A", "crmgap_site"]
            worker = ["worker", "-Q", "mail,compute,render,default", "-c", "2", "-l", "CRITICAL"]
            beat = ["beat", "-s", str(tmp_path / "beat"), "-l", "CRITICAL"]
            programs = [Supervised(*celery, *part, env=env, log=tmp_path / "log") for part in (worker, beat)]

            def all_sent(wanted: int) -> bool:
                for program in programs:
                    program.tend()
                return states(owner)[DeliveryState.ACCEPTED] == wanted

            try:
                owner = launch(n)
                wait_until(lambda: len(list(mails.glob("*.eml"))) >= 20, seconds=60)
                with redis.Redis.from_url(url) as client:
                    client.flushall()
                broker.kill()
                broker.wait()
                socket_path.unlink(missing_ok=True)
                broker = subprocess.Popen(command, stdout=subprocess.DEVNULL)
                wait_until(socket_path.exists, seconds=10)
                late = launch_more(owner)
                wait_until(lambda: all_sent(n + late), seconds=90 + n / 20)
            finally:
                for program in programs:
                    program.stop()
        assert set(copies_by_message(mails, owner).values()) == {1}
    finally:
        broker.kill()
        broker.wait()


def launch_more(owner: Member) -> int:
    """Launch another wave whose wake-up message goes to nobody."""
    with practice_scope(owner.practice):
        make_launched_wave(owner, customers=20)
    return 20
