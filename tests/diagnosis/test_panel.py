"""The same persons in two waves, from stored answers to page and endpoint; and where they may not be joined."""

import re
from typing import Any

import numpy as np
import pytest
from scipy import stats

from diagnosis import services
from diagnosis.computing import forget_answers
from diagnosis.models import Diagnosis
from diagnosis.retelling import retell
from diagnosis.wave_change import change_since_earlier_wave
from practice.models import Engagement, Member
from surveys.instruments import load_builtin
from surveys.models import Recipient, Response, ResponseIdentity, Wave
from tests.diagnosis.joined import N_CUSTOMERS, N_STAYED, diagnosed, joined_waves
from tests.diagnosis.test_pages import assert_clean, printed, signed_in, url
from tests.factories.practice import make_engagement
from tests.surveys.test_api import caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def engagement(owner_a: Member, scope_a: Any) -> Engagement:
    """An engagement in the open scope of practice A."""
    return make_engagement(owner_a)


def both(engagement: Engagement, owner: Member, **options: Any) -> tuple[Diagnosis, Diagnosis]:
    first, second = joined_waves(engagement, **options)
    return diagnosed(first, owner), diagnosed(second, owner)


def panel_of(diagnosis: Diagnosis, audience: str = "customers") -> Any:
    found = change_since_earlier_wave(diagnosis)
    assert found is not None
    return next(row for row in found.panel if row.audience == audience)


def gaps_by_person(wave: Wave, dimension: str) -> dict[str, float]:
    """Received minus wanted on a dimension from the stored answers, over the items a person rated in both columns."""
    instrument = load_builtin("die-crm")
    slots = [slot.code for slot in instrument.form_for("customers").slots]
    items = next(one for one in instrument.dimensions if one.code == dimension).items
    pairs = [(slots.index(f"CP.{item.code}"), slots.index(f"CE.{item.code}")) for item in items]
    found = {}
    for identity in ResponseIdentity.objects.filter(recipient__wave_audience__wave=wave).select_related(
        "response", "recipient"
    ):
        scores = identity.response.scores
        rated = [scores[one] - scores[two] for one, two in pairs if min(scores[one], scores[two]) >= 1]
        if 2 * len(rated) >= len(items):
            found[identity.recipient.email_key] = float(np.mean(rated))
    return found


def test_the_paired_change_is_that_of_the_stored_answers(engagement: Engagement, owner_a: Member) -> None:
    earlier, later = both(engagement, owner_a)
    panel = panel_of(later)
    used = [one.result["audiences"][0]["used"] for one in (earlier, later)]
    assert used == [N_CUSTOMERS, N_CUSTOMERS], (
        "nobody is left out, so everybody in both waves is in the panel"
    )
    assert (panel.n, panel.n_left) == (N_STAYED, N_CUSTOMERS - N_STAYED)
    row = next(row for row in panel.changes if (row.code, row.dimension) == ("E1", "R4"))
    then, now = (gaps_by_person(one.wave, "R4") for one in (earlier, later))
    persons = sorted(then.keys() & now.keys())
    assert row.n == len(persons)
    interval = stats.ttest_rel(
        [now[one] for one in persons], [then[one] for one in persons]
    ).confidence_interval()
    assert row.estimate == pytest.approx(np.mean([now[one] - then[one] for one in persons]))
    assert (row.ci_low, row.ci_high) == pytest.approx((interval.low, interval.high))


def test_page_and_endpoint_show_panel_and_leavers(engagement: Engagement, owner_a: Member) -> None:
    _earlier, later = both(engagement, owner_a)
    panel = panel_of(later)
    html = signed_in(owner_a).get(url("wave_change", engagement)).content.decode()
    assert_clean(html)
    section = html[html.index('id="panel"') :].split("</section>")[0]
    row, left = panel.changes[0], panel.leavers[0]
    for value in (row.estimate, row.ci_low, row.ci_high, left.estimate, left.ci_low, left.ci_high):
        assert printed(value) in section
    assert f"{panel.n} persons answered both waves." in section
    assert section.count("never joined from wave to wave") == 3, "staff answered confidentially"
    body = caller(owner_a)("GET", f"diagnoses/{later.pk}/change/").json()
    shown = body["panel"][0]
    assert (shown["audience"], shown["n"], shown["reason"]) == ("customers", panel.n, "")
    assert shown["changes"][0]["estimate"] == pytest.approx(row.estimate)
    assert shown["leavers"][0]["n_left"] == left.n_left


