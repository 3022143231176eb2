"""The product on private servers that do keep what they write, in a folder removed afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crmgap_site.launcher.accounts import server_account
from crmgap_site.launcher.environment import choose_port, site_environment
from crmgap_site.launcher.places import CHECKOUT, prepare_places
from crmgap_site.launcher.postgres import Postgres
from crmgap_site.launcher.processes import StopFlag, Supervisor
from crmgap_site.launcher.records import RecordFolder
from crmgap_site.launcher.site import Counts, Site
from crmgap_site.launcher.testing import remove_abandoned, remove_places
from crmgap_site.launcher.valkey import Valkey

FOLDER = CHECKOUT / "var" / "benchmarks"


@dataclass
class Stage:
    """A running product: its address and the first process of each of its parts."""

    site: Site
    supervisor: Supervisor
    base_url: str

    def leader(self, name: str) -> int:
        """Return the process that leads a part: postgres, valkey, web, worker, mail-sink."""
        return next(child.popen.pid for child in self.supervisor.children if child.program.name == name)


@contextmanager
def running_stage(folder: Path = FOLDER) -> Iterator[Stage]:
    """Bring servers and site up, set Django up in this process, yield; stops and removes everything at the end."""
    remove_abandoned(folder)
    places = prepare_places(folder / f"run-{os.getpid()}", server_account())
    supervisor = Supervisor(RecordFolder(places.run), StopFlag(), print)
    postgres, valkey = Postgres(places), Valkey(places)
    try:
        postgres.start(supervisor)
        valkey.start(supervisor)
        port = choose_port(8100)
        env = site_environment(places, {**os.environ, **postgres.environment(), **valkey.environment()}, port)
        site = Site(places, supervisor, env, Counts(web_processes=2, web_threads=4, workers=2))
        site.migrate()
        site.collect_static()
        site.start_mail_sink()
        site.start_web()
        site.start_workers()
        site.wait_until_healthy()
        os.environ.update(env)
        set_up_django()
        yield Stage(site, supervisor, f"http://127.0.0.1:{port}")
    finally:
        supervisor.stop_all()
        remove_places(places)


def set_up_django() -> None:
    """Make models usable in this process; the variables of the stage must be set."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "crmgap_site.settings"
    django.setup()
