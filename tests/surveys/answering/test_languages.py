"""A respondent's language: the recipient's, the browser's, or one chosen on the page without losing an answer."""

import pytest

from practice.scope import practice_scope
from surveys.answering import language_for
from surveys.models import Recipient, Response
from tests.surveys.answering.browser import Browser, answer_all
from tests.surveys.answering.builder import launch

pytestmark = pytest.mark.django_db

FRENCH_HEADLINE = "prend-elle bien soin de sa relation avec vous"


def _speak(asked, language):
    with practice_scope(asked.practice):
        Recipient.objects.filter(pk__in=asked.recipient_ids).update(language=language)


def test_landing_comes_in_the_language_of_the_recipient():
    asked = launch()
    _speak(asked, "fr")
    page = Browser().open(f"/s/{asked.tokens[0]}/")
    assert FRENCH_HEADLINE in page.html
    assert '<html lang="fr" dir="ltr">' in page.html


@pytest.mark.parametrize(("imported", "shown"), [("fr-ch", "fr"), ("en", "en"), ("de", "en")])
def test_regional_and_unknown_codes_find_the_nearest_language(imported, shown):
    assert language_for(("en", "fr"), "", imported) == shown


def test_landing_shows_another_language_by_its_address_and_writes_nothing():
    asked = launch()
    page = Browser().open(f"/s/{asked.tokens[0]}/?language=fr")
    assert FRENCH_HEADLINE in page.html
    assert "Commencer" in page.html
    again = Browser().open(f"/s/{asked.tokens[0]}/")
    assert '<html lang="en"' in again.html


def test_language_chosen_before_the_start_stays():
    asked = launch()
    browser = Browser()
    browser.open(f"/s/{asked.tokens[0]}/?language=fr")
    browser.post("start", {"language": "fr"})
    assert "Page 1 sur" in browser.html
    resumed = Browser().open(f"/s/{asked.tokens[0]}/")
    assert "Continuer là où" in resumed.html


def test_switch_keeps_every_answer_of_the_page_and_stays_on_it():
    asked = launch()
    browser = Browser().start(asked.tokens[0])
    name, value = next((name, value) for name, value in browser.offered() if value == "5")
    address = browser.url
    browser.choose_language("fr", {name: value})
    assert browser.url == address
    assert "Page 1 sur" in browser.html
    assert browser.fields()[name] == value
    browser.choose_language("en")
    assert "Page 1 of" in browser.html
    assert browser.fields()[name] == value


def test_language_is_not_kept_with_the_response():
    asked = launch(2, mode="named", audience="managers")
    _speak(asked, "fr")
    browser = answer_all(Browser().start(asked.tokens[0]), 6)
    assert browser.heading == "Merci. Vos réponses sont bien arrivées."
    with practice_scope(asked.practice):
        response = Response.objects.get()
    assert set(response.record) == {"choices", "texts"}
    assert "fr" not in str(response.attributes)


def test_problems_are_said_in_the_chosen_language():
    asked = launch()
    _speak(asked, "fr")
    browser = Browser().start(asked.tokens[0])
    name = browser.offered()[0][0]
    browser.post("next", {name: "99"})
    assert browser.status == 422
    assert "Donnez un nombre entier de" in browser.html
