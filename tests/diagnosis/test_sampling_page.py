"""The sampling check page: what it says of audiences, gaps and groups, with usual and with changed expectations."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from diagnosis.sampling import Expectation, check_sampling
from practice.enums import Role
from practice.models import Member
from practice.scope import practice_scope
from surveys.form_cache import forms_of, instrument_of
from surveys.models import Wave
from surveys.services.waves import change_forms
from tests.factories.practice import make_engagement, make_member
from tests.factories.surveys import add_people, make_wave

pytestmark = pytest.mark.django_db
USUAL = Expectation(rates={}, populations={}, wished_margin=0.2)


@pytest.fixture
def wave(owner_a: Member) -> Wave:
    with practice_scope(owner_a.practice):
        found = make_wave(owner_a, make_engagement(owner_a))
        add_people(found, "customers", 900, region="North")
        add_people(found, "customers", 60, region="South")
        add_people(found, "customers", 40, region="West")
        add_people(found, "managers", 6)
        add_people(found, "front_line", 40, team="A")
        return found


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def url_of(wave: Wave, owner: Member) -> str:
    return f"/p/{owner.practice.slug}/engagements/{wave.engagement_id}/sampling/"


def check(wave: Wave, expectation: Expectation = USUAL) -> object:
    return check_sampling(wave, instrument_of(wave), forms_of(wave, wave.audiences.all()), expectation)


def test_audiences_gaps_and_groups(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        found = check(wave)
    audiences = {row.code: row for row in found.audiences}
    assert audiences["customers"].plan.expected == 120
    assert audiences["customers"].plan.needed == 140
    assert audiences["managers"].state == "hidden"
    assert audiences["front_line"].state == "shown"
    assert audiences["crm_team"].state == "nobody"
    gaps = {row.gap.code: row for row in found.gaps}
    assert gaps["E1"].paired
    assert gaps["E1"].overall == pytest.approx(0.335, abs=0.005)
    assert gaps["E4"].overall == pytest.approx(0.81, abs=0.01)
    assert gaps["E4"].dimension > gaps["E4"].overall
    assert gaps["D1"].state == "hidden"
    assert gaps["E2"].state == "not_asked"
    states = {row.value: row.state for row in found.groups["customers"]}
    assert states == {"North": "shown", "South": "hidden", "West": "hidden"}


def test_expectations_change_the_figures(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        found = check(wave, Expectation({"managers": 1.0}, {"customers": 20_000}, 0.1))
    audiences = {row.code: row for row in found.audiences}
    assert audiences["managers"].state == "indicative"
    assert audiences["managers"].plan.margin == 0.0
    assert audiences["customers"].plan.population == 20_000
    assert audiences["customers"].plan.needed == 629


def test_named_managers_need_two_answers(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        wave.audiences.filter(audience="managers").update(mode="named")
        managers = next(row for row in check(wave).audiences if row.code == "managers")
    assert (managers.minimum, managers.state) == (2, "indicative")


def test_a_pulse_finds_no_gap_that_needs_wishes(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        change_forms(wave, forms={"customers": "customers-pulse"}, components=(), actor=owner_a)
        wave.refresh_from_db()
        gaps = {row.gap.code: row.state for row in check(wave).gaps}
    assert gaps["E1"] == gaps["D1"] == gaps["D3"] == "not_asked"
    assert gaps["E4"] == "found"


def test_an_attribute_like_a_number_of_each_person_is_no_group(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        for number in range(31):
            add_people(wave, "crm_team", 1, badge=str(number))
        found = check(wave)
    assert found.unsplit == {"crm_team": ("badge",)}
    assert "crm_team" not in found.groups


def test_the_page_says_it(owner_a: Member, wave: Wave) -> None:
    browser, url = signed_in(owner_a), url_of(wave, owner_a)
    page = browser.get(url).content.decode()
    assert "stays hidden: needs 5" in page
    assert "2 groups will probably stay hidden" in page
    more = browser.get(url, {"rate_customers": "30", "population_customers": "20000", "margin": "0.1"})
    assert more.status_code == 200
    assert "20,000" in more.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"rate_customers": "0"},
        {"rate_customers": "101"},
        {"rate_customers": "nan"},
        {"population_customers": "-3"},
        {"margin": "x"},
        {"margin": "0"},
    ],
)
def test_impossible_expectations_are_named(query: dict[str, str], owner_a: Member, wave: Wave) -> None:
    answer = signed_in(owner_a).get(url_of(wave, owner_a), query)
    assert answer.status_code == 422
    assert next(iter(query)) in answer.content.decode()


def test_a_population_below_the_list_is_the_list(owner_a: Member, wave: Wave) -> None:
    assert signed_in(owner_a).get(url_of(wave, owner_a), {"population_customers": "3"}).status_code == 200


def test_looking_at_the_check_writes_nothing(owner_a: Member, wave: Wave) -> None:
    browser, url = signed_in(owner_a), url_of(wave, owner_a)
    browser.get(url)
    with CaptureQueriesContext(connection) as few:
        browser.get(url)
    with practice_scope(owner_a.practice):
        add_people(wave, "customers", 200, region="East")
    with CaptureQueriesContext(connection) as many:
        browser.get(url)
    assert len(many) == len(few)
    assert not [q for q in few if q["sql"].lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]


def test_a_client_viewer_does_not_see_it(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        viewer = make_member(owner_a, Role.CLIENT_VIEWER, wave.engagement.client_organisation)
    assert signed_in(viewer).get(url_of(wave, owner_a)).status_code in {403, 404}
