"""Whatever is typed into a form of the portal gets a page, never a server error.

The forms are found on the pages themselves; their fields are filled with what people and programs type by mistake or on
purpose. `./test` posts some hundred, `./test --long` ten thousand.
"""

import random
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.architecture.test_access import TENANT_ROUTES, address, signed_in
from tests.factories.world import World, plant_world

pytestmark = pytest.mark.django_db
FEW, MANY = 400, 10_000
PAGES = [route for route in TENANT_ROUTES if route.pattern.startswith("p/")]
HOSTILE = (
    "", " ", "\n", "\x00", "a\x00b", "\ud800", "0", "-1", "999999999999999999999", "9" * 5_000, "NaN", "1e999",
    "x" * 10_000, "=1+1", "../../etc/passwd", "{{ 7*7 }}", "{% debug %}", "%(x)s", "{0}", "<script>alert(1)</script>",
    "O'Brien", "李雷", "\N{RIGHT-TO-LEFT OVERRIDE}abc", "\N{ZERO WIDTH SPACE}", "a@x.com,b@x.com", "a@localhost",
    "ä@x.com",
    "a\r\nBcc: b@x.com", "2026-02-30", "0000-00-00", "31.12.2026", "[" * 1_000, '{"a":' * 100, "null", "true", "on",
    "00000000-0000-0000-0000-000000000000", "not-a-uuid", "#12", "#gggggg", "javascript:alert(1)",
    "\N{GRINNING FACE}" * 300,
)  # fmt: skip
FILES = (
    b"", b"\x00" * 100, b"email\n", b"email\na@x.com\n", b"\xff\xfe" + "email;name\na@x.org;B".encode("utf-16-le"),
    b"PK\x03\x04broken", b"\x89PNG\r\n\x1a\nbroken", b'"' * 1_000, b"<svg/>", b"a,b\n" * 500,
)  # fmt: skip


class FormReader(HTMLParser):
    """Collects the forms of a page: where they post to, and their fields with the values offered."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, list[str]], set[str]]] = []
        self.select = ""
        self.is_open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.is_open = given.get("method", "").lower() == "post"
            if self.is_open:
                self.forms.append((given.get("action", ""), {}, set()))
        if not self.is_open:
            return
        _action, fields, files = self.forms[-1]
        name = given.get("name", "")
        if tag == "option" and self.select:
            fields[self.select].append(given.get("value", ""))
        if not name:
            return
        if tag == "select":
            self.select = name
        if given.get("type") == "file":
            files.add(name)
        fields.setdefault(name, []).append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_open = False
        if tag == "select":
            self.select = ""


Form = tuple[str, dict[str, list[str]], set[str]]


def forms_of(world: World) -> list[Form]:
    """Return every form of the portal with the address it posts to."""
    client = signed_in(world.owner)
    found: dict[str, Form] = {}
    for route in PAGES:
        path = address(route, world)
        answer = client.get(path)
        if answer.status_code != 200 or "html" not in answer.headers.get("Content-Type", ""):
            continue
        reader = FormReader()
        reader.feed(answer.content.decode())
        for action, fields, files in reader.forms:
            found.setdefault(action or path, (action or path, fields, files))
    return [form for action, form in sorted(found.items()) if action.startswith("/p/")]


def fuzz(world: World, examples: int, *, derandomize: bool) -> None:
    """Post so many drawn answers to the forms; nothing one of them writes is there for the next."""
    forms = forms_of(world)
    assert len(forms) > 15
    client = signed_in(world.owner)

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=derandomize,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(form=st.sampled_from(forms), seed=st.integers(0, 2**32))
    def run(form: Form, seed: int) -> None:
        dice = random.Random(seed)
        action, offered, files = form
        posted: dict[str, Any] = {}
        for name, values in offered.items():
            if name in files:
                posted[name] = SimpleUploadedFile(
                    dice.choice(("a.csv", "../../x.png", "a.xlsx")), dice.choice(FILES)
                )
            elif dice.random() < 0.85:
                is_hostile = dice.random() < 0.4
                posted[name] = [
                    dice.choice(HOSTILE if is_hostile else values) for _ in range(dice.choice((1, 1, 1, 2)))
                ]
        if dice.random() < 0.1:
            posted[dice.choice(("is_admin", "practice", "practice_id", "state", "role"))] = dice.choice(
                HOSTILE
            )
        with transaction.atomic():
            answer = client.post(action, encodable(posted))
            assert answer.status_code < 500, (action, posted)
            if answer.status_code == 422:
                assert b"error" in answer.content or b"tip-bad" in answer.content, (action, posted)
            transaction.set_rollback(True)

    run()


def encodable(posted: dict[str, Any]) -> dict[str, Any]:
    """Return the fields as bytes; a lone surrogate goes out as it would from a broken program."""
    return {
        name: value
        if isinstance(value, SimpleUploadedFile)
        else [one.encode("utf-8", "surrogatepass") for one in value]
        for name, value in (
            (name, value if not isinstance(value, str) else [value]) for name, value in posted.items()
        )
    }


def test_some_hundred_posts(settings: Any, tmp_path: Any) -> None:
    settings.MAIL_SINK_DIR = str(tmp_path)
    fuzz(plant_world(), FEW, derandomize=True)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_ten_thousand_posts(settings: Any, tmp_path: Any) -> None:
    settings.MAIL_SINK_DIR = str(tmp_path)
    fuzz(plant_world(), MANY, derandomize=False)
