"""`./start --backup` and `./start --restore`: the two commands with a database that need not be up yet."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

from crmgap_site.backup.archive import KEYS
from crmgap_site.backup.errors import BackupError
from crmgap_site.backup.keyfile import Keys, read_keys
from crmgap_site.launcher.environment import DEFAULT_PORT, site_environment
from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.places import CHECKOUT, Places
from crmgap_site.launcher.postgres import Postgres
from crmgap_site.launcher.processes import Supervisor


def start_database(places: Places, supervisor: Supervisor, environ: Mapping[str, str]) -> dict[str, str]:
    """Start the embedded PostgreSQL unless DATABASE_URL names one; returns the environment of the commands."""
    found: dict[str, str] = {}
    if not environ.get("DATABASE_URL"):
        postgres = Postgres(places)
        postgres.start(supervisor)
        found = postgres.environment()
    return site_environment(places, dict(environ) | found, DEFAULT_PORT)


def manage(env: Mapping[str, str], *arguments: str) -> int:
    """Run a command of Django in the foreground and return its exit code."""
    argv = [sys.executable, "manage.py", *arguments]
    return subprocess.run(argv, cwd=CHECKOUT, env=dict(env), check=False).returncode


def back_up(env: Mapping[str, str], target: str, *, with_keys: bool) -> int:
    """Write a backup; returns the command's exit code."""
    return manage(env, "backup", target, *(["--with-keys"] if with_keys else []))


def restore(places: Places, env: Mapping[str, str], file: Path, flags: list[str], keys: Keys | None) -> int:
    """Restore with the backup's own keys when they are given, and keep these keys once it has succeeded."""
    own = {"SECRET_KEY": keys.secret_key, "MASTER_KEY": keys.master_key} if keys else {}
    code = manage(dict(env) | own, "restore", str(file), *flags)
    if code == 0 and keys:
        for name, text in (("secret-key", keys.secret_key), ("master-key", keys.master_key)):
            keep_key(places.secrets / name, text)
    return code


def keep_key(path: Path, text: str) -> None:
    """Write a key (0600); the one that was there before stays beside it."""
    if path.exists() and path.read_text().strip() != text:
        path.replace(path.with_suffix(".before-restore"))
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"{text}\n")
    draft.replace(path)


def usable_keys(places: Places, environ: Mapping[str, str], file: Path, *, replaces: bool) -> Keys | None:
    """Return the keys of a backup made with --with-keys where this installation may take them over.

    It may when the operator sets no key, and there is none yet or its content is given up anyway.
    """
    is_set = bool(environ.get("MASTER_KEY") or environ.get("SECRET_KEY"))
    if is_set or ((places.secrets / "master-key").exists() and not replaces):
        return None
    try:
        with tarfile.open(file, mode="r:") as tar:
            member = tar.extractfile(KEYS)
            return read_keys(member.read()) if member else None
    except KeyError:
        return None
    except (tarfile.TarError, OSError) as error:
        raise LaunchError(f"{file} is damaged or no backup: {error}. Nothing was changed.") from error
    except BackupError as error:
        raise LaunchError(str(error)) from error
