"""Nothing that anybody has typed becomes a formula in a file that the product hands out.

Every route of the URLconf that answers with a table, every text of the tenant tables, twelve ways a formula begins.
"""

import csv
import html
import io
import json
import re
import zipfile
from itertools import product

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from practice.csv_file import BLANKS, TRIGGERS
from practice.scope import practice_scope
from practice.xlsx_file import XLSX
from surveys.models import Response
from tests.architecture.test_access import TENANT_ROUTES, TENANT_TABLES, address, signed_in
from tests.factories.world import CANARY, World, plant_world

pytestmark = pytest.mark.django_db
BEFORE = ("", "  ", "\N{NO-BREAK SPACE}", "text\n")
ROUTES_OF_TABLES = [
    route
    for route in TENANT_ROUTES
    if any(word in route.pattern for word in ("export", "tables", "file_type", "csv", "xlsx"))
    and "open-links" not in route.pattern  # its files are pictures
]
TEXTS = (
    "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema()"
    " AND table_name = %s AND (data_type IN ('text', 'character varying', 'jsonb') OR udt_name = 'citext')"
)


def spoil(world: World, start: str) -> None:
    """Put this before the canary in every text that can be written."""
    with practice_scope(world.owner.practice), connection.cursor() as cursor:
        for table in TENANT_TABLES:
            cursor.execute(TEXTS, [table])
            for column, kind in cursor.fetchall():
                text = json.dumps(start + CANARY)[1:-1] if kind == "jsonb" else start + CANARY
                statement = (
                    f'UPDATE "{table}" SET "{column}" = replace("{column}"::text, %s, %s)'  # noqa: S608  own names
                    f'{"::jsonb" if kind == "jsonb" else ""} WHERE "{column}"::text LIKE %s'
                )
                try:
                    with transaction.atomic():
                        cursor.execute(statement, [CANARY, text, f"%{CANARY}%"])
                except DatabaseError:
                    continue  # a key, or a record that is never rewritten


def exports(world: World) -> dict[str, tuple[str, bytes]]:
    """Return kind and content of every table that the URLconf hands out, by address."""
    browser, api = signed_in(world.owner), Client(headers={"Authorization": f"Bearer {world.token_secret}"})
    found = {}
    for route in ROUTES_OF_TABLES:
        path = address(route, world)
        for one in {path, path.replace("/csv/", "/xlsx/")}:
            answer = (api if one.startswith("/api/") else browser).get(one)
            kind = answer.headers["Content-Type"].partition(";")[0]
            assert (answer.status_code, kind in {"text/csv", XLSX}) == (200, True), one
            found[one] = kind, b"".join(answer)
    return found


def texts_of(kind: str, content: bytes) -> list[str]:
    """Return the texts of a table's cells; a cell of a workbook that is run or followed fails."""
    if kind == "text/csv":
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        return [cell for row in rows for cell in row]
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        parts = {name: book.read(name).decode() for name in book.namelist() if name.endswith(".xml")}
    assert not [name for name, part in parts.items() if re.search(r"<(f|hyperlink)[ >/]", part)]
    return [
        html.unescape(text) for part in parts.values() for text in re.findall(r"<t[^>]*>([^<]+)</t>", part)
    ]


def check(world: World, before: str, sign: str) -> None:
    """Spoil the world in this way and read every export."""
    with transaction.atomic():
        spoil(world, before + sign)
        for path, (kind, content) in exports(world).items():
            texts = [text for text in texts_of(kind, content) if CANARY in text]
            assert texts, f"{path} holds nothing of what was typed"
            if kind == "text/csv":
                assert not [text for text in texts if text.lstrip(BLANKS).startswith(TRIGGERS)], path
                is_blank_line = before.endswith("\n") and sign in "\r\n"
                assert is_blank_line or [text for text in texts if text.startswith(f"'{before}{sign}")], path
        transaction.set_rollback(True)


@pytest.fixture
def world() -> World:
    """Return the planted practice with so many answers that they may leave as rows."""
    found = plant_world()
    with practice_scope(found.owner.practice):
        one = Response.objects.get()
        for _number in range(5):
            Response.objects.create(
                wave_audience=one.wave_audience,
                scores=one.scores,
                record=one.record,
                attributes=one.attributes,
            )
    return found


def test_every_table_is_read() -> None:
    assert len(ROUTES_OF_TABLES) >= 7


def test_no_typed_text_becomes_a_formula(world: World) -> None:
    for before, sign in zip(BEFORE, ("=", "\t", "@", "＝"), strict=True):
        check(world, before, sign)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_no_typed_text_becomes_a_formula_wherever_it_hides(world: World) -> None:
    for before, sign in product(BEFORE, TRIGGERS):
        check(world, before, sign)
