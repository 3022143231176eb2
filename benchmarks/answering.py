"""Answering a survey: 50 seven-point ratings on 5 pages, from opening the link to thanks, eight people at a time."""

import copy
import http.client
import re
import threading
import time
from collections.abc import Sequence
from itertools import islice
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode, urlsplit

from benchmarks.empty_site import empty_site
from benchmarks.measure import Measure, cpu_seconds, watched
from benchmarks.stage import Stage

PEOPLE, AT_A_TIME, EMPTY_REQUESTS = 400, 8, 2_000
EMPTY_THERE = 5.0
"""CPU seconds of 1,000 x 7 empty requests where the budgets were set."""
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
RATING = re.compile(r'type="radio" name="([^"]+)"')


def measures(stage: Stage) -> list[Measure]:
    """Answer with everybody and return cost, rate, slowness and weight of the pages."""
    links = iter(prepare_links(2 * PEOPLE + AT_A_TIME + 200))
    parts = {"web": stage.leader("web"), "postgres": stage.leader("postgres")}
    answer_all(stage.base_url, list(islice(links, AT_A_TIME)), has_script=True)
    empty = cpu_of_empty_request()
    with watched(**parts) as first:
        weight = max(len(fetch(stage.base_url, f"/s/{token}/").encode()) for token in islice(links, 200))
    with watched(**parts) as spent:
        seconds = answer_all(stage.base_url, list(islice(links, PEOPLE)), has_script=True)
    with watched(**parts) as plain:
        answer_all(stage.base_url, list(islice(links, PEOPLE)), has_script=False)
    limit = empty * 7 * 1000
    return [
        Measure("One complete response (50 ratings, 5 pages), CPU of web and database per 1,000",
                sum(spent.cpu.values()) / PEOPLE * 1000, "s", 16, limit, "7 empty Django requests",
                limit_there=EMPTY_THERE),
        Measure("of it PostgreSQL", spent.cpu["postgres"] / PEOPLE * 1000, "s"),
        Measure("The same without JavaScript (every post is followed by a redirect)",
                sum(plain.cpu.values()) / PEOPLE * 1000, "s", 16, limit, "the same", limit_there=EMPTY_THERE),
        Measure("Responses per second, 8 at a time (the callers use the same cores)", PEOPLE / spent.wall, "/s", 100,
                is_rate=True),
        Measure("Page of the survey, p95", quantiles(seconds, n=20)[-1] * 1000, "ms", 120),
        Measure("First survey page, CPU", sum(first.cpu.values()) / 200 * 1000, "ms", 4,
                limit / 7, "an empty Django request", limit_there=EMPTY_THERE / 7),
        Measure("First survey page, HTML", weight / 1000, "kB", 100),
    ]  # fmt: skip


def cpu_of_empty_request() -> float:
    """Return the CPU seconds of one request of a site that does nothing, on connections that stay open."""
    with empty_site() as (address, leader):
        connection = http.client.HTTPConnection(urlsplit(address).netloc)
        for number in range(2 * EMPTY_REQUESTS):
            if number == EMPTY_REQUESTS:
                before = cpu_seconds([leader])
            connection.request("GET", "/")
            connection.getresponse().read()
        return (cpu_seconds([leader]) - before) / EMPTY_REQUESTS


def short_instrument() -> dict[str, Any]:
    """Return die-crm cut down to five dimensions of five statements, asked of customers for two states."""
    from surveys.instruments import load_builtin

    document = copy.deepcopy(load_builtin("die-crm").as_dict())
    document["dimensions"] = document["dimensions"][:5]
    del document["profile_names"], document["translations"]
    for dimension in document["dimensions"]:
        items = dimension["items"]
        items += [dict(items[n], code=f"{dimension['code']}.{n + 4}") for n in range(2)]
    form = next(form for form in document["forms"] if form["code"] == "customers-standard")
    form["sections"] = form["sections"][:1]
    return document


def prepare_links(people: int) -> list[str]:
    """Launch a confidential audience and return the tokens of its links; no mail is sent."""
    from practice.scope import practice_scope
    from surveys.enums import DeliveryState
    from surveys.links import token_for
    from surveys.models import Delivery, Recipient, WaveAudience
    from surveys.services.launch import launch_wave
    from tests.factories.practice import found_practice
    from tests.factories.surveys import add_people, make_wave

    owner = found_practice("Benchmark Consulting")
    with practice_scope(owner.practice):
        wave = make_wave(owner)
        wave.instrument = short_instrument()
        wave.save(update_fields=["instrument"])
        add_people(wave, "customers", people)
        launch_wave(wave=wave, actor=owner)
        Delivery.objects.all().update(state=DeliveryState.CANCELLED)
        audience = WaveAudience.objects.get(wave=wave, audience="customers")
        return [token_for(audience, person) for person in Recipient.objects.filter(wave_audience=audience)]


def fetch(base_url: str, path: str) -> str:
    """Return the body of a page on a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc)
    connection.request("GET", path)
    body = connection.getresponse().read().decode()
    connection.close()
    return body


def answer_all(base_url: str, tokens: Sequence[str], *, has_script: bool) -> list[float]:
    """Answer with `AT_A_TIME` people at a time and return the seconds of every page; raises on any refusal."""
    waiting, seconds, problems = list(tokens), list[float](), list[Exception]()

    def work() -> None:
        while waiting and not problems:
            try:
                seconds.extend(Person(base_url, waiting.pop(), has_script=has_script).answer())
            except Exception as error:  # noqa: BLE001 - reported by the caller, whatever it is
                problems.append(error)

    threads = [threading.Thread(target=work) for _number in range(AT_A_TIME)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
    return seconds


class Person:
    """One respondent with one connection and a cookie jar."""

    def __init__(self, base_url: str, token: str, *, has_script: bool) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(base_url).netloc)
        self.origin, self.token, self.has_script = base_url, token, has_script
        self.cookies: dict[str, str] = {}
        self.seconds: list[float] = []

    def answer(self) -> list[float]:
        """Open, start, rate everything, finish; return the seconds of each page."""
        path, html = self.request("GET", f"/s/{self.token}/")
        fields = [("start", "1")]
        while True:
            found = CSRF.search(html)
            if found is None:
                break
            path, html = self.request("POST", path, [("csrfmiddlewaretoken", found[1]), *fields])
            ratings = dict.fromkeys(RATING.findall(html))
            button = "finish" if 'name="finish"' in html else "next"
            fields = [(name, str(1 + number % 7)) for number, name in enumerate(ratings)] + [(button, "1")]
        self.connection.close()
        return self.seconds

    def request(self, method: str, path: str, fields: Sequence[tuple[str, str]] = ()) -> tuple[str, str]:
        """Send one request, follow its redirect, and return the path and body of the page it led to."""
        began = time.perf_counter()
        for _hop in range(3):
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            body = urlencode(fields) if method == "POST" else None
            if body is not None:
                headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.origin}
            if body is not None and self.has_script:
                headers["X-Survey"] = "page"
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
            html = response.read().decode()
            for name, value in response.getheaders():
                if name.lower() == "set-cookie":
                    key, _equals, rest = value.partition("=")
                    self.cookies[key] = rest.partition(";")[0]
            if response.status not in {302, 303}:
                path = response.getheader("X-Survey-Page", path)
                break
            method, path = "GET", response.getheader("Location", "")
        if response.status != 200:
            raise RuntimeError(f"{method} {path} answered {response.status}")
        self.seconds.append(time.perf_counter() - began)
        return path, html
