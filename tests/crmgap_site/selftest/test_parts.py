"""The parts of the self-test: codes of the second factor, forms of pages, sums of gaps, text of documents."""

import copy
from typing import Any

import pytest

from crmgap_site.selftest.account import time_code
from crmgap_site.selftest.api import wait_for
from crmgap_site.selftest.browser import Browser, Page
from crmgap_site.selftest.errors import SelfTestError
from crmgap_site.selftest.figures import check_counts, check_sum, numbers_in, printed, total_gap
from crmgap_site.selftest.pdf_text import pages_as_text
from crmgap_site.selftest.people import INVITED, address_of, draw_answers, people_csv
from crmgap_site.selftest.run import StepFailedError, step
from reports.rendering import render_pdf

HTML = """
<form method="get" action="/search/"><input name="q"></form>
<form method="post" action="">
  <input type="hidden" name="csrf" value="abc">
  <input type="radio" name="CE.R1.1" value="1"><input type="radio" name="CE.R1.1" value="2" checked>
  <input type="checkbox" name="M8" value="R1"><textarea name="V1"></textarea>
  <input id="secret" disabled name="no" value="K&amp;K">
  <button name="next" value="1">Continue</button><button name="back" value="1">Back</button>
</form>
"""
RESULT: dict[str, Any] = {
    "gaps": [
        {"code": "D1", "overall": {"estimate": -0.4}, "dimensions": {"R1": {"estimate": -0.25}}},
        {"code": "D2", "overall": {"estimate": 0.1}, "dimensions": {"R1": {"estimate": 0.125}}},
        {"code": "I1", "overall": {"estimate": -0.8}, "dimensions": {"R1": {"estimate": -0.5}}},
        {"code": "E4", "overall": {"estimate": -0.2}, "dimensions": {"R1": {"estimate": 0.0}}},
        {"code": "E1", "overall": {"estimate": -1.3}, "dimensions": {"R1": {"estimate": -0.625}}},
    ]
}


@pytest.mark.parametrize(
    ("moment", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_equal_those_of_rfc_6238(moment: int, code: str) -> None:
    assert time_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", moment) == code


def test_forms_are_read_as_a_browser_reads_them() -> None:
    page = Page("http://localhost:1/s/x/1/", 200, HTML)
    form = page.form_with("next")
    assert form.values == {"csrf": ["abc"], "CE.R1.1": ["2"]}
    assert form.names == {"csrf", "CE.R1.1", "M8", "V1"}
    assert set(form.buttons) == {"next", "back"}
    assert page.value_of(id="secret") == "K&K"
    with pytest.raises(SelfTestError, match="no form with 'finish'"):
        page.form_with("finish")


def test_browser_stays_on_its_site() -> None:
    with pytest.raises(SelfTestError, match=r"leads away from the site: elsewhere\.example"):
        Browser("http://localhost:1").get("https://elsewhere.example/s/abc/")


def test_sixty_people_answer_their_own_forms() -> None:
    answers = draw_answers()
    assert len(answers) == sum(INVITED.values()) == 60
    assert people_csv().decode().count("@") == 60
    assert any(name.startswith("CE.") for name in answers[address_of("customers", 30)])
    assert any(name.startswith("FD.") for name in answers[address_of("front_line", 14)])


def test_sums_are_checked_to_1e_12() -> None:
    n_sums, error = check_sum(RESULT)
    assert n_sums == 2
    assert error <= 1e-12
    assert total_gap(RESULT) == -1.3
    wrong = copy.deepcopy(RESULT)
    wrong["gaps"][4]["dimensions"]["R1"]["estimate"] += 1e-11
    with pytest.raises(SelfTestError, match="E1 R1 is"):
        check_sum(wrong)
    wrong["gaps"].pop(0)
    with pytest.raises(SelfTestError, match="lacks the gaps D1"):
        check_sum(wrong)


def test_everybody_must_have_finished() -> None:
    row = {"code": "managers", "invited": 8, "accepted": 8, "finished": 8}
    check_counts({"audiences": [row]}, {"managers": 8})
    with pytest.raises(SelfTestError, match=r"\(8, 8, 7\)"):
        check_counts({"audiences": [{**row, "finished": 7}]}, {"managers": 8})


def test_hidden_gap_is_no_sum() -> None:
    hidden = copy.deepcopy(RESULT)
    hidden["gaps"][0]["overall"] = {"certainty": "suppressed", "estimate": None}
    with pytest.raises(SelfTestError, match="D1 overall has no figure"):
        check_sum(hidden)


def test_every_number_must_be_finite() -> None:
    assert len(list(numbers_in(RESULT))) == 10
    with pytest.raises(SelfTestError, match=r"\.a\[1\] is nan"):
        list(numbers_in({"a": [1, float("nan")], "b": True}))


def test_text_of_a_document_is_read_back() -> None:
    html = "<html lang=en><title>t</title><body><p>The gap is −1.34 points.</p></body></html>"
    pages = pages_as_text(render_pdf(html, {}).content)
    assert len(pages) == 1
    assert "The gap is −1.34 points." in pages[0]
    assert printed(-1.337) in pages[0]


def test_failing_step_is_named() -> None:
    with pytest.raises(StepFailedError, match="launched: no answer"), step("launched"):
        raise SelfTestError("no answer")
    with (
        pytest.raises(StepFailedError, match="launched: an answer had another shape: KeyError"),
        step("launched"),
    ):
        {}["id"]


def test_waiting_is_bounded() -> None:
    assert wait_for("it", lambda: 7) == 7
    with pytest.raises(SelfTestError, match="it did not come within 0 s"):
        wait_for("it", lambda: None, seconds=0.0)
