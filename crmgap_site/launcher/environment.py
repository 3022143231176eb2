"""What the site's processes see: .env, the caller's variables, generated keys, ports."""

import base64
import os
import re
import secrets
import socket
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from urllib.parse import urlsplit

from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.places import Places

DEFAULT_PORT, DEFAULT_SINK_PORT, SINK_PORTS = 8000, 1025, 5000
PORTS_TRIED = 100
LOCAL_HOSTS = "localhost,127.0.0.1,[::1]"
LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)")
SCHEMES = {
    "DATABASE_URL": {"postgresql", "postgres"},
    "DATABASE_OWNER_URL": {"postgresql", "postgres"},
    "REDIS_URL": {"redis", "rediss", "unix"},
    "BASE_URL": {"http", "https"},
}


def read_env_file(path: Path, environ: MutableMapping[str, str]) -> None:
    """Set the variables of a .env file that the environment does not set; empty values count as not set."""
    if not path.exists():
        return
    for number, raw in enumerate(path.read_text().splitlines(), start=1):
        text = raw.strip()
        if not text or text.startswith("#"):
            continue
        line = LINE.fullmatch(text)
        if line is None:
            raise LaunchError(f"{path.name}, line {number}, is not NAME=value.")
        value = line.group(2).strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        if value:
            environ.setdefault(line.group(1), value)


def check_values(environ: Mapping[str, str]) -> None:
    """Refuse values that cannot work before anything is started; raises LaunchError with one line."""
    for name, schemes in SCHEMES.items():
        value = environ.get(name)
        if value and urlsplit(value).scheme not in schemes:
            raise LaunchError(f"{name} must be a URL that starts with {' or '.join(sorted(schemes))}://.")
    if environ.get("DATABASE_URL") and not environ.get("DATABASE_OWNER_URL"):
        raise LaunchError(
            "DATABASE_URL is set, so DATABASE_OWNER_URL (the role that migrates) must be set too; "
            "`python -m crmgap_site.launcher.roles` prints the SQL that makes both roles."
        )
    if environ.get("DATABASE_OWNER_URL") and not environ.get("DATABASE_URL"):
        raise LaunchError("DATABASE_OWNER_URL is set without DATABASE_URL. Set both or neither.")


def read_count(environ: Mapping[str, str], name: str, default: int, maximum: int) -> int:
    """Return a whole number from 1 to the maximum; raises LaunchError."""
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= maximum:
        raise LaunchError(f"{name}={text!r} must be a whole number from 1 to {maximum}.")
    return int(text)


def is_free(port: int, address: str = "127.0.0.1") -> bool:
    """Tell whether a server could listen on the port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.create_server((address, port), family=family):
            return True
    except OSError:
        return False


def choose_port(wanted: int, address: str = "127.0.0.1") -> int:
    """Return the wanted port, or the next free one; raises LaunchError when the next hundred are taken."""
    for port in range(wanted, min(wanted + PORTS_TRIED, 65536)):
        if is_free(port, address):
            return port
    raise LaunchError(
        f"None of the ports {wanted} to {wanted + PORTS_TRIED - 1} is free. Choose one with --port."
    )


def sink_port_beside(port: int) -> int:
    """Return where the recording mail server looks first: products on different ports that start at once never meet."""
    return DEFAULT_SINK_PORT + (port - DEFAULT_PORT) % SINK_PORTS


def read_key(path: Path, fresh: str) -> str:
    """Return the key in the file (0600); a missing file is made from the fresh one, whole or not at all."""
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(f"{fresh}\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    return path.read_text().strip()


def read_keys(places: Places) -> dict[str, str]:
    """Return SECRET_KEY and MASTER_KEY of this installation, generated once."""
    master = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return {
        "SECRET_KEY": read_key(places.secrets / "secret-key", secrets.token_urlsafe(50)),
        "MASTER_KEY": read_key(places.secrets / "master-key", master),
    }


def has_own_mail_server(environ: Mapping[str, str]) -> bool:
    """Tell whether the operator names an SMTP server; without one the recording sink is started."""
    return bool(environ.get("SMTP_HOST"))


def site_environment(places: Places, environ: Mapping[str, str], port: int) -> dict[str, str]:
    """Return the whole environment of the site's processes; what the caller set wins over every default."""
    base_url = environ.get("BASE_URL") or f"http://localhost:{port}"
    host = urlsplit(base_url).hostname or "localhost"
    known = LOCAL_HOSTS.split(",")
    defaults = {
        **read_keys(places),
        "BASE_URL": base_url,
        "ALLOWED_HOSTS": ",".join(known if host in known else [*known, host]),
        "DJANGO_SETTINGS_MODULE": "crmgap_site.settings",
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    given = {name: value for name, value in environ.items() if value}
    fixed = {"PORT": str(port), "VAR_DIR": str(places.var)}
    if not has_own_mail_server(environ):
        defaults["MAIL_SINK_DIR"] = str(places.mail)
        fixed |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(choose_port(sink_port_beside(port)))}
    return defaults | given | fixed
