"""The view of the scales on the diagnosis page: its title is its message, what cannot be tested says what it needs."""

import pytest

from practice.models import Member
from tests.diagnosis.analysis.test_structure import sample
from tests.diagnosis.test_pages import assert_clean, diagnosed, signed_in, url
from tests.factories.documents import sample_result

pytestmark = pytest.mark.django_db


def test_the_page_shows_the_scales_with_what_follows(owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a, sample()[1].to_json())
    html = signed_in(owner_a).get(url("diagnosis_detail", diagnosis.engagement)).content.decode()
    for text in (
        'id="scales"',
        "Alpha and omega",
        "Gap scores of single persons",
        "HTMT",
        "Same meaning in groups",
    ):
        assert text in html
    assert "indicative" in html
    assert "Near the top of the scale" in html
    assert_clean(html)


def test_few_answers_are_said_not_to_be_testable(owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a, sample(120)[1].to_json())
    html = signed_in(owner_a).get(url("diagnosis_detail", diagnosis.engagement)).content.decode()
    assert "it needs 200 complete answers" in html
    assert "told apart is not testable: it needs 200 answers" in html


def test_a_diagnosis_of_before_has_no_such_view(owner_a: Member) -> None:
    old = {key: value for key, value in sample_result().items() if key != "structure"}
    html = (
        signed_in(owner_a).get(url("diagnosis_detail", diagnosed(owner_a, old).engagement)).content.decode()
    )
    assert 'id="scales"' not in html
