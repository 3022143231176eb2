"""Everything the product shows, rendered in one language: each page of the URLconf, each mail, each document."""

import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from openpyxl import load_workbook

from diagnosis.analysis import analyse
from diagnosis.computing import proposed_action, proposed_finding, stored_result
from diagnosis.export import diagnosis_workbook
from diagnosis.models import Action, Diagnosis, Finding
from diagnosis.rules.findings import find
from diagnosis.rules.library import load_library
from diagnosis.rules.recommend import recommend
from diagnosis.simulated import draw_frames
from practice.models import ClientOrganisation, Member, User
from practice.scope import practice_scope
from reports.document import freeze_document
from reports.enums import ReportKind
from reports.html import document_html
from surveys.enums import Round
from surveys.form_cache import instrument_of
from surveys.instruments import texts_of
from surveys.mail.message import build_message, build_test_message
from surveys.models import Delivery, Recipient, ResponseIdentity, Wave
from tests.architecture.routes import ROUTES
from tests.architecture.test_access import address
from tests.factories.world import CANARY, World, plant_world

ERROR_PAGES = ("400.html", "403.html", "403_csrf.html", "404.html", "500.html")
CODE = re.compile(r"[a-z]+[0-9]*(_[a-z0-9]+)*")
"""Heads of columns that the API uses as well."""
SURVEY_STATES = ("closed", "paused", "done", "not_yet", "opted_out", "unknown")


@dataclass
class Scene:
    """A practice whose people, client and respondents speak one language."""

    world: World
    language: str


def plant_scene(language: str, translate: Any = None) -> Scene:
    """Found the practice; `translate` makes the texts of the instrument in a language it does not have."""
    world = plant_world()
    User.objects.filter(pk=world.owner.user_id).update(language=language)
    with practice_scope(world.owner.practice):
        ClientOrganisation.objects.update(language=language)
        Recipient.objects.update(language=language)
        ResponseIdentity.objects.all().delete()
        wave = Wave.objects.get()
        if translate is not None:
            own = texts_of(wave.instrument)
            wave.instrument["translations"][language] = {path: translate(text) for path, text in own.items()}
            wave.save(update_fields=["instrument"])
        _diagnose(wave, language)
    return Scene(world, language)


def _diagnose(wave: Wave, language: str) -> None:
    """Put a diagnosis of simulated answers of all four audiences, in the language, in the place of the planted one."""
    instrument = instrument_of(wave, language)
    forms = {audience.code: instrument.form_for(audience.code) for audience in instrument.audiences}
    diagnosis = Diagnosis.objects.get()
    Finding.objects.update(code="planted")
    with override(language):
        result = analyse(instrument, draw_frames(instrument, forms))
        plan = recommend(result, instrument, load_library())
        findings = find(result, instrument)
    Diagnosis.objects.filter(pk=diagnosis.pk).update(
        language=language, result=stored_result(result, plan), summary=""
    )
    with override(language):
        rows = Finding.objects.bulk_create([proposed_finding(diagnosis, one) for one in findings])
        actions = [
            proposed_action(diagnosis, one, rows, place) for place, one in enumerate(plan.proposals, 1)
        ]
    Action.objects.bulk_create(actions)


def pages(scene: Scene) -> Iterator[tuple[str, str]]:
    """Yield (address, HTML) of every page a signed-in owner can open, of the sign-in pages and of survey pages."""
    client = Client(headers={"accept-language": scene.language})
    owner: Member = scene.world.owner
    for route in ROUTES:
        if route.pattern.startswith("accounts/") and not route.parameters:
            yield from _page(client, f"/{route.pattern}")
    client.force_login(owner.user)
    for route in ROUTES:
        if route.pattern.startswith(("p/<slug:slug>/", "accounts/")) and (
            route.parameters or route.pattern.startswith("accounts/")
        ):
            if route.pattern.startswith("accounts/") and route.parameters:
                continue
            path = (
                f"/{route.pattern}" if route.pattern.startswith("accounts/") else address(route, scene.world)
            )
            # a mail is in its own language, whatever the page around it; mails are read by themselves below
            if "logout" not in path and route.name != "surveys:mail_preview_frame":
                yield from _page(client, path)
    for name in ("home", "practice:profile", "practice:practice_create"):
        yield from _page(client, reverse(name))
    with override(scene.language):
        for name in ERROR_PAGES:
            yield name, render_to_string(name, {})
    yield from _survey_pages(scene)


