"""`manage.py restore FILE` makes database and stored files those of a backup, or changes nothing."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crmgap_site.backup.errors import BackupError
from crmgap_site.backup.restoring import restore_backup


class Command(BaseCommand):
    """Restore a backup while web processes and workers are stopped."""

    help = "Restore a backup made by `backup`. Only restore archives that you made yourself: they hold SQL."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the archive and what may be given up."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="give up what the database and files hold")
        parser.add_argument(
            "--accept-other-key", action="store_true", help="restore although MASTER_KEY is another one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore and say what is there now."""
        try:
            done = restore_backup(
                options["file"], replaces=options["replace"], accepts_other_key=options["accept_other_key"]
            )
        except BackupError as error:
            raise CommandError(str(error)) from error
        rows = sum(done.manifest.rows.values())
        self.stdout.write(
            f"Restored the backup of {done.manifest.made_at}: {rows} rows in {len(done.manifest.rows)} tables "
            f"(counted, equal), {done.manifest.n_files} files."
        )
        if done.files_deleted:
            self.stdout.write(f"{done.files_deleted} files that the backup does not hold were deleted.")
        if done.mails:
            self.stdout.write(
                f"{done.mails} mails may have left after the backup: the mail server is asked before they are sent."
            )
        for key in done.manifest.missing:
            self.stderr.write(f"Missing: {key} was not stored any more when the backup was made.")
