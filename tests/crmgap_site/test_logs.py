"""50 canaries in links, answers, passwords, tokens and addresses: none of them in any line that the servers log."""

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from crmgap_site.launcher.places import CHECKOUT
from crmgap_site.logs import cut_secrets
from tests.conftest import owner_dsn
from tests.crmgap_site.web import Site, status
from tests.factories.world import World, plant_world

TASK_THAT_FAILS = """
import django
django.setup()
from celery import current_app
@current_app.task(name="failing")
def failing(answer):
    try:
        raise ValueError(answer)
    except ValueError as error:
        raise RuntimeError("not saved: " + answer) from error
failing.apply(args=["%s"])
"""


@pytest.fixture
def world(transactional_db: None) -> World:
    """Return a committed practice with a live link."""
    return plant_world(mode="confidential")


@pytest.fixture
def site(world: World, tmp_path: Path) -> Iterator[Site]:
    """Return the running web server."""
    made = Site(tmp_path)
    try:
        made.wait()
        yield made
    finally:
        made.stop()


def canaries(kind: str, n: int) -> list[str]:
    """Return texts that look like a link token: 22 characters with digits and both cases."""
    return [f"Canary{kind}{number:02d}".ljust(22, "Z") for number in range(n)]


def ask_with_links(site: Site, tokens: list[str]) -> list[int]:
    """Ask with links that are unknown, far too long, carry a query, or are no HTTP."""
    a, b, c, d, e, f, g, h, i, j = tokens
    answers = [
        site.send("GET", f"/s/{a}/"),
        site.send("POST", f"/s/{b}/", "start=1"),
        site.send("GET", f"/s/{c}/?back={c}"),
        site.send("GET", f"/s/{d * 450}/"),
        site.send("GET", f"/s/{e * 2000}/"),
        site.send("GET", f"/s/{f}/", version="HTTP/9.9"),
        site.send("BR EW", f"/s/{g}/"),
        site.send("GET", f"/s/{h}/", Host="evil.example"),
        site.send("GET", f"/accounts/password/reset/key/1-{i}/"),
        site.send("GET", f"/join/{j}/"),
    ]
    return [status(answer) for answer in answers]


class Form:
    """A form that was opened by its link, as a browser without scripts holds it."""

    def __init__(self, site: Site, token: str):
        self.site = site
        opened = site.send("GET", f"/s/{token}/")
        self.csrf = found(r'name="csrfmiddlewaretoken" value="(\w+)"', opened)
        self.cookie = found(r"(?i)set-cookie: (csrf=\w+)", opened)
        started = self.post(f"/s/{token}/", "start=1")
        self.place = found(r"(?i)location: (\S+)", started)
        self.cookie += f"; {found(r'(?i)set-cookie: (s-[^;]+)', started)}"

    def post(self, path: str, body: str) -> str:
        """Post fields and return the whole answer."""
        whole = f"{body}&csrfmiddlewaretoken={self.csrf}"
        return self.site.send("POST", path, whole, Cookie=self.cookie)

    def answer(self, text: str) -> int:
        """Send a text as an answer, as a question that there is not, and with a NUL."""
        return status(self.post(self.place, f"next=1&{text}={text}&comment={text}%00&Q1={text}"))


def found(pattern: str, text: str) -> str:
    """Return what a pattern catches."""
    match = re.search(pattern, text)
    assert match, text[:500]
    return match[1]


def break_store(table: str, column: str) -> None:
    """Make every write to a table fail with a message that quotes what was written."""
    with psycopg.connect(owner_dsn(settings.DATABASES["owner"]["NAME"]), autocommit=True) as owner:
        owner.execute(
            "CREATE OR REPLACE FUNCTION quoting() RETURNS trigger LANGUAGE plpgsql AS "
            f"$quote$ BEGIN RAISE EXCEPTION 'cannot keep %%', NEW.{column}; END $quote$".replace(
                "%%", "%"
            ).encode()
        )
        trigger = f"CREATE TRIGGER quoting BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW"
        owner.execute(f"{trigger} EXECUTE FUNCTION quoting()".encode())


