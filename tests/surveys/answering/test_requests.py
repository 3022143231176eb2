"""What a request costs and touches: statements, rows changed by looking, sessions, bytes."""

import re
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from practice.scope import practice_scope
from surveys.models import SurveyLink
from tests.conftest import owner_dsn
from tests.surveys.answering.browser import Browser, answer_all
from tests.surveys.answering.builder import launch

ASIDE = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "SET TRANSACTION", "SELECT SET_CONFIG")
MOST_STATEMENTS = 5
SCANNERS = ("Mozilla/5.0", "SkypeUriPreview", "bingbot/2.0", "Barracuda Sentinel (EE)")


class Counter:
    """Counts the statements of each request of a browser, transaction control aside."""

    def __init__(self, client: Client):
        self.most = 0
        self.client = client
        self.request = client.request

    def __enter__(self) -> "Counter":
        self.client.request = self.counted  # type: ignore[method-assign]
        return self

    def __exit__(self, *_error: object) -> None:
        self.client.request = self.request  # type: ignore[method-assign]

    def counted(self, **environ: Any) -> Any:
        with CaptureQueriesContext(connection) as captured:
            response = self.request(**environ)
        texts = [query["sql"] for query in captured.captured_queries]
        counted = [text for text in texts if not text.upper().startswith(ASIDE)]
        self.most = max(self.most, len(counted))
        assert len(counted) <= MOST_STATEMENTS, counted
        assert not [text for text in counted if "session" in text or "practice_user" in text]
        return response


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["confidential", "named"])
def test_no_request_needs_more_than_five_statements(mode):
    asked = launch(3, mode=mode, audience="managers")
    browser = Browser()
    with Counter(browser.client) as counter:
        answer_all(browser.start(asked.tokens[0]))
        browser.open(f"/s/{asked.tokens[0]}/")
        browser.open(f"/s/{'x' * 22}/")
    assert counter.most == MOST_STATEMENTS


@pytest.mark.django_db
def test_pages_weigh_little():
    browser = Browser().start(launch().tokens[0])
    styles = sum(
        (settings.BASE_DIR / "crmgap_site" / "static" / name).stat().st_size
        for name in ("tokens.css", "survey.css", "survey.js", "fonts/inter-var.woff2")
    )
    for _page in range(12):
        assert len(browser.html.encode()) + styles < 100_000
        assert (
            browser.html.count("<script")
            == browser.html.count('<script type="module" src="/static/survey.js">')
            == 1
        )
        assert "//" not in browser.html.replace("http://www.w3.org", "").replace("<!doctype", "")
        browser.press("next")


@pytest.mark.django_db
def test_the_script_gets_the_next_page_at_once_and_its_address():
    browser = Browser().start(launch().tokens[0])
    form = browser.fields() | {"next": "1", "csrfmiddlewaretoken": browser.csrf()}
    answer = browser.client.post(browser.url, form, headers={"X-Survey": "page"})
    assert answer.status_code == 200
    address = answer.headers["X-Survey-Page"]
    assert address.startswith(browser.url.rsplit("/", 2)[0])
    assert address != browser.url
    token = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')
    assert token.sub("", browser.client.get(address).content.decode()) == token.sub(
        "", answer.content.decode()
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "turns", [50, pytest.param(500, marks=[pytest.mark.long, pytest.mark.timeout(1200)])]
)
def test_looking_changes_no_row(turns):
    asked = launch(4, attributes=lambda number: {"team": f"T{number}"})
    for token in asked.tokens[:2]:
        Browser().start(token).press("next")
    answer_all(Browser().start(asked.tokens[1]))
    with practice_scope(asked.practice):
        SurveyLink.objects.filter(recipient_id=asked.recipient_ids[3]).update(is_revoked=True)
    device = Browser().start(asked.tokens[0])
    before = dump()
    ref = device.url.split("/")[3]
    for turn in range(turns):
        agent = {"HTTP_USER_AGENT": SCANNERS[turn % len(SCANNERS)]}
        token = asked.tokens[turn % 4]
        clients = (Client(), device.client)
        for client in clients:
            client.get(f"/s/{token}/", **agent)
            client.get(f"/s/{token}/data/", **agent)
            client.head(f"/s/{token}/", **agent)
        device.client.get(f"/s/r/{ref}/")
        device.client.head(f"/s/r/{ref}/{turn % 12}/")
    after = dump()
    assert [name for name in after if after[name] != before[name]] == []
    assert Browser().start(asked.tokens[2]).status == 200


def dump() -> dict[str, tuple[Any, ...]]:
    """Return every row of every table with its hidden columns, as the owner sees them."""
    with psycopg.connect(owner_dsn(settings.DATABASES["owner"]["NAME"])) as database:
        names = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {
            name: tuple(
                database.execute(
                    f'SELECT ctid, xmin, xmax, t::text FROM "{name}" t ORDER BY ctid'  # noqa: S608  own names
                )
            )
            for (name,) in names
        }
