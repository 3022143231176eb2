"""Restoring a backup: everything that could go wrong is asked first, then the database changes in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from crmgap_site import __version__
from crmgap_site.backup import archive as archives
from crmgap_site.backup import database, files, keys
from crmgap_site.backup.errors import BackupError
from crmgap_site.backup.manifest import Manifest
from crmgap_site.backup.programs import find_programs
from surveys.mail.restored import ask_about_unsent_mails


@dataclass(frozen=True)
class Restored:
    """What was restored; `mails` are those about which the next hop is asked before they are sent."""

    manifest: Manifest
    files_deleted: int
    mails: int


def restore_backup(path: Path, *, replaces: bool = False, accepts_other_key: bool = False) -> Restored:
    """Make database and stored files those of a backup; raises BackupError.

    Refused before anything is changed: a damaged archive, one of a newer version or PostgreSQL, one sealed with
    another master key, a database in use, and, without `replaces`, one that holds something.
    """
    connections.close_all()
    owner_database: dict[str, Any] = settings.DATABASES["owner"]
    with archives.checked_archive(path) as archive, database.owner_connection(owner_database) as owner:
        manifest = archive.manifest
        refuse_newer(manifest)
        if manifest.master_key != keys.master_fingerprint() and not accepts_other_key:
            raise BackupError(
                "The backup was sealed with another MASTER_KEY than this installation has. Nothing was changed. Set "
                "the MASTER_KEY of the installation that was backed up; with --accept-other-key its drafts, survey "
                "links and second factors stay closed for ever."
            )
        major = database.server_major(owner)
        refuse_older_server(manifest, major)
        refuse_content(owner, archive, replaces=replaces)
        database.refuse_other_sessions(owner)
        programs = find_programs(owner_database, major)
        files.restore_files(archive)
        with TemporaryDirectory(prefix="crmgap-restore-") as folder:
            dump = Path(folder) / archives.DATABASE
            with archive.open(archives.DATABASE) as source, dump.open("wb") as target:
                copyfileobj(source, target)
            database.load(programs, dump)
        require_same_counts(manifest.rows, database.count_rows(owner))
        deleted = files.delete_others(archive) if replaces else 0
    call_command("migrate", interactive=False, verbosity=0)
    return Restored(manifest, deleted, ask_about_unsent_mails(practice_ids(owner_database)))


def refuse_newer(manifest: Manifest) -> None:
    """Raise BackupError when the backup comes from a newer version or knows migrations that this one does not."""
    known = set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
    unknown = [f"{app}.{name}" for app, names in manifest.migrations.items() for name in names
               if (app, name) not in known]  # fmt: skip
    if version_key(manifest.version) > version_key(__version__) or unknown:
        raise BackupError(
            f"The backup is of version {manifest.version}, this is {__version__}"
            f"{f' and does not know {unknown[0]}' if unknown else ''}. Nothing was changed. "
            "Install the newer version first, then restore."
        )


def version_key(version: str) -> tuple[int, ...]:
    """Return the numbers of a version for comparing."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def refuse_older_server(manifest: Manifest, major: int) -> None:
    """Raise BackupError when the dump comes from a newer PostgreSQL than this server."""
    if manifest.server_major > major:
        raise BackupError(
            f"The backup comes from PostgreSQL {manifest.server_major}, this server is {major}. Nothing was changed. "
            f"Restore into PostgreSQL {manifest.server_major} or newer."
        )


def refuse_content(owner: Any, archive: archives.ArchiveReader, *, replaces: bool) -> None:
    """Raise BackupError when the restore would overwrite something that nobody gave up."""
    if replaces:
        return
    if database.holds_something(owner):
        raise BackupError(
            "The database is not empty. Nothing was changed. Restore into an empty one, or give its content up with "
            "--replace (make a backup of it first)."
        )
    differing = files.differing_keys(archive)
    if differing:
        raise BackupError(
            f"{len(differing)} stored files differ from the backup's, the first is {differing[0]}. Nothing was "
            "changed. Restore into an empty file storage, or give these up with --replace."
        )


def require_same_counts(wanted: dict[str, int], found: dict[str, int]) -> None:
    """Raise BackupError naming every table whose number of rows is not that of the manifest."""
    wrong: Sequence[str] = [
        f"{table}: {wanted.get(table, 0)} backed up, {found.get(table, 0)} restored"
        for table in sorted(wanted.keys() | found.keys())
        if wanted.get(table) != found.get(table)
    ]
    if wrong:
        raise BackupError(f"The restored database differs from the backup. {'; '.join(wrong)}.")


def practice_ids(owner_database: dict[str, Any]) -> list[Any]:
    """Return the ids of all practices of the restored database."""
    with database.owner_connection(owner_database) as owner:
        return [found for (found,) in owner.execute("SELECT id FROM practice_practice")]