def mend_store() -> None:
    """Take the failing triggers away again."""
    connections["default"].close()
    with psycopg.connect(owner_dsn(settings.DATABASES["owner"]["NAME"]), autocommit=True) as owner:
        owner.execute("DROP FUNCTION IF EXISTS quoting() CASCADE")


def test_no_canary_reaches_the_log(site: Site, world: World) -> None:
    links, answers, passwords = canaries("Link", 10), canaries("Answer", 15), canaries("Password", 10)
    tokens, names = canaries("Token", 5), canaries("Name", 10)
    try:
        seen = ask_with_links(site, links)
        assert seen[:4] == [404, 404, 404, 404]
        assert "does not lead to a survey" in site.send("GET", f"/s/{links[3] * 450}/")
        assert all(400 <= code < 500 for code in seen[4:8]), seen
        form = Form(site, world.survey_token)
        assert {form.answer(text) for text in answers[:10]} <= {303, 400, 422}
        break_store("surveys_draft", "id")
        assert {form.answer(text) for text in answers[10:]} == {500}
        for secret in passwords:
            body = f"login={secret}%40mail.example&password={secret}"
            assert 400 <= status(site.send("POST", "/accounts/login/", body)) < 500
        for secret in tokens:
            assert (
                status(site.send("GET", "/api/v1/clients/", Authorization=f"Bearer cap_live_{secret}")) == 401
            )
        break_store("practice_clientorganisation", "name")
        for name in names:
            body = json.dumps({"name": name, "contact_email": f"{name}@mail.example"})
            kind = {"Content_Type": "application/json", "Authorization": f"Bearer {world.token_secret}"}
            assert status(site.send("POST", "/api/v1/clients/", body, **kind)) == 500
    finally:
        mend_store()
    task = subprocess.run(
        [sys.executable, "-c", TASK_THAT_FAILS % answers[0]], cwd=CHECKOUT, capture_output=True, text=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "crmgap_site.settings"}, check=False,
    )  # fmt: skip
    text = site.log.read_text() + task.stdout + task.stderr
    planted = [*links, *answers, *passwords, *tokens, *names]
    assert len(planted) == 50
    assert [canary for canary in [*planted, world.survey_token, world.token_secret] if canary in text] == []
    events = [json.loads(line) for line in text.splitlines()]
    failures = [event for event in events if "exception" in event]
    assert sum(event["logger"] == "django.request" for event in failures) == 15
    assert any(
        event["exception"][:2] == ["builtins.RuntimeError", "builtins.ValueError"] for event in failures
    )
    assert all(event.get("request_id") for event in failures if event["logger"] == "django.request")
    assert any("practice" in frame for event in failures for frame in event["frames"])


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Not Found: /s/abc/?x=1", "Not Found: /s/…/?…"),
        ("/s/r/12ab34cd/3/", "/s/r/12ab34cd/3/"),
        ("/p/alder/engagements/9b2e3c2a-1111-2222-3333-444455556666/", None),
        ("/join/AbCdEfGhIjKlMnOpQrStUv/ x", "/join/…/ x"),
        ("Authorization: Bearer abc.def", "Authorization: …token…"),
        ("to ada.o'brien@bank.example today", "to …address… today"),
        ("redis://user:secret@broker:6379/0", "redis://…@broker:6379/0"),
        ("practice.tasks.sweep[9b2e3c2a-1111-2222-3333-444455556666] raised", None),
    ],
)
def test_texts_are_cut_where_they_open_or_name(text: str, cut: str | None) -> None:
    assert cut_secrets(text) == (text if cut is None else cut)


def test_formatter_takes_nested_values_and_long_texts() -> None:
    config = settings.LOGGING["formatters"]["json"]
    formatter = config["()"](**{key: value for key, value in config.items() if key != "()"})
    record = logging.LogRecord("x", logging.WARNING, "f", 1, "%s %s", (["a@b.example"], "y" * 10_000), None)
    event = json.loads(formatter.format(record))
    assert "…address…" in event["event"]
    assert len(event["event"]) < 4_100
