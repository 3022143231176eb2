"""Parts of the system that no wheel brings: Pango, fonts, and for the tests Chromium, poppler and the system's servers.

`python -m crmgap_site.launcher.native [--tests] [--no-browser] [--no-servers]` installs or names what is missing.
"""

import argparse
import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.postgres import OLDEST_MAJOR, read_major, system_binaries
from crmgap_site.launcher.valkey import OLDEST_REDIS, read_redis_major, system_server

FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "~/Library/Fonts", "~/.fonts")
LIBRARY_FOLDERS = ("", "/opt/homebrew/lib/", "/usr/local/lib/")
APT_SECONDS = 900


@dataclass(frozen=True)
class Part:
    """One part: its Debian package, its Homebrew formula, and how to see whether it is there."""

    debian: str
    brew: str
    is_present: Callable[[], bool]


def has_library(name: str, version: str) -> bool:
    """Tell whether the shared library can be loaded."""
    file = f"lib{name}.{version}.dylib" if sys.platform == "darwin" else f"lib{name}.so.{version}"
    for folder in LIBRARY_FOLDERS:
        try:
            ctypes.CDLL(folder + file)
        except OSError:
            continue
        return True
    return False


def has_font(family: str) -> bool:
    """Tell whether a font family is installed: asks fontconfig, or looks for its files."""
    if shutil.which("fc-list"):
        done = subprocess.run(["fc-list", ":", "family"], capture_output=True, text=True, check=False)
        names = (name.strip() for line in done.stdout.splitlines() for name in line.split(","))
        return any(name.startswith(family) for name in names)
    pattern = family.replace(" ", "")
    return any(
        next(Path(folder).expanduser().rglob(f"{pattern}*.[ot]t[fc]"), None) is not None
        for folder in FONT_FOLDERS
    )


def has_program(*names: str) -> bool:
    """Tell whether one of the programs is on PATH."""
    return any(shutil.which(name) for name in names)


def has_system_postgres() -> bool:
    """Tell whether the system, not the virtual environment, has a PostgreSQL that is new enough."""
    return any((read_major(folder) or 0) >= OLDEST_MAJOR for folder in system_binaries())


def has_system_redis() -> bool:
    """Tell whether the system has a Redis or Valkey that is new enough."""
    server = system_server()
    return server is not None and (read_redis_major(server) or 0) >= OLDEST_REDIS


RUN_PARTS = (
    Part("libpango-1.0-0", "pango", partial(has_library, "pango-1.0", "0")),
    Part("libpangoft2-1.0-0", "pango", partial(has_library, "pangoft2-1.0", "0")),
    Part("libharfbuzz-subset0", "harfbuzz", partial(has_library, "harfbuzz-subset", "0")),
    Part("fonts-noto-core", "font-noto-sans", partial(has_font, "Noto Sans")),
    Part("fonts-noto-cjk", "font-noto-sans-cjk", partial(has_font, "Noto Sans CJK")),
)
PDF_PARTS = (Part("poppler-utils", "poppler", partial(has_program, "pdftotext")),)
SERVER_PARTS = (
    Part("postgresql", "postgresql", has_system_postgres),
    Part("redis-server", "redis", has_system_redis),
)
BROWSER_PARTS = (Part("chromium", "chromium", partial(has_program, "chromium", "chromium-browser")),)


def missing_parts(parts: Sequence[Part]) -> list[Part]:
    """Return the parts that are not on this machine."""
    return [part for part in parts if not part.is_present()]


def mending_line(missing: Sequence[Part]) -> str:
    """Return the one line that says what is missing and which command installs it."""
    if sys.platform == "darwin":
        names = " ".join(dict.fromkeys(part.brew for part in missing))
        return f"Missing on this machine: {names}. Install with: brew install {names}"
    names = " ".join(part.debian for part in missing)
    if shutil.which("apt-get"):
        return f"Missing on this machine: {names}. Install with: sudo apt-get install {names}"
    return (
        f"Missing on this machine (Debian's names): {names}. Install them with your system's package manager."
    )


def ensure(parts: Sequence[Part], log: Path) -> None:
    """Install what is missing (as root, with apt-get), else raise LaunchError with the mending line."""
    missing = missing_parts(parts)
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise LaunchError(mending_line(missing))
    print(f"Installing {' '.join(part.debian for part in missing)} ...", flush=True)
    install(missing, log)
    still = missing_parts(parts)
    if still:
        raise LaunchError(f"{mending_line(still)} (what apt-get said: {log})")


def install(parts: Sequence[Part], log: Path) -> None:
    """Run apt-get update and install, output in the log; a failure shows as a part still missing."""
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install_command = ["apt-get", "install", "-y", "-q", "--no-install-recommends"]
    with no_service_starts(), log.open("ab") as file:
        for command in (["apt-get", "update", "-q"], [*install_command, *(part.debian for part in parts)]):
            subprocess.run(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                timeout=APT_SECONDS,
                check=False,
            )


@contextmanager
def no_service_starts(policy: Path = Path("/usr/sbin/policy-rc.d")) -> Iterator[None]:
    """Keep Debian from starting the services of the packages that are installed meanwhile."""
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink(missing_ok=True)


def test_parts(*, with_browser: bool, with_servers: bool) -> tuple[Part, ...]:
    """Return what the tests need on top."""
    browser = BROWSER_PARTS if with_browser else ()
    return RUN_PARTS + PDF_PARTS + browser + (SERVER_PARTS if with_servers else ())


def main() -> int:
    """Install or name what is missing."""
    parser = argparse.ArgumentParser(description="Install or name the missing parts of the system.")
    parser.add_argument("--tests", action="store_true", help="also what ./test needs")
    parser.add_argument("--no-browser", action="store_true", help="leave Chromium out")
    parser.add_argument("--no-servers", action="store_true", help="leave PostgreSQL and Redis out")
    options = parser.parse_args()
    wanted = test_parts(with_browser=not options.no_browser, with_servers=not options.no_servers)
    parts = wanted if options.tests else RUN_PARTS
    try:
        ensure(parts, Path("var/log/apt.log"))
    except LaunchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
