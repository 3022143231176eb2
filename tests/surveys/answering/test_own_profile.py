"""A person's own profile: own answers only, once, where the audience offers it; figures equal the answers."""

import re

import pytest
from django.test import Client

from practice.models import AuditEntry, Member
from practice.scope import practice_scope
from surveys.models import SpoolEntry, WaveAudience
from surveys.own_profile import own_answers
from surveys.sealed import open_answer
from tests.factories.surveys import make_wave
from tests.surveys.answering.browser import Browser, answer_all
from tests.surveys.answering.builder import form_of, launch


def test_means_are_those_of_the_own_answers() -> None:
    form = form_of()
    page = next(page for page in form.pages if page.kind == "dimension")
    slots = [slot for question in page.questions for slot in question.slots]
    wanted = [slot.code for slot in slots if slot.role == "expectation"]
    received = [slot.code for slot in slots if slot.role == "perception"]
    scores = dict.fromkeys(wanted, 7) | {received[0]: 2, received[1]: 3, received[2]: -32767}
    own = own_answers(form, form.pack(scores), "Acme")
    assert own is not None
    assert [(topic.wanted, topic.received, topic.difference) for topic in own.topics] == [(7.0, 2.5, -4.5)]
    assert own.received_label == "Acme: what you get today"
    assert own_answers(form, form.blank_scores(), "Acme") is None


@pytest.mark.parametrize(("audience", "shown"), [("front_line", True), ("crm_team", False)])
def test_staff_forms_compare_the_pair_they_ask(audience: str, shown: bool) -> None:
    form = form_of(audience)
    own = own_answers(form, [5] * len(form.slots), "Acme")
    assert (own is not None) is shown


@pytest.mark.django_db
def test_profile_is_shown_once_with_chart_and_table_and_never_again() -> None:
    asked = launch(3, offers_profile=True)
    browser = answer_all(Browser().start(asked.tokens[0]), 5)
    assert "Your own profile" in browser.html
    assert 'role="img" aria-labelledby="own-profile-t own-profile-d"' in browser.html
    rows = re.findall(r'<tr><th scope="row">(.+?)</th><td class="r">(.+?)</td>', browser.html)
    assert len(rows) == len([page for page in form_of().pages if page.kind == "dimension"])
    assert {value for _name, value in rows} == {"5.0"}
    with practice_scope(asked.practice):
        stored = open_answer(b"m" * 32, bytes(SpoolEntry.objects.get().sealed))
        assert "profile" not in str(stored)
    for again in (Browser().open(f"/s/{asked.tokens[0]}/"), Browser().open(f"/s/{asked.tokens[0]}/data/")):
        assert "own profile" not in again.html
    assert "own profile" not in browser.open(browser.url).html


@pytest.mark.django_db
def test_audiences_that_do_not_offer_it_show_none() -> None:
    browser = answer_all(Browser().start(launch(1).tokens[0]))
    assert browser.heading.startswith("Thank you")
    assert "own profile" not in browser.html


@pytest.mark.django_db
def test_customers_get_it_unless_switched_off(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        offers = dict(wave.audiences.values_list("audience", "offers_profile"))
        audience = WaveAudience.objects.get(wave=wave, audience="front_line")
    assert offers == {"customers": True, "managers": False, "front_line": False, "crm_team": False}
    client = Client()
    client.force_login(owner_a.user)
    base = f"/p/{owner_a.practice.slug}/engagements/{wave.engagement_id}/launch/"
    assert client.post(f"{base}profile/{audience.pk}/", {"offer": "1"}).status_code == 302
    assert "Do not show" in client.get(base).content.decode()
    with practice_scope(owner_a.practice):
        audience.refresh_from_db()
        assert audience.offers_profile
        assert AuditEntry.objects.filter(verb="audience.profile_offered").count() == 1
        WaveAudience.objects.filter(pk=audience.pk).update(state="released")
    assert client.post(f"{base}profile/{audience.pk}/", {"offer": "0"}, follow=True).status_code == 200
