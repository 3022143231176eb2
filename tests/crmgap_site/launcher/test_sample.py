"""The sample's sign-in is shown for the database it belongs to, and no sample is put among somebody's practices."""

import json

import psycopg
import pytest

from crmgap_site.env import database_mark, parse_database
from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.places import Places
from crmgap_site.launcher.sample import is_somebodys, read_sign_in

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
OWN, OTHER = "postgresql://a@/crmgap?host=/one", "postgresql://a:p@db.example:5432/crmgap"


def test_sign_in_of_another_database_is_not_shown(places: Places) -> None:
    assert read_sign_in(places, {"DATABASE_URL": OWN}) is None
    file = places.var / "sample-sign-in.json"
    file.write_text(json.dumps({"email": "a@b.example", "database": database_mark(parse_database("X", OWN))}))
    assert read_sign_in(places, {"DATABASE_URL": OWN}) == json.loads(file.read_text())
    assert read_sign_in(places, {"DATABASE_URL": OTHER}) is None
    file.write_text("half a fi")
    assert read_sign_in(places, {"DATABASE_URL": OWN}) is None


def test_mark_is_that_of_the_place_not_of_the_role() -> None:
    marks = {database_mark(parse_database("X", OTHER.replace("a:p@", role))) for role in ("a:p@", "b:q@")}
    assert len(marks) == 1
    assert database_mark(parse_database("X", OWN)) not in marks


def test_database_of_somebody_gets_no_sample(servers: dict[str, str]) -> None:
    with psycopg.connect(servers["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("CREATE TABLE practice_practice (name text, is_sample boolean)")
        assert not is_somebodys(servers)
        owner.execute("INSERT INTO practice_practice VALUES ('Alder', false)")
        assert is_somebodys(servers)
        owner.execute("INSERT INTO practice_practice VALUES ('Nordlicht', true)")
        assert not is_somebodys(servers)
        owner.execute("DROP TABLE practice_practice")
    with pytest.raises(LaunchError, match="does not answer"):
        is_somebodys(servers)
