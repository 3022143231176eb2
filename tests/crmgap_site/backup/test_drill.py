"""Loss of everything but the backup: rows equal, the document reopens, the link still leads to its form.

The backup is taken from one server, its data is destroyed, and `./start --restore` brings it back on a fresh one.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crmgap_site.backup.database import count_rows
from crmgap_site.launcher.places import CHECKOUT, Places, prepare_places
from crmgap_site.launcher.postgres import Postgres
from crmgap_site.launcher.processes import StopFlag, Supervisor
from crmgap_site.launcher.records import RecordFolder
from crmgap_site.launcher.testing import private_servers, remove_places

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
SET_BY_OPERATORS = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "MASTER_KEY",
    "MAIL_SINK_DIR",
)


def run(env: Mapping[str, str], *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run a Python module or file with an environment."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=dict(env),
        cwd=CHECKOUT,
        input=said,
        capture_output=True,
        text=True,
        check=False,
    )


def ask(env: Mapping[str, str], step: str, planted: Any = None) -> Any:
    """Run one step of the drill and return what it prints."""
    done = run(env, "-m", "tests.crmgap_site.backup.drill", step, said=json.dumps(planted))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def counts_by_superuser(env: Mapping[str, str]) -> dict[str, int]:
    """Count rows as the role that row-level security never applies to."""
    url = env["DATABASE_URL"].replace("crmgap_app@", "postgres@")
    with psycopg.connect(url, autocommit=True) as admin:
        return count_rows(admin)


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Plant, back up, and destroy server, files and keys; what remains is the archive and the counts."""
    archive = tmp_path_factory.mktemp("backup") / "crmgap.tar"
    with private_servers() as variables:
        env = os.environ | variables | {"DJANGO_SETTINGS_MODULE": "crmgap_site.settings"}
        assert run(env, "manage.py", "migrate", "-v0").returncode == 0
        planted = ask(env, "plant")
        rows = counts_by_superuser(env)
        done = run(env, "manage.py", "backup", str(archive), "--with-keys")
        assert done.returncode == 0, done.stderr
        again = run(env, "manage.py", "backup", str(archive))
        refused = run(env, "manage.py", "restore", str(archive))
        assert counts_by_superuser(env) == rows
    return {
        "archive": archive, "planted": planted, "rows": rows, "keys": variables, "said": done.stdout,
        "again": again, "refused": refused,
    }  # fmt: skip


@pytest.fixture(scope="module")
def fresh() -> Iterator[Places]:
    """Return the places of an installation that has never been started."""
    var = CHECKOUT / "var" / "test" / f"restore-{os.getpid()}"
    var.mkdir(parents=True)
    var.chmod(0o755)
    places = prepare_places(var)
    yield places
    remove_places(places)
    shutil.rmtree(var, ignore_errors=True)


def launcher_environment(places: Places, **more: str) -> dict[str, str]:
    """Return the environment of an operator who sets nothing but the folder."""
    kept = {name: value for name, value in os.environ.items() if name not in SET_BY_OPERATORS}
    return kept | {"VAR_DIR": str(places.var)} | more


@contextmanager
def running_database(places: Places) -> Iterator[dict[str, str]]:
    """Start the restored database and yield the environment of its site."""
    supervisor = Supervisor(RecordFolder(places.run), StopFlag(), print)
    postgres = Postgres(places)
    (places.var / "static").mkdir(exist_ok=True)
    keys = {name.upper().replace("-", "_"): (places.secrets / name).read_text().strip()
            for name in ("secret-key", "master-key")}  # fmt: skip
    try:
        postgres.start(supervisor)
        named = {"DJANGO_SETTINGS_MODULE": "crmgap_site.settings", "DEBUG": "1"}
        yield launcher_environment(places, **named, **keys, **postgres.environment())
    finally:
        supervisor.stop_all()


@pytest.fixture(scope="module")
def restored(backup: dict[str, Any], fresh: Places) -> subprocess.CompletedProcess[str]:
    """Run `./start --restore` on the fresh installation."""
    return run(launcher_environment(fresh), "-m", "crmgap_site.launcher", "--restore", str(backup["archive"]))


def test_every_row_comes_back(
    backup: dict[str, Any], restored: subprocess.CompletedProcess[str], fresh: Places
) -> None:
    assert restored.returncode == 0, restored.stderr
    assert backup["rows"]["surveys_recipient"] == 63
    assert "counted, equal" in restored.stdout
    assert (fresh.secrets / "master-key").read_text().strip() == backup["keys"]["MASTER_KEY"]
    with running_database(fresh) as env:
        assert counts_by_superuser(env) == backup["rows"]
        seen = ask(env, "look", backup["planted"])
        refused = run(env, "manage.py", "restore", str(backup["archive"]))
        assert "is not empty" in refused.stderr
        replaced = run(env, "manage.py", "restore", str(backup["archive"]), "--replace")
        assert replaced.returncode == 0, replaced.stderr
        assert counts_by_superuser(env) == backup["rows"]
    assert seen == {
        "statuses": [200, 303, 200],
        "document": True,
        "drafts": 2,
        "states": ["sending"],
        "open_lookups": [],
    }
    assert f"{backup['planted']['unsent']} mails may have left" in restored.stdout


def test_restored_installation_is_backed_up_by_start(
    restored: subprocess.CompletedProcess[str], fresh: Places, tmp_path: Path
) -> None:
    assert restored.returncode == 0
    done = run(launcher_environment(fresh), "-m", "crmgap_site.launcher", "--backup", f"{tmp_path}/daily/")
    assert done.returncode == 0, done.stderr
    (archive,) = (tmp_path / "daily").iterdir()
    assert archive.stat().st_mode & 0o777 == 0o600
    with tarfile.open(archive) as tar:
        assert "keys.json" not in tar.getnames()
    assert "keep a copy of MASTER_KEY" in done.stdout


def test_backup_is_never_written_over(backup: dict[str, Any]) -> None:
    assert backup["again"].returncode == 1
    assert "exists already" in backup["again"].stderr


def test_restore_over_a_full_database_is_refused(backup: dict[str, Any]) -> None:
    assert backup["refused"].returncode == 1
    assert "is not empty" in backup["refused"].stderr


def test_other_master_key_is_named_before_anything_changes(backup: dict[str, Any], fresh: Places) -> None:
    env = launcher_environment(fresh, SECRET_KEY="x" * 60, MASTER_KEY="A" * 43 + "=")
    done = run(env, "-m", "crmgap_site.launcher", "--restore", str(backup["archive"]))
    assert done.returncode == 1
    assert "another MASTER_KEY" in done.stderr
