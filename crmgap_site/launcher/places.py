"""Where everything lives: var/ of the checkout, the servers' data, a socket folder with a short path."""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from crmgap_site.launcher.accounts import Account, server_account
from crmgap_site.launcher.errors import LaunchError

CHECKOUT = Path(__file__).resolve().parents[2]
SOCKET_PATH_LIMIT = 103  # sun_path: 108 bytes with its end on Linux, 104 on macOS
LONGEST_SOCKET = "/.s.PGSQL.5432"
SHARED_HOME = Path("/var/lib/crmgap")


@dataclass(frozen=True)
class Places:
    """The folders of one installation; `servers` is the part that the server account owns."""

    var: Path
    servers: Path
    sockets: Path
    account: Account

    @property
    def log(self) -> Path:
        """Folder of the log files."""
        return self.var / "log"

    @property
    def run(self) -> Path:
        """Folder of the lock and of the records of started processes."""
        return self.var / "run"

    @property
    def secrets(self) -> Path:
        """Folder of the generated keys (0700)."""
        return self.var / "secrets"

    @property
    def mail(self) -> Path:
        """Folder of the recorded mails."""
        return self.var / "mail"


def prepare_places(var: Path | None = None, account: Account | None = None) -> Places:
    """Create and return the folders; raises LaunchError when one cannot be made safely.

    The servers' data lies in `var`, or, when the server account cannot reach that (a checkout under /root),
    in a folder of its own in /var/lib/crmgap; then the file `var/data-location` says where.
    """
    var = (var or Path(os.environ.get("VAR_DIR") or CHECKOUT / "var")).resolve()
    account = account or server_account()
    try:
        var.mkdir(parents=True, exist_ok=True)
        for name in ("log", "run", "secrets", "mail", "media"):
            (var / name).mkdir(exist_ok=True)
            (var / name).chmod(0o700)
    except OSError as error:
        raise LaunchError(f"The folder {var} cannot be written: {error.strerror}.") from error
    servers = _servers_folder(var, account)
    sockets = socket_folder(servers, account)
    return Places(var=var, servers=servers, sockets=sockets, account=account)


def short_name(path: Path) -> str:
    """Return eight hex digits that stand for a path, for folders outside the checkout."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]


def _servers_folder(var: Path, account: Account) -> Path:
    servers = var / "servers"
    pointer = var / "data-location"
    if not pointer.exists():
        account.own_folder(servers)
        if account.can_enter(servers):
            return servers
        servers.rmdir()
    if pointer.exists():
        elsewhere = Path(pointer.read_text().strip())
    else:  # a name of its own: a checkout made anew in the same place must not find the data of the one before
        open_folder(SHARED_HOME)
        elsewhere = Path(tempfile.mkdtemp(prefix=f"{short_name(var)}-", dir=SHARED_HOME))
    account.own_folder(elsewhere)
    if not account.can_enter(elsewhere):
        raise LaunchError(f"The account {account.name} can reach neither {var} nor {elsewhere}.")
    pointer.write_text(f"{elsewhere}\n")
    return elsewhere


def open_folder(folder: Path) -> None:
    """Create a folder that every account may enter, whatever the umask says."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)


def is_same_file(one: Path, other: Path) -> bool:
    """Tell whether a file is an unchanged copy of another: same size, same time."""
    if not other.exists():
        return False
    first, second = one.stat(), other.stat()
    return (first.st_size, first.st_mtime_ns) == (second.st_size, second.st_mtime_ns)


def socket_folder(servers: Path, account: Account) -> Path:
    """Return a private folder (0700) whose sockets have a short path: in `servers`, or a temporary one."""
    sockets = servers / "sockets"
    if len(os.fsencode(sockets)) + len(LONGEST_SOCKET) <= SOCKET_PATH_LIMIT:
        account.own_folder(sockets)
        return sockets
    sockets = Path(tempfile.gettempdir()) / f"crmgap-{account.uid}-{short_name(servers)}"
    if len(os.fsencode(sockets)) + len(LONGEST_SOCKET) > SOCKET_PATH_LIMIT:
        sockets = Path("/tmp") / sockets.name  # noqa: S108 - made 0700 below and checked for its owner
    make_private(sockets, account)
    return sockets


def make_private(folder: Path, account: Account) -> None:
    """Create a folder of mode 0700 in a place that others can write to; refuses one that is not ours."""
    try:
        folder.mkdir(mode=0o700)
        if account.switches:
            os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    except FileExistsError:
        pass
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or stat.S_IMODE(found.st_mode) != 0o700:
        raise LaunchError(
            f"{folder} exists but is no private folder of the account {account.name}. Remove it, start again."
        )
