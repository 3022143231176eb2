"""What the launcher's tests share: places under a short folder, a supervisor, and one pair of private servers."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from crmgap_site.launcher.accounts import server_account
from crmgap_site.launcher.places import CHECKOUT, Places, prepare_places
from crmgap_site.launcher.processes import StopFlag, Supervisor
from crmgap_site.launcher.records import RecordFolder
from crmgap_site.launcher.testing import private_servers, remove_places


@pytest.fixture
def places() -> Iterator[Places]:
    """Return the places of an installation of its own that the server account can reach."""
    parent = CHECKOUT / "var" / "test"
    parent.mkdir(parents=True, exist_ok=True)
    var = Path(tempfile.mkdtemp(prefix="l-", dir=parent))
    var.chmod(0o755)
    made = prepare_places(var, server_account())
    yield made
    remove_places(made)
    shutil.rmtree(var, ignore_errors=True)


@pytest.fixture
def said() -> list[str]:
    """Return the list that collects what the supervisor says."""
    return []


@pytest.fixture
def supervisor(places: Places, said: list[str]) -> Iterator[Supervisor]:
    """Return a supervisor whose children are stopped at the end."""
    made = Supervisor(RecordFolder(places.run), StopFlag(), said.append)
    yield made
    made.stop_all()


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, str]]:
    """Return the variables of a private PostgreSQL and Valkey."""
    with private_servers() as variables:
        yield variables
