"""Pages of people, launch, field, preview and mailbox: the way a consultant walks them, for whom, and at what cost."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from practice import services
from practice.enums import Role
from practice.models import Engagement, Member
from practice.scope import practice_scope
from surveys.enums import AudienceState, DeliveryState
from surveys.mail import sink
from surveys.mail.message import build_message, message_id_of
from surveys.models import Delivery, PeopleImport, Recipient, Wave, WaveAudience
from surveys.services.launch import join_running_plan, launch_wave
from surveys.services.people import upload_people
from surveys.services.waves import create_wave
from tests.factories.practice import make_engagement, make_member
from tests.factories.surveys import add_people, make_launched_wave, make_wave

pytestmark = pytest.mark.django_db


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


@pytest.fixture
def engagement(owner_a: Member) -> Engagement:
    with practice_scope(owner_a.practice):
        found = make_engagement(owner_a)
        make_wave(owner_a, found)
        return found


def base_of(engagement: Engagement, owner: Member) -> str:
    return f"/p/{owner.practice.slug}/engagements/{engagement.pk}/"


def count_queries(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        act()
    return len(queries)


def upload(browser: Client, base: str, text: str) -> Any:
    return browser.post(f"{base}people/import/", {"file": SimpleUploadedFile("people.csv", text.encode())})


def test_list_fix_confirm_launch_and_close(owner_a: Member, engagement: Engagement) -> None:
    browser, base = signed_in(owner_a), base_of(engagement, owner_a)
    lines = [f"person{n}@example.org,Person {n},customer,North" for n in range(6)]
    text = "\n".join(
        ["email,name,audience,region", *lines, "broken (at) example.org,<script>x</script>,customer,N"]
    )
    answer = upload(browser, base, text)
    assert answer.status_code == 302
    preview = answer["Location"]
    page = browser.get(preview).content.decode()
    assert "&lt;script&gt;" in page
    assert "<script>x" not in page
    assert "Use broken@example.org" in page
    browser.post(f"{preview}fix/", {"cell-8-email": "broken@example.org"})
    assert browser.post(f"{preview}confirm/").status_code == 302
    with practice_scope(owner_a.practice):
        assert Recipient.objects.count() == 7
    plan = browser.get(f"{base}launch/").content.decode()
    assert "Customers: 7 people" in plan or "nearly everybody" in plan
    browser.post(f"{base}launch/", {"first_reminder": "3", "second_reminder": "", "close_days": "10"})
    assert browser.post(f"{base}launch/start/")["Location"] == f"{base}field/"
    assert browser.post(f"{base}launch/start/").status_code == 302
    with practice_scope(owner_a.practice):
        assert Delivery.objects.count() == 14
        audience = WaveAudience.objects.get(audience="customers")
    field = browser.get(f"{base}field/").content.decode()
    assert "Reminder" in field or "reminder" in field
    steer = f"{base}field/{audience.pk}/"
    assert browser.post(f"{steer}pause/").status_code == 302
    assert browser.post(f"{steer}resume/").status_code == 302
    assert browser.post(f"{steer}extend/", {"closes_on": "2099-01-01"}).status_code == 302
    assert browser.post(f"{steer}close/", {"confirm": "no"}).status_code == 422
    assert browser.post(f"{steer}close/", {"confirm": "customers"}).status_code == 302
    with practice_scope(owner_a.practice):
        assert WaveAudience.objects.get(audience="customers").state == AudienceState.CLOSED


@pytest.mark.parametrize(("content", "words"), [("", "empty"), ("email,Email\na@x.com,b", "same name")])
def test_unreadable_list_is_said_at_the_field(
    content: str, words: str, owner_a: Member, engagement: Engagement
) -> None:
    answer = upload(signed_in(owner_a), base_of(engagement, owner_a), content)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    with practice_scope(owner_a.practice):
        assert not PeopleImport.objects.exists()


def test_discarded_list_is_gone(owner_a: Member, engagement: Engagement) -> None:
    browser, base = signed_in(owner_a), base_of(engagement, owner_a)
    preview = upload(browser, base, "email,audience\na@x.com,customer\n")["Location"]
    browser.post(f"{preview}columns/", {"column-0": "email", "column-1": "ignore"})
    assert "Say who this person is" in browser.get(preview).content.decode()
    assert browser.post(f"{preview}discard/").status_code == 302
    assert browser.get(preview).status_code == 302


@pytest.mark.parametrize("closes_on", ["", "soon", "2001-01-01", "9999-12-31"])
def test_impossible_closing_dates_change_nothing(closes_on: str, owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_launched_wave(owner_a, customers=5)
        audience = WaveAudience.objects.get(wave=wave, audience="customers")
        steer = f"{base_of(wave.engagement, owner_a)}field/{audience.pk}/"
    answer = signed_in(owner_a).post(f"{steer}extend/", {"closes_on": closes_on}, follow=True)
    assert answer.status_code == 200
    assert list(answer.context["messages"])
    with practice_scope(owner_a.practice):
        assert WaveAudience.objects.get(pk=audience.pk).closes_at == audience.closes_at


def test_audiences_of_another_engagement_are_not_found_here(owner_a: Member, engagement: Engagement) -> None:
    with practice_scope(owner_a.practice):
        other = WaveAudience.objects.get(wave=make_wave(owner_a), audience="managers")
    browser, base = signed_in(owner_a), base_of(engagement, owner_a)
    for path in (f"launch/{other.pk}/mode/", f"field/{other.pk}/close/"):
        assert browser.post(base + path, {"mode": "named"}).status_code == 404, path
    with practice_scope(owner_a.practice):
        assert WaveAudience.objects.get(pk=other.pk).mode == "confidential"


def test_mode_is_chosen_before_launch_only(owner_a: Member, engagement: Engagement) -> None:
    browser, base = signed_in(owner_a), base_of(engagement, owner_a)
    with practice_scope(owner_a.practice):
        managers = WaveAudience.objects.get(audience="managers")
        staff = WaveAudience.objects.get(audience="front_line")
    browser.post(f"{base}launch/{managers.pk}/mode/", {"mode": "named"})
    browser.post(f"{base}launch/{staff.pk}/mode/", {"mode": "named"})
    with practice_scope(owner_a.practice):
        modes = dict(WaveAudience.objects.values_list("audience", "mode"))
    assert (modes["managers"], modes["front_line"]) == ("named", "confidential")


PAGES = [
    "people/",
    "people/export/",
    "people/import/{upload}/",
    "people/import/{upload}/errors/",
    "preview/customers/",
    "launch/",
    "field/",
    "field/audiences/",
    "field/{audience}/close/",
]


@pytest.mark.parametrize("launched", [False, True])
def test_every_page_is_there_for_the_owner_and_none_for_a_viewer(
    launched: bool, owner_a: Member, engagement: Engagement
) -> None:
    base = base_of(engagement, owner_a)
    with practice_scope(owner_a.practice):
        wave = Wave.objects.get()
        if launched:
            add_people(wave, "customers", 6)
            launch_wave(wave=wave, actor=owner_a)
        waiting = upload_people(
            wave=wave, filename="x.csv", content=b"email,audience\nbroken,customer\n", actor=owner_a
        )
        ids = {"upload": waiting.pk, "audience": wave.audiences.get(audience="customers").pk}
        viewer = make_member(owner_a, Role.CLIENT_VIEWER, engagement.client_organisation)
    owner_browser, viewer_browser = signed_in(owner_a), signed_in(viewer)
    for path in PAGES:
        url = base + path.format(**ids)
        assert owner_browser.get(url).status_code == 200, path
        assert viewer_browser.get(url).status_code == 403, path
    assert "<html" not in owner_browser.get(f"{base}field/audiences/").content.decode()


@pytest.mark.parametrize("path", ["people/", "field/", "people/export/", "preview/customers/"])
@pytest.mark.parametrize(("role", "status"), [(Role.ANALYST, 200), (Role.CLIENT_VIEWER, 403)])
def test_who_may_read(path: str, role: str, status: int, owner_a: Member, engagement: Engagement) -> None:
    with practice_scope(owner_a.practice):
        client = engagement.client_organisation if role == Role.CLIENT_VIEWER else None
        member = make_member(owner_a, role, client)
    assert signed_in(member).get(base_of(engagement, owner_a) + path).status_code == status


@pytest.mark.parametrize("path", ["launch/start/", "people/import/"])
def test_analysts_change_nothing(path: str, owner_a: Member, engagement: Engagement) -> None:
    with practice_scope(owner_a.practice):
        analyst = make_member(owner_a, Role.ANALYST)
    assert signed_in(analyst).post(base_of(engagement, owner_a) + path).status_code == 403


def test_export_holds_no_formula_and_no_answer_state(owner_a: Member, engagement: Engagement) -> None:
    with practice_scope(owner_a.practice):
        wave = Wave.objects.get()
        person = add_people(wave, "customers", 1)[0]
        Recipient.objects.filter(pk=person.pk).update(name='=HYPERLINK("http://x")')
    text = signed_in(owner_a).get(f"{base_of(engagement, owner_a)}people/export/").content.decode()
    assert "\"'=HYPERLINK" in text
    assert text.splitlines()[0].lstrip("\ufeff") == "email,name,audience,language"


@pytest.mark.parametrize("path", ["people/", "field/", "launch/"])
def test_queries_do_not_grow_with_people(path: str, owner_a: Member, engagement: Engagement) -> None:
    browser, url = signed_in(owner_a), base_of(engagement, owner_a) + path
    counts = []
    for n in (1, 2):
        with practice_scope(owner_a.practice):
            for audience in ("customers", "managers"):
                add_people(Wave.objects.get(), audience, n)
        browser.get(url)
        counts.append(count_queries(lambda: browser.get(url)))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "path", ["waves/{wave}/people/", "waves/{wave}/", "engagements/{engagement}/waves/", "mailbox/"]
)
def test_queries_of_endpoints_do_not_grow(path: str, owner_a: Member, settings: Any, tmp_path: Path) -> None:
    settings.MAIL_SINK_DIR = str(tmp_path)
    with practice_scope(owner_a.practice):
        wave = make_launched_wave(owner_a, customers=1)
        _token, secret = services.create_api_token(member=owner_a, name="x", actor=owner_a)
    url = "/api/v1/" + path.format(wave=wave.pk, engagement=wave.engagement_id)
    headers = {"Authorization": f"Bearer {secret}"}
    counts = []
    for n in (0, 2):
        with practice_scope(owner_a.practice):
            people = add_people(wave, "customers", n)
            join_running_plan(WaveAudience.objects.get(wave=wave, audience="customers"), people)
            if n:
                create_wave(engagement=wave.engagement, actor=owner_a)
            Delivery.objects.filter(state=DeliveryState.QUEUED).update(state=DeliveryState.SENDING)
            Delivery.objects.filter(state=DeliveryState.SENDING).update(state=DeliveryState.ACCEPTED)
        assert Client().get(url, headers=headers).status_code == 200
        counts.append(count_queries(lambda: Client().get(url, headers=headers)))
    assert counts[0] == counts[1]


def test_queries_of_the_preview_do_not_grow_with_rows(owner_a: Member, engagement: Engagement) -> None:
    browser, base = signed_in(owner_a), base_of(engagement, owner_a)
    counts = []
    for n in (1, 3):
        rows = "".join(f"person{number}@example.org,customer\n" for number in range(n))
        page = upload(browser, base, f"email,audience\n{rows}")["Location"]
        browser.get(page)
        counts.append(count_queries(partial(browser.get, page)))
    assert counts[0] == counts[1]


def test_queries_of_the_mailbox_do_not_grow_with_mails(
    owner_a: Member, settings: Any, tmp_path: Path
) -> None:
    settings.MAIL_SINK_DIR = str(tmp_path)
    browser, url = signed_in(owner_a), f"/p/{owner_a.practice.slug}/mailbox/"
    with practice_scope(owner_a.practice):
        wave = make_launched_wave(owner_a, customers=1)
    counts = []
    for n in (0, 2):
        with practice_scope(owner_a.practice):
            people = add_people(wave, "customers", n)
            join_running_plan(WaveAudience.objects.get(wave=wave, audience="customers"), people)
            for state in (DeliveryState.SENDING, DeliveryState.ACCEPTED):
                invitations = Delivery.objects.filter(round="invitation").exclude(state="accepted")
                invitations.update(state=state)
        assert browser.get(url).content.decode().count("@example.org</a>") == n + 1
        counts.append(count_queries(lambda: browser.get(url)))
    assert counts[0] == counts[1]


def test_mailbox_shows_this_practices_mails_only(
    owner_a: Member, owner_b: Member, settings: Any, tmp_path: Path
) -> None:
    settings.MAIL_SINK_DIR = str(tmp_path)
    with practice_scope(owner_a.practice):
        make_launched_wave(owner_a, customers=3)
        for delivery in Delivery.objects.filter(round="invitation").select_related(
            "recipient",
            "wave_audience__wave__practice",
            "wave_audience__wave__engagement__client_organisation",
        ):
            delivery.message_id = message_id_of(delivery)
            delivery.state = DeliveryState.SENDING
            delivery.save()
            delivery.state = DeliveryState.ACCEPTED
            delivery.save()
            sink.keep(tmp_path, build_message(delivery).as_bytes())
        key = sink.name_of(delivery.message_id)
    mine = f"/p/{owner_a.practice.slug}/mailbox/"
    page = signed_in(owner_a).get(mine).content.decode()
    assert page.count("customers") >= 3
    mail = signed_in(owner_a).get(f"{mine}{key}/").content.decode()
    assert "/s/" in mail
    other = signed_in(owner_b)
    assert other.get(f"/p/{owner_b.practice.slug}/mailbox/{key}/").status_code == 404
    assert "example.org" not in other.get(f"/p/{owner_b.practice.slug}/mailbox/").content.decode().replace(
        owner_b.user.email, ""
    )
    settings.MAIL_SINK_DIR = ""
    assert signed_in(owner_a).get(mine).status_code == 404


def test_an_engagement_without_a_wave_gets_one_from_its_people_page(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        bare = make_engagement(owner_a)
    browser, base = signed_in(owner_a), base_of(bare, owner_a)
    assert "Plan the first wave" in browser.get(f"{base}people/").content.decode()
    for _press in range(2):
        assert browser.post(f"{base}waves/new/")["Location"] == f"{base}people/"
    with practice_scope(owner_a.practice):
        assert Wave.objects.filter(engagement=bare).count() == 1
    assert "Import a list" in browser.get(f"{base}people/").content.decode()


def test_a_chosen_closing_day_is_the_day_that_pages_name(owner_a: Member, engagement: Engagement) -> None:
    browser, base = signed_in(owner_a), base_of(engagement, owner_a)
    with practice_scope(owner_a.practice):
        wave = Wave.objects.get()
        add_people(wave, "customers", 6)
        audience = WaveAudience.objects.get(wave=wave, audience="customers")
    browser.post(f"{base}launch/start/")
    browser.post(f"{base}field/{audience.pk}/extend/", {"closes_on": "2098-12-14"})
    assert "14 Dec, 23:59" in browser.get(f"{base}field/").content.decode()
    plan = browser.get(f"{base}launch/").content.decode()
    assert "2098-12-14" in plan
