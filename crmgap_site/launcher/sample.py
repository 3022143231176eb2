"""The sample engagement of a start: made in a new database of our own, announced only where it was made."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import psycopg

from crmgap_site.env import database_mark, parse_database
from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.places import Places
from crmgap_site.launcher.site import Site


def prepare(places: Places, site: Site, say: Callable[[str], None]) -> None:
    """Create the sample unless its sign-in file says that it is in this database."""
    if read_sign_in(places, site.env) is None:
        say("Creating the sample engagement with its reports (about two minutes) ...")
        site.create_sample()


def read_sign_in(places: Places, env: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the sample's sign-in when it is one for the database in use, else None."""
    try:
        found: dict[str, Any] = json.loads((places.var / "sample-sign-in.json").read_text())
    except (OSError, ValueError):
        return None
    mark = database_mark(parse_database("DATABASE_URL", env["DATABASE_URL"]))
    return found if found.get("database") == mark else None


def is_somebodys(env: Mapping[str, str]) -> bool:
    """Tell whether the database holds practices but no sample: a restored installation, or one that does without."""
    try:
        with psycopg.connect(env["DATABASE_OWNER_URL"], connect_timeout=10) as owner:
            found = owner.execute(
                "SELECT count(*) > 0 AND NOT coalesce(bool_or(is_sample), false) FROM practice_practice"
            ).fetchone()
    except psycopg.Error as error:
        raise LaunchError(f"The database does not answer: {error}") from error
    return bool(found and found[0])
