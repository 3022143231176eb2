"""`./start`: bring everything up, say where it is and how to sign in, keep it up, stop it in order."""

import argparse
import fcntl
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from crmgap_site.launcher import backups, native, sample
from crmgap_site.launcher.environment import (
    DEFAULT_PORT,
    check_values,
    choose_port,
    has_own_mail_server,
    is_free,
    read_count,
    read_env_file,
    site_environment,
)
from crmgap_site.launcher.errors import LaunchError, StopAskedError
from crmgap_site.launcher.manage import run_manage, write_site_file
from crmgap_site.launcher.places import CHECKOUT, Places, prepare_places
from crmgap_site.launcher.postgres import Postgres
from crmgap_site.launcher.processes import StopFlag, Supervisor
from crmgap_site.launcher.records import RecordFolder
from crmgap_site.launcher.selftest import (
    empty_places,
    refuse_used_database,
    run_self_test,
    self_test_environment,
)
from crmgap_site.launcher.site import Counts, Site
from crmgap_site.launcher.valkey import Valkey


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of ./start."""
    parser = argparse.ArgumentParser(prog="./start", description="Start CRMGap on this machine.")
    parser.add_argument("--port", type=int, help="port of the pages (PORT; default 8000 or the next free)")
    parser.add_argument(
        "--workers", type=int, help="background worker processes (WORKER_PROCESSES; default 2)"
    )
    parser.add_argument("--self-test", action="store_true", help="do the main job over HTTP, then stop")
    parser.add_argument("--no-sample", action="store_true", help="do not create the sample engagement")
    parser.add_argument(
        "--sample", action="store_true", help="create the sample also in the database of DATABASE_URL"
    )
    add_backup_options(parser)
    options = parser.parse_args(arguments)
    if options.backup and options.restore:
        parser.error("--backup and --restore exclude each other")
    for name in ("port", "workers"):
        value = getattr(options, name)
        if value is not None and not 1 <= value <= (65535 if name == "port" else 64):
            parser.error(f"--{name} {value} is out of range")
    return options


def add_backup_options(parser: argparse.ArgumentParser) -> None:
    """Add what makes ./start back up or restore instead of starting the site."""
    group = parser.add_argument_group("backup and restore (docs/operations.md)")
    group.add_argument("--backup", metavar="FILE_OR_FOLDER", help="write a backup, then stop")
    group.add_argument("--with-keys", action="store_true", help="--backup: put both keys into the archive")
    group.add_argument("--restore", metavar="FILE", help="restore a backup, then stop")
    group.add_argument("--replace", action="store_true", help="--restore: give up what is there")
    group.add_argument(
        "--accept-other-key", action="store_true", help="--restore: although MASTER_KEY is another one"
    )


@contextmanager
def only_launcher(places: Places) -> Iterator[None]:
    """Hold the lock of this installation; raises LaunchError when another launcher holds it."""
    with (places.servers / "launcher.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LaunchError(already_running(lock)) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def already_running(lock: IO[str]) -> str:
    """Return the line that names the launcher that holds the lock."""
    lock.seek(0)
    holder = lock.read() or "unknown"
    return f"CRMGap already runs from this folder (process {holder}). Stop it there with Ctrl-C."


def pick_port(options: argparse.Namespace) -> int:
    """Return the port of the pages: the one asked for must be free, the default may move on."""
    asked: int | None = options.port
    if asked is None and os.environ.get("PORT") and not options.self_test:
        asked = read_count(os.environ, "PORT", DEFAULT_PORT, 65535)
    if asked is not None:
        if not is_free(asked):
            raise LaunchError(f"Port {asked} is in use by another program. Choose another with --port.")
        return asked
    port = choose_port(DEFAULT_PORT)
    if port != DEFAULT_PORT:
        say(f"Port {DEFAULT_PORT} is in use by another program; taking {port}.")
    return port


def start_servers(places: Places, supervisor: Supervisor) -> dict[str, str]:
    """Start what DATABASE_URL and REDIS_URL do not name and return the variables that point to it."""
    found: dict[str, str] = {}
    if not os.environ.get("DATABASE_URL"):
        postgres = Postgres(places)
        say(f"Starting PostgreSQL {postgres.binaries.major} ...")
        postgres.start(supervisor)
        found |= postgres.environment()
    if not os.environ.get("REDIS_URL"):
        valkey = Valkey(places)
        say("Starting Valkey ...")
        valkey.start(supervisor)
        found |= valkey.environment()
    return found


def start_site(options: argparse.Namespace, places: Places, supervisor: Supervisor) -> Site:
    """Start everything in order and return the healthy site."""
    counts = Counts.read(os.environ, options.workers)
    port = pick_port(options)
    found = start_servers(places, supervisor)
    environ = self_test_environment(os.environ) if options.self_test else dict(os.environ)
    env = site_environment(places, environ | found, port)
    site = Site(places, supervisor, env, counts)
    write_site_file(places, env)
    say("Updating the database and the static files ...")
    site.migrate()
    site.collect_static()
    say("Starting the web server and the workers ...")
    if not has_own_mail_server(environ):
        site.start_mail_sink()
    site.start_web()
    site.start_workers()
    site.wait_until_healthy()
    is_wanted = options.sample or ("DATABASE_URL" in found and not sample.is_somebodys(site.env))
    if is_wanted and not options.no_sample and not options.self_test:
        sample.prepare(places, site, say)
    return site


def announce(site: Site, places: Places, seconds: float) -> None:
    """Say where the site is and how to sign in."""
    base_url = site.env["BASE_URL"]
    say(f"\nCRMGap is ready after {seconds:.0f} s:  {base_url}")
    sign_in = sample.read_sign_in(places, site.env)
    if sign_in is not None:
        say(f"  sign in as  {sign_in['email']}  with the password  {sign_in['password']}")
        for url in sign_in.get("report_urls", ()):
            say(f"  report      {url if '://' in url else base_url + url}")
    if site.env.get("MAIL_SINK_DIR"):
        say(f"  mails stay on this machine, in {site.env['MAIL_SINK_DIR']}")
    say(f"  logs        {places.log}\nPress Ctrl-C to stop.")


def launch(options: argparse.Namespace) -> int:
    """Start, watch and stop; returns the exit code."""
    began = time.monotonic()
    places = prepare_places()
    native.ensure(native.RUN_PARTS, places.log / "apt.log")
    if options.self_test:
        places = prepare_places(places.var / "self-test")
        refuse_used_database(os.environ)
    with only_launcher(places):
        stop = StopFlag()
        stop.install()
        records = RecordFolder(places.run)
        leftovers = records.stop_leftovers()
        if leftovers:
            say(f"Stopped what an earlier start had left running: {', '.join(leftovers)}.")
        supervisor = Supervisor(records, stop, say)
        try:
            if options.self_test:
                empty_places(places)
            site = start_site(options, places, supervisor)
            if options.self_test:
                return run_self_test(site, supervisor)
            announce(site, places, time.monotonic() - began)
            supervisor.watch()
        except StopAskedError:
            pass
        finally:
            if supervisor.children:
                say("\nStopping ...")
            supervisor.stop_all()
        return 130 if options.self_test else 0


def back_up_or_restore(options: argparse.Namespace) -> int:
    """Back up or restore with the database started for it alone; a running site is backed up as it runs."""
    places = prepare_places()
    if options.backup and is_running(places):
        arguments = ["backup", options.backup, *(["--with-keys"] if options.with_keys else [])]
        return run_manage(arguments)
    with only_launcher(places):
        stop = StopFlag()
        stop.install()
        records = RecordFolder(places.run)
        records.stop_leftovers()
        supervisor = Supervisor(records, stop, say)
        try:
            if options.backup:
                env = backups.start_database(places, supervisor, os.environ)
                return backups.back_up(env, options.backup, with_keys=options.with_keys)
            return restore_from(options, places, supervisor)
        except StopAskedError:
            return 130
        finally:
            supervisor.stop_all()


def restore_from(options: argparse.Namespace, places: Places, supervisor: Supervisor) -> int:
    """Restore the file named on the command line and say what comes next."""
    file = Path(options.restore).absolute()
    if not file.is_file():
        raise LaunchError(f"{file} does not exist.")
    keys = backups.usable_keys(places, os.environ, file, replaces=options.replace)
    env = backups.start_database(places, supervisor, os.environ)
    wanted = {"--replace": options.replace, "--accept-other-key": options.accept_other_key}
    flags = [flag for flag, is_set in wanted.items() if is_set]
    code = backups.restore(places, env, file, flags, keys)
    if code == 0:
        say("Start the site with ./start")
    return code


def is_running(places: Places) -> bool:
    """Tell whether another launcher holds the lock of this installation."""
    try:
        with only_launcher(places):
            return False
    except LaunchError:
        return True


def main() -> int:
    """Run ./start with the arguments of the command line."""
    try:
        read_env_file(CHECKOUT / ".env", os.environ)
        if sys.argv[1:2] == ["manage"]:
            return run_manage(sys.argv[2:])
        options = read_options(sys.argv[1:])
        check_values(os.environ)
        if options.backup or options.restore:
            return back_up_or_restore(options)
        return launch(options)
    except LaunchError as error:
        print(error, file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
