"""Links that lead nowhere get one identical page; doors that are shut are friendly and store nothing."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from practice.scope import practice_scope
from surveys.models import Draft, SpoolEntry, SurveyLink
from tests.surveys.answering.browser import Browser, answer_all
from tests.surveys.answering.builder import launch

pytestmark = pytest.mark.django_db

SHUT = {
    "closed": "This survey is closed",
    "paused": "This survey is paused",
    "scheduled": "This survey has not opened yet",
    "draft": "This survey has not opened yet",
    "released": "This survey is closed",
}


def test_unknown_malformed_and_revoked_links_share_one_page():
    asked = launch(2)
    with practice_scope(asked.practice):
        SurveyLink.objects.filter(recipient_id=asked.recipient_ids[1]).update(is_revoked=True)
    live, revoked = asked.tokens
    bad = [
        revoked,
        live.swapcase(),
        live[:-1],
        f"{live}x",
        "a",
        "0" * 22,
        "x" * 10_000,
        "%00",
        f"{live}%00",
        "..",
        "%2e%2e",
        "%E2%80%AE",
        "%FF%FE",
        "%0a",
        quote("' OR 1=1 --"),
        quote("<script>"),
        "a/b",
        "a/b/c/d",
        "r",
        "r/abc",
        "r/12345678",
        "r/12345678/1",
        "r/%00/1",
        f"{live}/x",
    ]
    pages = set()
    for token in bad:
        for end in ("/", ""):
            for client in (Client(), Client(HTTP_USER_AGENT="bingbot/2.0")):
                response = client.get(f"/s/{token}{end}")
                headers = {k: v for k, v in response.items() if k != "X-Request-Id"}
                pages.add((response.status_code, response.content, tuple(sorted(headers.items()))))
    pages.add(pages_of("/s/"))
    assert len(pages) == 1
    status, body, _headers = pages.pop()
    assert status == 404
    assert b"This link does not lead to a survey" in body
    assert Client().get(f"/s/{live}/").status_code == 200
    assert Client().get(f"/s/{live}").status_code == 200


def pages_of(url):
    """Return the answer to one address."""
    response = Client().get(url)
    headers = {k: v for k, v in response.items() if k != "X-Request-Id"}
    return response.status_code, response.content, tuple(sorted(headers.items()))


def test_posting_to_an_unknown_link_is_the_same_page():
    launch()
    response = Client().post("/s/unknown/", {"start": "1"})
    assert (response.status_code, response.content) == pages_of("/s/unknown/")[:2]


def test_cookie_of_one_survey_does_not_open_another():
    asked = launch(2)
    browser = Browser().start(asked.tokens[0])
    ref = browser.url.split("/")[3]
    browser.client.cookies[f"s-{ref}"] = asked.tokens[1]
    assert browser.open(f"/s/r/{ref}/1/").status == 404


def test_two_surveys_in_one_browser_do_not_collide():
    first, second = launch(), launch(audience="front_line")
    browser = Browser().start(first.tokens[0])
    url, heading = browser.url, browser.heading
    browser.start(second.tokens[0])
    assert browser.open(url).heading == heading


@pytest.mark.parametrize(("state", "heading"), SHUT.items())
def test_shut_doors_say_why_and_store_nothing(state, heading):
    asked = launch(state=state)
    page = Browser().open(f"/s/{asked.tokens[0]}/")
    assert (page.status, page.heading) == (200, heading)
    Client().post(f"/s/{asked.tokens[0]}/", {"start": "1"})
    assert asked.count(Draft) == 0


def test_door_before_opening_says_when():
    asked = launch(opens_at=timezone.now() + timedelta(days=1))
    assert Browser().open(f"/s/{asked.tokens[0]}/").heading == SHUT["scheduled"]


@pytest.mark.parametrize(
    ("ago", "is_open"),
    [(timedelta(seconds=1), True), (timedelta(minutes=10), True), (timedelta(days=1), False)],
)
@pytest.mark.parametrize("state", ["open", "closed"])
def test_open_forms_have_fifteen_minutes_after_closing(ago, is_open, state):
    asked = launch(2)
    browser = Browser().start(asked.tokens[0])
    asked.change(state=state, closes_at=timezone.now() - ago)
    assert Browser().start(asked.tokens[1]).heading == SHUT["closed"]
    if is_open:
        assert answer_all(browser).heading.startswith("Thank you")
        assert asked.count(SpoolEntry) == 1
    else:
        assert browser.press("next").heading == SHUT["closed"]
        assert asked.count(SpoolEntry) == 0


def test_pause_keeps_the_page_that_was_open():
    asked = launch()
    browser = Browser().start(asked.tokens[0])
    code = browser.offered()[0][0]
    asked.change(state="paused")
    assert browser.post("next", {code: "2"}).heading == SHUT["paused"]
    asked.change(state="open")
    assert Browser().start(asked.tokens[0]).press("back").fields()[code] == "2"
