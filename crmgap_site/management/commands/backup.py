"""`manage.py backup FOLDER_OR_FILE` writes database, stored files and a manifest into one archive."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crmgap_site.backup.errors import BackupError
from crmgap_site.backup.making import make_backup


class Command(BaseCommand):
    """Make a backup while the site works, or while it is stopped."""

    help = "Write a backup of database and stored files. It holds personal data: store it encrypted."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the target and whether the keys go with it."""
        parser.add_argument("target", help="a new file, or a folder in which one is made")
        parser.add_argument(
            "--with-keys", action="store_true", help="put SECRET_KEY and MASTER_KEY into the archive"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the backup and say what it holds."""
        try:
            path, manifest = make_backup(options["target"], with_keys=options["with_keys"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        rows = sum(manifest.rows.values())
        self.stdout.write(
            f"{path}: {rows} rows in {len(manifest.rows)} tables, {manifest.n_files} files, "
            f"{path.stat().st_size / 1e6:.1f} MB."
        )
        for key in manifest.missing:
            self.stderr.write(f"Missing: {key} is named in the database but not stored.")
        if not options["with_keys"]:
            self.stdout.write("The keys are not in it: keep a copy of MASTER_KEY elsewhere.")
