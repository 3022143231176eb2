"""What a backup says about itself: where it comes from, how many rows per table, the hash of every member."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from crmgap_site.backup.errors import BackupError

FORMAT = 1
PRODUCT = "crmgap"


@dataclass(frozen=True)
class Member:
    """One file of the archive: SHA-256 in hex and size in bytes."""

    sha256: str
    n_bytes: int


@dataclass(frozen=True)
class Manifest:
    """`migrations` holds names per app, `rows` counts per table, `missing` files that rows name but were not there."""

    version: str
    made_at: str
    server_major: int
    master_key: str
    migrations: dict[str, list[str]]
    rows: dict[str, int]
    members: dict[str, Member] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    format: int = FORMAT
    product: str = PRODUCT

    @property
    def n_files(self) -> int:
        """Number of stored files in the archive."""
        return sum(name.startswith("files/") for name in self.members)

    def to_bytes(self) -> bytes:
        """Return the manifest as JSON."""
        return json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False).encode()


def read_manifest(content: bytes) -> Manifest:
    """Return the manifest; raises BackupError when it is none of ours or from a newer format."""
    try:
        found: dict[str, Any] = json.loads(content)
        if found["product"] != PRODUCT:
            raise BackupError("The file is no backup of CRMGap.")
        if found["format"] > FORMAT:
            raise BackupError(
                f"The backup has format {found['format']}, this version reads up to {FORMAT}. "
                "Nothing was changed. Install the newer version first."
            )
        found["members"] = {name: Member(**member) for name, member in found["members"].items()}
        return Manifest(**found)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupError("The backup is damaged: its manifest cannot be read.") from error
