"""`migrate` runs as the owner role unless another database is named: the app role cannot change tables."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands.migrate import Command as MigrateCommand


class Command(MigrateCommand):
    """Django's command with the owner connection as its default."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Take Django's arguments, with another default database."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate as the owner."""
        super().handle(*args, **options)
