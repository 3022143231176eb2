"""Portal pages of a practice with 200 engagements, 50,000 people and 20,000 answers."""

import gc
import os
import time
from statistics import quantiles

from benchmarks.measure import Measure
from benchmarks.scene import answered_wave, invite
from benchmarks.stage import Stage

ENGAGEMENTS, PEOPLE, ANSWERS, ROUNDS = 200, 50_000, 20_000, 40


def measures(_stage: Stage) -> list[Measure]:
    """Return the slowest twentieth of each page's requests, asked one after another in this process."""
    from django.test import Client

    from practice.scope import practice_scope
    from surveys.models import WaveAudience
    from tests.factories.practice import found_practice, make_client, make_engagement
    from tests.factories.surveys import make_wave

    owner = found_practice("Benchmark Portal")
    with practice_scope(owner.practice):
        clients = [make_client(owner) for _number in range(40)]
        large = make_engagement(owner, clients[0])
        answered_wave(
            owner, {"customers": ANSWERS}, large, people_per_answer=(PEOPLE - ENGAGEMENTS * 20) / ANSWERS
        )
        for number in range(ENGAGEMENTS - 1):
            wave = make_wave(owner, make_engagement(owner, clients[number % 40]))
            invite(WaveAudience.objects.get(wave=wave, audience="customers"), 20)
    home = f"/p/{owner.practice.slug}/"
    pages = {
        "list of engagements": home,
        "engagement": f"{home}engagements/{large.pk}/",
        "people": f"{home}engagements/{large.pk}/people/",
        "people, searched": f"{home}engagements/{large.pk}/people/?q=Person+4999",
        "field": f"{home}engagements/{large.pk}/field/",
        "clients": f"{home}clients/",
    }
    gc.collect()
    gc.freeze()  # what the other benchmarks left in this process is not the portal's to look through
    os.sync()  # neither is the writing of all those rows to the disk, behind which a page can wait for seconds
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(owner.user)
    found, slowest = list[Measure](), 0.0
    for name, path in pages.items():
        seconds = []
        for _round in range(ROUNDS):
            began = time.perf_counter()
            answer = browser.get(path)
            seconds.append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise RuntimeError(f"{path} answered {answer.status_code}")
        p95 = quantiles(seconds[1:], n=20)[-1] * 1000
        slowest = max(slowest, p95)
        found.append(Measure(f"Portal page: {name}, p95", p95, "ms", 150))
    return found
