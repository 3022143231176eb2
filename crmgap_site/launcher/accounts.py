"""The account of the embedded servers: the caller's own, or an unprivileged one when the caller is root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from crmgap_site.launcher.errors import LaunchError

UNPRIVILEGED = ("postgres", "nobody")


class Switch(TypedDict, total=False):
    """Keyword arguments of `subprocess.Popen` that drop root before the program starts."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """A user of this machine; `switches` says whether processes must change to it (only root does)."""

    name: str
    uid: int
    gid: int
    switches: bool

    def switch(self) -> Switch:
        """Return the Popen arguments that change to this account, empty when it is the caller's own."""
        if not self.switches:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, folder: Path) -> bool:
        """Tell whether this account can reach the folder, by letting it try."""
        return self._tries('cd "$1"', folder)

    def can_run(self, program: Path) -> bool:
        """Tell whether this account can reach and execute the program file."""
        return self._tries('test -x "$1"', program)

    def own_folder(self, folder: Path) -> None:
        """Create the folder if missing and make it private to this account (0700)."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.switches:
            os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)

    def _tries(self, script: str, path: Path) -> bool:
        done = subprocess.run(
            ["/bin/sh", "-c", script, "sh", str(path)],
            cwd="/",
            env={"PATH": os.defpath},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            **self.switch(),
        )
        return done.returncode == 0


def server_account() -> Account:
    """Return the account for PostgreSQL and Valkey; raises LaunchError when root finds none to use."""
    if os.geteuid() != 0:
        return Account(name=str(os.geteuid()), uid=os.geteuid(), gid=os.getegid(), switches=False)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid, switches=True)
    raise LaunchError(
        "The servers never run as root, and this machine has neither a user 'postgres' nor 'nobody'. "
        "Create one, or start as a normal user."
    )
