"""`./start manage COMMAND`: Django's commands with the environment of the running site."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from crmgap_site.launcher.environment import read_keys
from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.places import CHECKOUT, Places, prepare_places

FOUND_BY_LAUNCHER = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "BASE_URL",
    "ALLOWED_HOSTS",
    "MAIL_SINK_DIR",
    "SMTP_HOST",
    "SMTP_PORT",
    "PORT",
)


def write_site_file(places: Places, env: Mapping[str, str]) -> None:
    """Write what the launcher found out itself, not what the operator has set (it may hold passwords)."""
    found = {name: env[name] for name in FOUND_BY_LAUNCHER if name in env and not os.environ.get(name)}
    path = places.run / "site.env"
    path.write_text(json.dumps(found, indent=1))
    path.chmod(0o600)


def run_manage(arguments: Sequence[str]) -> int:
    """Run manage.py against the running site and return its exit code."""
    places = prepare_places()
    path = places.run / "site.env"
    if not path.exists():
        raise LaunchError("The site has not been started from this folder yet. Run ./start first.")
    found = json.loads(path.read_text())
    env = {**read_keys(places), "VAR_DIR": str(places.var), **found, **os.environ}
    done = subprocess.run([sys.executable, "manage.py", *arguments], cwd=CHECKOUT, env=env, check=False)
    return done.returncode
