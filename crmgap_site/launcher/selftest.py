"""The frame of `./start --self-test`: a folder, a database and a mail sink of its own, emptied every time."""

import shutil
import subprocess
import time
from collections.abc import Mapping
from signal import SIGTERM

import psycopg

from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.places import Places
from crmgap_site.launcher.processes import Supervisor, end_with_parent
from crmgap_site.launcher.site import Site

PRACTICE_NAME = "Self-test"
LEFT_OUT = ("BASE_URL", "ALLOWED_HOSTS", "TRUSTED_PROXIES", "PORT")
LEFT_OUT_PREFIXES = ("SMTP_", "MAIL_")


def self_test_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the installation's address and mail server: no mail leaves."""
    kept = {
        name: value
        for name, value in environ.items()
        if name not in LEFT_OUT and not name.startswith(LEFT_OUT_PREFIXES)
    }
    return kept | {"SIGNUP_OPEN": "1"}


def empty_places(places: Places) -> None:
    """Remove what an earlier self-test has left, but for its logs."""
    for folder in (places.servers / "postgres", places.servers / "valkey", places.mail, places.var / "media"):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in (places.mail, places.var / "media"):
        folder.mkdir(mode=0o700)


def refuse_used_database(environ: Mapping[str, str]) -> None:
    """Raise LaunchError when DATABASE_OWNER_URL names a database with other practices than the self-test's.

    The self-test's workers would send the waiting mails of those practices to its own sink.
    """
    url = environ.get("DATABASE_OWNER_URL")
    if not url:
        return
    try:
        with psycopg.connect(url, connect_timeout=10) as owner:
            if owner.execute("SELECT to_regclass('public.practice_practice')").fetchone() == (None,):
                return
            found = owner.execute(
                "SELECT count(*) FROM practice_practice WHERE name NOT LIKE %s", [f"{PRACTICE_NAME}%"]
            ).fetchone()
    except psycopg.Error as error:
        raise LaunchError(f"The database of DATABASE_OWNER_URL does not answer: {error}") from error
    if found and found[0]:
        raise LaunchError(
            f"The self-test needs a database of its own: that of DATABASE_URL holds {found[0]} practices. "
            "Give it an empty one, or none at all."
        )


def run_self_test(site: Site, supervisor: Supervisor) -> int:
    """Run the self-test in the foreground and return its exit code."""
    program = site.self_test_program()
    test = subprocess.Popen(
        program.argv,
        env=dict(program.env),
        cwd=program.cwd,
        preexec_fn=end_with_parent(SIGTERM),  # noqa: PLW1509 - the launcher has one thread
    )
    try:
        while test.poll() is None:
            supervisor.require_running()
            time.sleep(0.1)
    finally:
        if test.poll() is None:
            test.terminate()
        test.wait()
    return test.returncode
