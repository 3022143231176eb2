"""The keys inside a backup made with `--with-keys`, readable without settings."""

import json
from dataclasses import dataclass

from crmgap_site.backup.errors import BackupError


@dataclass(frozen=True)
class Keys:
    """SECRET_KEY signs cookies and links; MASTER_KEY opens what is sealed in the database."""

    secret_key: str
    master_key: str

    def to_bytes(self) -> bytes:
        """Return the keys as JSON, named like their variables."""
        return json.dumps({"SECRET_KEY": self.secret_key, "MASTER_KEY": self.master_key}, indent=1).encode()


def read_keys(content: bytes) -> Keys:
    """Return the keys of a backup; raises BackupError when they cannot be read."""
    try:
        found = json.loads(content)
        return Keys(str(found["SECRET_KEY"]), str(found["MASTER_KEY"]))
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError("The backup's keys cannot be read.") from error