def test_no_person_is_in_snapshot_or_result(engagement: Engagement, owner_a: Member) -> None:
    _earlier, later = both(engagement, owner_a)
    assert "person" not in re.sub(r"persons?\b", "", str(later.result["panel"]))
    assert "example.com" not in str(later.result)


@pytest.mark.parametrize(
    "modes", [("confidential", "named"), ("named", "confidential"), ("confidential",) * 2]
)
def test_confidential_answers_are_never_joined(
    modes: tuple[str, str], engagement: Engagement, owner_a: Member
) -> None:
    _earlier, later = both(engagement, owner_a, modes=modes)
    assert later.result["panel"] is None
    panel = panel_of(later)
    assert (panel.n, panel.changes, panel.leavers) == (None, (), ())
    assert "never joined" in panel.reason


def test_one_leaver_hides_what_would_tell_of_him(engagement: Engagement, owner_a: Member) -> None:
    first, second = joined_waves(engagement)
    gone = Recipient.objects.filter(wave_audience__wave=first).exclude(
        email_key__in=Recipient.objects.filter(wave_audience__wave=second).values("email_key")
    )
    keep = list(gone.values_list("pk", flat=True))[:1]
    for person in gone.exclude(pk__in=keep):
        Response.objects.filter(identity__recipient=person).delete()
        person.delete()
    diagnosed(first, owner_a)
    panel = panel_of(diagnosed(second, owner_a))
    assert panel.n_left is None
    assert {(row.reason != "", row.n, row.estimate) for row in panel.changes} == {(True, None, None)}
    assert {row.estimate for row in panel.leavers} == {None}


def test_answers_that_changed_since_the_earlier_diagnosis_are_not_joined(
    engagement: Engagement, owner_a: Member
) -> None:
    first, second = joined_waves(engagement)
    before = diagnosed(first, owner_a)
    Response.objects.filter(identity__recipient__email_key="person3@example.com").delete()
    later = diagnosed(second, owner_a)
    assert "recalculate both" in panel_of(later).reason
    again = diagnosed(first, owner_a)
    assert again.pk != before.pk
    assert "have not been joined" in panel_of(later).reason
    anew = diagnosed(second, owner_a)
    assert anew.pk != later.pk, "the panel of the newer diagnosis makes it another one"
    panel = panel_of(anew)
    assert (panel.reason, panel.n is not None) == ("", True)
    assert diagnosed(second, owner_a).pk == anew.pk


def test_deleted_answers_of_the_earlier_wave_are_not_joined(engagement: Engagement, owner_a: Member) -> None:
    first, second = joined_waves(engagement)
    diagnosed(first, owner_a)
    forget_answers(first)
    panel = panel_of(diagnosed(second, owner_a))
    assert (panel.n, panel.changes) == (None, ())
    assert "recalculate both" in panel.reason


def test_a_first_wave_has_no_panel_and_stays_current(engagement: Engagement, owner_a: Member) -> None:
    first, _second = joined_waves(engagement)
    found = diagnosed(first, owner_a)
    assert found.result["panel"] is None
    assert services.request_diagnosis(first, owner_a).pk == found.pk


def test_another_language_keeps_the_panel_and_the_figures(engagement: Engagement, owner_a: Member) -> None:
    _earlier, later = both(engagement, owner_a)
    told = retell(later, [], [], "fr")
    assert told.result["panel"] == later.result["panel"]
    assert told.result["notes"] != later.result["notes"], (
        "sentences are French, so the figures were found equal"
    )
