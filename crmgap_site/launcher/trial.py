"""The whole product on private servers that do keep what they write, for benchmarks and browser walks."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crmgap_site.launcher.accounts import server_account
from crmgap_site.launcher.environment import choose_port, site_environment
from crmgap_site.launcher.places import prepare_places
from crmgap_site.launcher.postgres import Postgres
from crmgap_site.launcher.processes import StopFlag, Supervisor
from crmgap_site.launcher.records import RecordFolder
from crmgap_site.launcher.selftest import self_test_environment
from crmgap_site.launcher.site import Counts, Site
from crmgap_site.launcher.testing import remove_abandoned, remove_places
from crmgap_site.launcher.valkey import Valkey

FIRST_PORT, PORTS_APART = 8100, 1000
COUNTS = Counts(web_processes=2, web_threads=4, workers=2)


@dataclass(frozen=True)
class Trial:
    """A running product: address, variables, the first process of each part, and seconds from migrated to healthy."""

    base_url: str
    env: Mapping[str, str]
    leaders: Mapping[str, int]
    seconds_to_healthy: float


@contextmanager
def running_product(folder: Path) -> Iterator[Trial]:
    """Bring servers, web, workers and recording mail server up below `folder`; stops and removes everything at the end.

    Whoever comes may sign up; no mail leaves. Raises LaunchError when a part does not start.
    """
    remove_abandoned(folder)
    places = prepare_places(folder / f"run-{os.getpid()}", server_account())
    supervisor = Supervisor(RecordFolder(places.run), StopFlag(), print)
    postgres, valkey = Postgres(places), Valkey(places)
    try:
        postgres.start(supervisor)
        valkey.start(supervisor)
        servers = postgres.environment() | valkey.environment()
        port = choose_port(FIRST_PORT + os.getpid() % PORTS_APART)
        env = site_environment(places, self_test_environment(os.environ) | servers, port)
        site = Site(places, supervisor, env, COUNTS)
        site.migrate()
        site.collect_static()
        began = time.perf_counter()
        site.start_mail_sink()
        site.start_web()
        site.start_workers()
        site.wait_until_healthy()
        seconds = time.perf_counter() - began
        leaders = {child.program.name: child.popen.pid for child in supervisor.children}
        yield Trial(f"http://localhost:{port}", env, leaders, seconds)
    finally:
        supervisor.stop_all()
        remove_places(places)
