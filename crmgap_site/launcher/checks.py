"""`./test`: every check in turn, all of them even when one fails, pytest last against private servers."""

import argparse
import base64
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from crmgap_site.launcher import native
from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.places import CHECKOUT
from crmgap_site.launcher.testing import private_servers

PROCESSES = "2"
BIN = Path(sys.executable).parent
COMPOSE = ("--builtin-schema", "vendor.compose-spec", "deploy/compose.yaml")
SHELL_FILES = ("start", "test", "crmgap_site/launcher/venv.sh")


@dataclass(frozen=True)
class Check:
    """One command that must succeed; its output is shown only when it does not."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]


def read_options(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return the options of ./test and the arguments meant for pytest."""
    parser = argparse.ArgumentParser(prog="./test", description="Run every check, pytest last.")
    parser.add_argument("--no-browser", action="store_true", help="leave out the tests that need Chromium")
    parser.add_argument(
        "--no-servers", action="store_true", help="leave out the run on the system's PostgreSQL and Redis"
    )
    parser.add_argument("--long", action="store_true", help="also soak and fault runs at full numbers")
    parser.add_argument("--audit", action="store_true", help="also look the pinned parts up for known holes")
    return parser.parse_known_args(arguments)


def static_checks(env: Mapping[str, str], *, with_audit: bool) -> list[Check]:
    """Return everything but pytest, in the order of running."""
    python = sys.executable
    manage = [python, "manage.py"]
    checks = [
        Check("ruff format", [python, "-m", "ruff", "format", "--check", "."], env),
        Check("ruff check", [python, "-m", "ruff", "check", "."], env),
        Check("mypy", [python, "-m", "mypy", "."], env),
        Check("import layers", [str(BIN / "lint-imports")], env),
        Check("migrations", [*manage, "makemigrations", "--check", "--dry-run"], env),
        Check(
            "deployment",
            [*manage, "check", "--deploy", "--fail-level", "WARNING"],
            dict(env) | production_environment(),
        ),
        *(Check(f"syntax of {file}", ["sh", "-n", file], env) for file in SHELL_FILES),
        Check("syntax of .ci/run", ["bash", "-n", ".ci/run"], env),
        Check("yamllint", [str(BIN / "yamllint"), "--strict", "."], env),
        Check("compose file", [str(BIN / "check-jsonschema"), *COMPOSE], env),
    ]
    if with_audit:
        pins = ["-r", "requirements.txt", "-r", "requirements-dev.txt"]
        audit = [python, "-m", "pip_audit", "--strict", "--disable-pip", "--require-hashes", *pins]
        checks.append(Check("known holes (not audited counts as failed)", audit, env))
    return checks


def production_environment() -> dict[str, str]:
    """Return what turns the settings into those of an installation behind HTTPS."""
    return {
        "DEBUG": "0",
        "BASE_URL": "https://crmgap.example",
        "ALLOWED_HOSTS": "crmgap.example",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "MASTER_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "MAIL_SINK_DIR": "",
        "SMTP_HOST": "smtp.crmgap.example",
        "MAIL_DOMAIN": "crmgap.example",
    }


def run_check(check: Check) -> bool:
    """Run one check, print its line, and its output when it failed; returns whether it succeeded."""
    began = time.monotonic()
    done = subprocess.run(
        check.argv,
        env=dict(check.env),
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    seconds = time.monotonic() - began
    line = f"{'ok    ' if done.returncode == 0 else 'FAILED'}  {check.name}  ({seconds:.1f} s)\n"
    shown = done.stdout.decode(errors="replace") if done.returncode else ""
    print(line + shown, end="", flush=True)
    return done.returncode == 0


def run_side_by_side(lanes: Sequence[Sequence[Check]]) -> list[str]:
    """Run the checks of each lane in turn, the lanes at the same time; returns the names of those that failed."""
    with ThreadPoolExecutor(len(lanes)) as pool:
        runs = [pool.submit(lambda lane: [run_check(check) for check in lane], lane) for lane in lanes]
        answers = [run.result() for run in runs]
    return [
        check.name
        for lane, succeeded in zip(lanes, answers, strict=True)
        for check, is_fine in zip(lane, succeeded, strict=True)
        if not is_fine
    ]


def pytest_arguments(options: argparse.Namespace, given: Sequence[str]) -> list[str]:
    """Return pytest's command line; a -n or -m of the caller comes later and wins."""
    wanted = {"long": options.long, "browser": not options.no_browser, "servers": not options.no_servers}
    left_out = [mark for mark, is_wanted in wanted.items() if not is_wanted]
    marks = ["-m", " and ".join(f"not {mark}" for mark in left_out)] if left_out else []
    return [sys.executable, "-m", "pytest", "-n", PROCESSES, "--dist", "loadgroup", *marks, *given]


def coverage_checks(env: Mapping[str, str]) -> list[Check]:
    """Return the runs that show every line and branch of the statistics to be tested by the project's own cases."""
    coverage = [sys.executable, "-m", "coverage"]
    quiet = ["-q", "-p", "no:cacheprovider"]
    return [
        Check(
            "statistics, with coverage",
            [*coverage, "run", "-m", "pytest", "tests/diagnosis/stats", *quiet],
            env,
        ),
        Check("every line and branch of the statistics", [*coverage, "report"], env),
    ]


def run_all(options: argparse.Namespace, given: Sequence[str]) -> int:
    """Run the checks and pytest; returns 0 only when all of them succeeded."""
    parts = native.test_parts(with_browser=not options.no_browser, with_servers=not options.no_servers)
    native.ensure(parts, CHECKOUT / "var" / "log" / "apt.log")
    with private_servers() as variables:
        env = os.environ | {"DJANGO_SETTINGS_MODULE": "crmgap_site.settings"} | variables
        failed = run_side_by_side([static_checks(env, with_audit=options.audit), coverage_checks(env)])
        if failed:
            print(f"\nFailed before pytest: {', '.join(failed)}.", flush=True)
        tests = subprocess.run(pytest_arguments(options, given), env=env, cwd=CHECKOUT, check=False)
    if options.no_browser:
        print("Left out: the browser tests (--no-browser).", flush=True)
    if options.no_servers:
        print("Left out: the run on the system's PostgreSQL and Redis (--no-servers).", flush=True)
    return 1 if failed else tests.returncode


def main() -> int:
    """Run ./test with the arguments of the command line."""
    try:
        return run_all(*read_options(sys.argv[1:]))
    except LaunchError as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
