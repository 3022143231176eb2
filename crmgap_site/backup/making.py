"""Making a backup: database and files into one archive, at one moment, while the site goes on working."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

from crmgap_site import __version__
from crmgap_site.backup import archive as archives
from crmgap_site.backup import database, files, keys
from crmgap_site.backup.errors import BackupError
from crmgap_site.backup.manifest import Manifest
from crmgap_site.backup.programs import find_programs


def archive_path(target: str, now: datetime) -> Path:
    """Return the file to write: the one named, or `crmgap-<UTC time>.tar` in the folder named."""
    path = Path(target).absolute()
    if path.is_dir() or target.endswith("/"):
        path.mkdir(parents=True, exist_ok=True)
        return path / f"crmgap-{now:%Y%m%d-%H%M%S}.tar"
    if not path.parent.is_dir():
        raise BackupError(f"The folder {path.parent} does not exist. Nothing was written.")
    return path


def make_backup(target: str, *, with_keys: bool = False) -> tuple[Path, Manifest]:
    """Write a backup and return its path and manifest; raises BackupError and leaves nothing behind.

    The dump comes first and files are never changed in place, so every file that a dumped row names is there.
    """
    now = datetime.now(UTC)
    path = archive_path(target, now)
    owner_database: dict[str, Any] = settings.DATABASES["owner"]
    with (
        database.owner_connection(owner_database) as owner,
        database.frozen_snapshot(owner) as snapshot,
        archives.new_archive(path) as archive,
        TemporaryDirectory(prefix=".crmgap-backup-", dir=path.parent) as folder,
    ):
        database.require_all_visible(owner)
        major = database.server_major(owner)
        dump = Path(folder) / archives.DATABASE
        database.dump(find_programs(owner_database, major), snapshot, dump)
        with dump.open("rb") as file:
            archive.add(archives.DATABASE, file, dump.stat().st_size)
        files.add_files(archive)
        if with_keys:
            add_keys(archive, Path(folder) / archives.KEYS)
        missing = database.named_files(owner) - {
            name.removeprefix(archives.FILES) for name in archive.members
        }
        manifest = Manifest(
            version=__version__,
            made_at=now.isoformat(timespec="seconds"),
            server_major=major,
            master_key=keys.master_fingerprint(),
            migrations=database.applied_migrations(owner),
            rows=database.count_rows(owner),
            missing=sorted(missing),
        )
        return path, archive.finish(manifest)


def add_keys(archive: archives.ArchiveWriter, draft: Path) -> None:
    """Add the installation's keys to the archive."""
    draft.touch(mode=0o600)
    draft.write_bytes(keys.own_keys().to_bytes())
    with draft.open("rb") as file:
        archive.add(archives.KEYS, file, draft.stat().st_size)
