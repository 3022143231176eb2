"""The pages of answers collected elsewhere: what is refused is named, what is kept is offered again, nothing half."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from practice.models import Member
from practice.scope import practice_scope
from surveys.models import Response, ResponseImport, Wave, WaveAudience
from tests.diagnosis.collected import SYNTHETIC, Study, synthetic
from tests.diagnosis.test_pages import assert_clean
from tests.factories.surveys import add_people

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(owner_a: Member) -> Study:
    """An engagement with the customer satisfaction index."""
    return Study.open(owner_a)


def test_columns_and_options_are_offered_again(study: Study) -> None:
    table = synthetic().rename(columns={"EX1": "Frage 1"})
    upload = study.upload("wave1.csv", table.to_csv(index=False).encode())
    study.apply(upload, (0, 5), {"Frage 1": "CE.EX4"}, missing="99,n.a.")
    study.confirm(upload)
    again = study.upload("wave1b.csv", table.iloc[:40].to_csv(index=False).encode())
    assert again.mapping[str(again.header.index("Frage 1"))] == "CE.EX4"
    assert again.options["scales"]["level"] == [0, 5]
    assert "are replaced" in study.preview(again)
    study.confirm(again)
    with practice_scope(study.owner.practice):
        assert Response.objects.count() == 40
        assert study.audience().totals["finished"] == 40


def test_wrong_cells_are_named_by_row_and_column_and_nothing_is_kept(study: Study) -> None:
    lines = ["EX1,PQ1,weight", "7,8,1", "11,8,1", "7,often,1", "7,8,0", ",,1", "7,8.5,1"]
    upload = study.upload("bad.csv", "\n".join(lines).encode())
    html = study.preview(upload)
    rows = re.findall(r'<tr><td class="num">(\d+)</td><td>(\w+)</td><td>([^<]*)</td>', html)
    assert rows == [("3", "EX1", "11"), ("4", "PQ1", "often"), ("5", "weight", "0"), ("7", "PQ1", "8.5")]
    assert "4 cells cannot be taken over" in study.confirm(upload).content.decode()
    with practice_scope(study.owner.practice):
        assert not Response.objects.exists()
        assert study.audience().state == "draft"


def test_persons_and_doubles_are_refused_at_their_column(study: Study) -> None:
    upload = study.upload("names.csv", b"E-mail,EX1,PQ1,note\na@x.com,7,8,x@y.com\n")
    for choose, words in (
        ({"E-mail": "attribute:E-mail"}, "names persons"),
        ({"EX1": "CP.PQ1"}, "Already chosen"),
        ({"EX1": "CP.XX"}, "nothing a column can hold"),
    ):
        answer = study.apply(upload, (1, 10), choose)
        assert answer.status_code == 422
        assert words in answer.content.decode()
    study.apply(upload, (1, 10), {"note": "attribute:note"})
    html = study.preview(upload)
    assert "looks like an address" in html
    assert "x@y.com" not in re.findall(r"<tbody>(.*?)</tbody>", html, re.DOTALL)[0]


def test_four_answers_are_never_shown(study: Study) -> None:
    upload = study.upload("few.csv", ("EX1,PQ1\n" + "7,5\n8,6\n9,4\n6,6\n").encode())
    assert "Fewer than 5 answers" in study.preview(upload)
    study.confirm(upload)
    result = study.diagnose().result
    assert result["audiences"][0]["suppressed"]
    assert result["audiences"][0]["used"] is None
    assert result["gaps"][0]["overall"]["certainty"] == "suppressed"
    listed = study.browser.get(study.url("collected")).content.decode().split("few.csv")[1][:40]
    assert "4" not in re.sub(r"\d+ \w{3} \d{4}", "", listed)


def test_an_audience_that_is_asked_here_takes_no_file(owner_a: Member) -> None:
    study = Study.open(owner_a, instrument="die-crm", audiences=["customers", "managers"])
    with practice_scope(owner_a.practice):
        WaveAudience.objects.filter(audience="customers").update(state="open")
        row = study.audience()
    file = SimpleUploadedFile("x.csv", b"CE.R1.1\n5\n")
    answer = study.browser.post(study.url("collected_upload"), {"audience": str(row.pk), "file": file})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "Customers</option>" not in html
    assert "Managers</option>" in html


def test_staff_have_no_weights(owner_a: Member) -> None:
    study = Study.open(owner_a, instrument="die-crm", audiences=["managers"])
    upload = study.upload("staff.csv", b"ME.R1.1,weight\n5,1\n", "managers")
    answer = study.apply(upload, (1, 7), {"weight": "weight"})
    assert answer.status_code == 422
    assert "staff are asked as a whole" in answer.content.decode()


def test_every_page_of_a_study_from_customers_alone(study: Study) -> None:
    upload = study.upload("tool.csv", synthetic().to_csv(index=False).encode())
    study.apply(upload, SYNTHETIC.ends, SYNTHETIC.choose, missing="99,n.a.")
    study.confirm(upload)
    study.diagnose()
    ids = {"slug": study.owner.practice.slug, "engagement_id": study.engagement_id}
    names = ["diagnosis:diagnosis_detail", "diagnosis:findings", "diagnosis:actions", "reports:report_list",
             "surveys:collected", "surveys:people", "surveys:launch", "surveys:field", "engagement_detail"]  # fmt: skip
    for name in names:
        answer = study.browser.get(reverse(name, kwargs=ids))
        assert answer.status_code == 200, name
        html = answer.content.decode()
        assert_clean(html)
        main = re.sub(r"<(nav|ol)\b.*?</\1>", "", html[html.index("<main") :], flags=re.DOTALL)
        if name.startswith(("diagnosis", "reports")):
            for word in ("managers", "front line", "waterfall", "R10"):
                assert word not in re.sub(r"<[^>]+>", " ", main), (name, word)
    overview = study.browser.get(reverse("engagement_detail", kwargs=ids)).content.decode()
    assert "Read the diagnosis" in overview


def test_uploads_that_wait_cost_no_further_queries(study: Study) -> None:
    counts = []
    for n in (1, 3):
        while True:
            with practice_scope(study.owner.practice):
                n_waiting = ResponseImport.objects.count()
            if n_waiting >= n:
                break
            study.upload(f"{n_waiting}.csv", f"EX1,PQ1\n7,{n_waiting + 1}\n".encode())
        with CaptureQueriesContext(connection) as seen:
            html = study.browser.get(study.url("collected")).content.decode()
        assert html.count("Go on with it") == n
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_discarded_file_leaves_nothing(study: Study) -> None:
    upload = study.upload("tool.csv", b"EX1,PQ1\n7,5\n")
    study.browser.post(study.url("collected_discard", response_import_id=upload.pk))
    with practice_scope(study.owner.practice):
        upload.refresh_from_db()
        assert (upload.state, upload.rows) == ("discarded", [])
        assert study.audience().state == "draft"
    assert study.confirm(upload).redirect_chain
    with practice_scope(study.owner.practice):
        assert not Response.objects.exists()


def test_an_index_is_asked_here_too(owner_a: Member) -> None:
    """The same questionnaire by mail: launched like any other, with a page that shows each statement once."""
    study = Study.open(owner_a)
    with practice_scope(owner_a.practice):
        add_people(Wave.objects.get(), "customers", 12)
    preview = study.browser.get(study.url("form_preview_frame", audience="customers")).content.decode()
    assert "What you expected of" in preview
    launch = reverse(
        "surveys:launch_start", kwargs={"slug": owner_a.practice.slug, "engagement_id": study.engagement_id}
    )
    study.browser.post(launch)
    with practice_scope(owner_a.practice):
        assert study.audience().state == "open"
    file = SimpleUploadedFile("x.csv", b"EX1\n5\n")
    with practice_scope(owner_a.practice):
        key = str(study.audience().pk)
    assert (
        study.browser.post(study.url("collected_upload"), {"audience": key, "file": file}).status_code == 422
    )
