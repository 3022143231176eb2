"""Open links: visits without persons, duplicates marked, kiosk, access code, quotas, and both channels kept apart."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import Member
from practice.scope import practice_scope
from surveys import limits, links, mixer
from surveys.models import (
    Delivery,
    Draft,
    LedgerEntry,
    OpenLink,
    Recipient,
    Response,
    SpoolEntry,
    SurveyLink,
    WaveAudience,
)
from surveys.quality import REPEATED
from surveys.services import field, open_links
from surveys.services.launch import launch_wave
from tests.factories.surveys import add_people, make_wave
from tests.surveys.answering.browser import Browser, answer_all
from tests.surveys.answering.test_requests import Counter

pytestmark = pytest.mark.django_db


def make_link(owner_a: Member, people: int = 0, **values: Any) -> tuple[OpenLink, str]:
    """Launch a wave of customers with one open link; return the link and its token."""
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        if people:
            add_people(wave, "customers", people)
        audience = wave.audiences.get(audience="customers")
        link = open_links.create_open_link(audience=audience, name="Poster", actor=owner_a, **values)
        launch_wave(wave=wave, actor=owner_a)
        return link, token_of(link)


def token_of(link: OpenLink) -> str:
    link.refresh_from_db()
    return links.open_token_for(link.wave_audience, link)


def visit(token: str, browser: Browser | None = None, **fields: str) -> Browser:
    """Open the address and press Start."""
    return (browser or Browser()).open(f"/s/o/{token}/").press("start", **fields)


def test_a_visit_leaves_an_answer_and_no_person(owner_a):
    link, token = make_link(owner_a)
    browser = answer_all(visit(token))
    assert browser.heading == "Thank you. Your answers have arrived."
    with practice_scope(owner_a.practice):
        channel = link.wave_audience
        assert SpoolEntry.objects.filter(wave_audience=channel).count() == 1
        rows = (Recipient, SurveyLink, LedgerEntry, Draft, Delivery)
        assert [model.objects.count() for model in rows] == [0, 0, 0, 0, 0]
        link.refresh_from_db()
        assert link.n_finished == 1
        field.close_audience(channel, actor=owner_a)
    mixer.close_and_release(owner_a.practice.pk, channel.pk)
    with practice_scope(owner_a.practice):
        response = Response.objects.get(wave_audience=channel)
        assert (set(response.scores[:54]), response.attributes) == ({5}, {})


def test_the_channel_is_apart_from_the_invited(owner_a):
    link, token = make_link(owner_a, people=6)
    answer_all(visit(token))
    with practice_scope(owner_a.practice):
        wave = link.wave_audience.wave
        assert [row.audience for row in wave.audiences.filter(audience="customers")] == ["customers"]
        invited = wave.audiences.get(audience="customers")
        mixer.refresh_totals(invited)
        assert invited.totals == {"started": 0, "finished": 0}
        assert link.wave_audience.mixing_key != invited.mixing_key
        assert (invited.opens_at, invited.closes_at) == (
            WaveAudience.objects.get(pk=link.wave_audience_id).opens_at,
            WaveAudience.objects.get(pk=link.wave_audience_id).closes_at,
        )
        field.close_audience(invited, actor=owner_a)
        assert WaveAudience.objects.get(pk=link.wave_audience_id).state == "closed"


def test_totals_of_a_channel_are_shown_from_five_visits_on(owner_a):
    link, token = make_link(owner_a)
    with practice_scope(owner_a.practice):
        channel = link.wave_audience
    for n in range(5):
        visit(token)
        with practice_scope(owner_a.practice):
            mixer.refresh_totals(channel)
        assert channel.totals == ({} if n < 4 else {"started": 5, "finished": 0})


def test_the_same_browser_goes_on_and_a_second_answer_is_marked(owner_a):
    link, token = make_link(owner_a)
    browser = visit(token).press("next", CE__R1__1="6")
    page = browser.url
    again = browser.open(f"/s/o/{token}/")
    assert "Go on where you stopped" in again.html
    assert again.press("start").url == page or again.number == 2
    answer_all(browser)
    assert "already sent from this browser" in browser.open(f"/s/o/{token}/").html
    answer_all(browser.press("start"))
    with practice_scope(owner_a.practice):
        field.close_audience(link.wave_audience, actor=owner_a)
    mixer.close_and_release(owner_a.practice.pk, link.wave_audience_id)
    with practice_scope(owner_a.practice):
        flags = [REPEATED in response.flags for response in Response.objects.all()]
    assert sorted(flags) == [False, True]


def test_one_visit_gives_one_answer_however_often_it_is_sent(owner_a):
    _link, token = make_link(owner_a)
    browser = visit(token)
    while 'name="finish"' not in browser.html:
        browser.press("next")
    form = browser.fields() | {"finish": "1", "csrfmiddlewaretoken": browser.csrf()}
    url = browser.url
    answers = [browser.client.post(url, form) for _turn in range(3)]
    assert b"Your answers have arrived" in answers[0].content
    assert all(b"You have already answered" in answer.content for answer in answers[1:])
    with practice_scope(owner_a.practice):
        assert (SpoolEntry.objects.count(), Draft.objects.count()) == (1, 0)


def test_a_visitor_can_take_the_answer_back_until_it_is_mixed(owner_a):
    link, token = make_link(owner_a)
    browser = visit(token)
    page = browser.url
    answer_all(browser)
    browser.open(f"{page.rsplit('/', 2)[0]}/data/")
    form = {"withdraw": "1", "sure": "1", "csrfmiddlewaretoken": browser.csrf()}
    assert browser.client.post(browser.url, form).status_code == 200
    with practice_scope(owner_a.practice):
        link.refresh_from_db()
        assert (SpoolEntry.objects.count(), link.n_finished) == (0, 0)


def test_no_request_of_a_visit_needs_more_than_five_statements(owner_a):
    _link, token = make_link(owner_a, access_code="spring")
    browser = Browser()
    with Counter(browser.client) as counter:
        visit(token, browser, code="spring")
        answer_all(browser)
        browser.open(f"/s/o/{token}/")
        browser.open(f"/s/o/{'x' * 22}/")
    assert counter.most <= 5


def test_unknown_switched_off_and_renewed_addresses_look_alike(owner_a):
    link, token = make_link(owner_a)
    with practice_scope(owner_a.practice):
        open_links.renew_open_link(link, actor=owner_a)
        new = token_of(link)
        assert visit(new).number == 1
        open_links.switch_open_link(link, is_off=True, actor=owner_a)
    pages = {Browser().open(f"/s/o/{text}/").html for text in (token, new, "x" * 22, "x", "a.b")}
    assert len(pages) == 1
    assert "does not lead to a survey" in pages.pop()


def test_looking_at_an_open_link_changes_no_row(owner_a):
    _link, token = make_link(owner_a)
    for _turn in range(3):
        Browser().open(f"/s/o/{token}/")
    with practice_scope(owner_a.practice):
        assert Draft.objects.count() == 0


def test_access_code_is_asked_and_guessing_is_slowed_down(owner_a):
    cache.clear()
    _link, token = make_link(owner_a, access_code="Spring 26")
    wrong = visit(token, code="winter")
    assert (wrong.status, "does not fit" in wrong.html) == (422, True)
    assert visit(token, code=" spring 26 ").number == 1
    for _turn in range(19):
        assert visit(token, code="winter").status == 422
    assert visit(token, code="Spring 26").status == 429
    elsewhere = Browser()
    elsewhere.client.defaults["REMOTE_ADDR"] = "192.0.2.7"
    assert visit(token, elsewhere, code="Spring 26").number == 1


def test_very_many_new_visits_of_one_network_wait_and_nobody_else(owner_a, monkeypatch):
    cache.clear()
    monkeypatch.setattr(limits, "MOST_VISITS", 3)
    _link, token = make_link(owner_a)
    _other, elsewhere = make_link(owner_a)
    first = visit(token)
    assert [first.number, visit(token).number, visit(token).number] == [1, 1, 1]
    late = visit(token)
    assert late.status == 429
    assert "Please try again in" in late.html
    assert 0 < int(late.response["Retry-After"]) <= 3_600
    with practice_scope(owner_a.practice):
        assert Draft.objects.count() == 3
    assert visit(token, first).number == 1  # goes on with what this browser has begun
    assert first.press("next").number == 2
    assert visit(elsewhere).number == 1
    assert Browser().open(f"/s/o/{token}/").status == 200
    neighbour = Browser()
    neighbour.client.defaults["REMOTE_ADDR"] = "192.0.2.7"
    assert visit(token, neighbour).number == 1
    seconds = time.time() + int(late.response["Retry-After"])
    monkeypatch.setattr(limits.time, "time", lambda: seconds)
    assert visit(token).number == 1


def test_addresses_of_one_version_6_network_count_together(owner_a, monkeypatch):
    cache.clear()
    monkeypatch.setattr(limits, "MOST_VISITS", 2)
    _link, token = make_link(owner_a)
    found = []
    for address in ("2001:db8::1", "2001:db8::ffff:2", "2001:db8::3", "2001:db8:0:1::1"):
        browser = Browser()
        browser.client.defaults["REMOTE_ADDR"] = address
        found.append(visit(token, browser).status)
    assert found == [200, 200, 429, 200]


def test_an_office_behind_one_address_passes():
    assert limits.MOST_VISITS >= 1_000


def test_kiosk_forgets_each_person_after_finishing_and_when_idle(owner_a):
    _link, token = make_link(owner_a, is_kiosk=True, idle_seconds=60)
    browser = visit(token)
    reset = f"/s/o/{token}/reset/"
    assert f'content="240; url={reset}"' in browser.html
    assert f'data-seconds="60" data-url="{reset}"' in browser.html
    page = browser.url
    answer_all(browser)
    assert browser.response["Refresh"] == f"15; url=/s/o/{token}/"
    assert browser.open(page).status == 404
    first = visit(token, browser)
    assert first.number == 1
    page = first.url
    landing = first.open(reset)
    assert "Start" in landing.html
    assert "already sent" not in landing.html
    assert browser.open(page).status == 404


def test_quota_ends_an_open_link_for_new_people_only(owner_a):
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        audience = wave.audiences.get(audience="customers")
        made = [
            open_links.create_open_link(
                audience=audience, name=branch, attributes={"branch": branch}, actor=owner_a
            )
            for branch in ("North", "South")
        ]
        channel = made[0].wave_audience
        open_links.set_quota(channel=channel, attribute="branch", value="North", most=5, actor=owner_a)
        launch_wave(wave=wave, actor=owner_a)
        OpenLink.objects.filter(pk=made[0].pk).update(n_finished=4)
        north, south = (token_of(link) for link in made)
    late, early = visit(north), visit(north)
    answer_all(early)
    assert "Enough people have answered" in Browser().open(f"/s/o/{north}/").html
    assert answer_all(late).heading.startswith("Thank you")
    assert visit(south).number == 1
    with practice_scope(owner_a.practice):
        open_links.set_quota(channel=channel, most=6, actor=owner_a)
    assert "Enough people have answered" in Browser().open(f"/s/o/{south}/").html


def test_small_quotas_and_values_nobody_has_are_refused(owner_a):
    link, _token = make_link(owner_a, attributes={"branch": "North"})
    with practice_scope(owner_a.practice):
        for values in ({"most": 4}, {"most": 50, "attribute": "branch", "value": "East"}):
            with pytest.raises(InvalidInputError):
                open_links.set_quota(channel=link.wave_audience, actor=owner_a, **values)


def test_staff_get_an_open_link_only_by_decision(owner_a):
    with practice_scope(owner_a.practice):
        audience = make_wave(owner_a).audiences.get(audience="front_line")
        with pytest.raises(InvalidInputError, match="needs a decision"):
            open_links.create_open_link(audience=audience, name="Canteen", actor=owner_a)
        link = open_links.create_open_link(
            audience=audience, name="Canteen", accepts_staff=True, actor=owner_a
        )
        assert link.wave_audience.mode == "confidential"


def test_a_link_made_in_the_field_opens_at_once_and_keeps_only_what_was_fixed(owner_a):
    link, _token = make_link(owner_a, attributes={"branch": "North"})
    with practice_scope(owner_a.practice):
        audience = link.wave_audience.wave.audiences.get(audience="customers")
        with pytest.raises(InvalidInputError, match="fixed at the launch"):
            open_links.create_open_link(
                audience=audience, name="Fair", attributes={"hall": "3"}, actor=owner_a
            )
        late = open_links.create_open_link(
            audience=audience, name="Fair", attributes={"branch": "South"}, actor=owner_a
        )
        token = token_of(late)
    assert visit(token).number == 1


def test_nobody_begins_before_the_launch_or_after_the_close(owner_a):
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        audience = wave.audiences.get(audience="customers")
        link = open_links.create_open_link(audience=audience, name="Poster", actor=owner_a)
        token = token_of(link)
    assert "not opened yet" in Browser().open(f"/s/o/{token}/").html
    with practice_scope(owner_a.practice):
        launch_wave(wave=wave, actor=owner_a)
        started = visit(token)
        now = timezone.now()
        WaveAudience.objects.filter(pk=link.wave_audience_id).update(
            closes_at=now - timedelta(minutes=5), state="closed"
        )
    assert "is closed" in Browser().open(f"/s/o/{token}/").html
    assert answer_all(started).heading.startswith("Thank you")
    mixer.close_and_release(owner_a.practice.pk, link.wave_audience_id)
    with practice_scope(owner_a.practice):
        assert Response.objects.count() == 1
        with pytest.raises(WrongStateError):
            open_links.create_open_link(audience=audience, name="Late", actor=owner_a)
    assert "is closed" in Browser().open(f"/s/o/{token}/").html