def _page(client: Client, path: str) -> Iterator[tuple[str, str]]:
    response: HttpResponse = client.get(path, follow=True)
    if response.headers.get("Content-Type", "").startswith("text/html") and not response.streaming:
        yield path, response.content.decode()


def _survey_pages(scene: Scene) -> Iterator[tuple[str, str]]:
    browser = Client(headers={"accept-language": scene.language})
    address_of_link = f"/s/{scene.world.survey_token}/"
    yield from _page(browser, address_of_link)
    page = browser.post(address_of_link, {"start": "1"}, follow=True)
    for number in range(1, 30):
        path = page.request["PATH_INFO"]
        yield f"survey page {number}", page.content.decode()
        wrong = browser.post(path, {"next": "1", "no-such-field": "1"}, follow=True)
        yield f"survey page {number} with a problem", wrong.content.decode()
        page = browser.post(path, {"next": "1"}, follow=True)
        if page.request["PATH_INFO"] == path:
            break
    done = browser.post(page.request["PATH_INFO"], {"finish": "1"}, follow=True)
    yield "survey: thanks", done.content.decode()
    with override(scene.language):
        for state in SURVEY_STATES:
            yield f"survey: {state}", render_to_string("surveys/state.html", {"state": state})


def mails(scene: Scene) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of each mail: subject, text part and HTML part."""
    with practice_scope(scene.world.owner.practice):
        delivery = Delivery.objects.select_related(
            "recipient", "wave_audience__practice", "wave_audience__wave__engagement__client_organisation"
        ).get()
        delivery.wave_audience.wave.plan = {}
        for audience in ("customers", "managers", "front_line", "crm_team"):
            for code in Round.values:
                delivery.wave_audience.audience, delivery.round = audience, code
                yield from _mail(f"mail {audience} {code}", build_message(delivery))
        with override(scene.language):
            test = build_test_message(scene.world.owner.practice, name="CANARYq7x", email="ada@example.org")
            yield from _mail("test mail", test)


def _mail(name: str, message: Any) -> Iterator[tuple[str, str]]:
    yield f"{name}: subject", str(message["Subject"])
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            for line in part.get_content().splitlines():
                yield f"{name}: text", line
        elif part.get_content_type() == "text/html":
            yield f"{name}: html", part.get_content()


def documents(scene: Scene) -> Iterator[tuple[str, str]]:
    """Yield (kind, HTML with its charts) of each kind of document."""
    with practice_scope(scene.world.owner.practice), override(scene.language):
        diagnosis = Diagnosis.objects.select_related(
            "wave", "snapshot", "engagement__client_organisation", "engagement__practice"
        ).get()
        findings, actions = (
            list(Finding.objects.exclude(code="planted")),
            list(Action.objects.exclude(title=CANARY)),
        )
        for kind in ReportKind.values:
            text, charts = document_html(
                freeze_document(kind, diagnosis, diagnosis.engagement, findings, actions)
            )
            yield f"document {kind}", text + "".join(charts.values())


def workbooks(scene: Scene) -> Iterator[tuple[str, str]]:
    """Yield (sheet, text) of the workbook of the diagnosis: names of sheets, heads of columns, the sheet about it."""
    with practice_scope(scene.world.owner.practice), override(scene.language):
        diagnosis = Diagnosis.objects.select_related("wave", "engagement__client_organisation").get()
        content = diagnosis_workbook(diagnosis, scene.world.owner)
    for place, sheet in enumerate(load_workbook(io.BytesIO(content), read_only=True).worksheets):
        yield f"workbook sheet {place}", sheet.title.lstrip("0123456789 ")
        for row in sheet.iter_rows(values_only=True, max_row=None if place == 0 else 1):
            for cell in row:
                if isinstance(cell, str) and not CODE.fullmatch(cell):
                    yield f"workbook sheet {place}", html.escape(cell)
