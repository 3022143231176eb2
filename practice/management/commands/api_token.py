"""`manage.py api_token E-MAIL --practice SLUG` prints a new API token of that member, once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from practice import lookups, services
from practice.exceptions import CrmgapError
from practice.models import Member, User
from practice.scope import practice_scope
from practice.token_scopes import ALL_SCOPES


class Command(BaseCommand):
    """Make an API token from the command line."""

    help = "Print a new API token of a member; it is shown once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the person, the practice and the token's name."""
        parser.add_argument("email")
        parser.add_argument("--practice", help="slug; needed when the person belongs to several")
        parser.add_argument("--name", default="command line")
        parser.add_argument("--days", type=int, default=services.TOKEN_DAYS, help="how long it is valid")
        parser.add_argument(
            "--scope",
            action="append",
            dest="scopes",
            choices=ALL_SCOPES,
            metavar="SCOPE",
            help=f"what it may do; may be given several times, all without it: {', '.join(ALL_SCOPES)}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the token in the practice's scope and print it."""
        user = User.objects.filter(email=options["email"].strip().lower()).first()
        found = lookups.practices_of_user(user.pk) if user else []
        if options["practice"]:
            found = [practice for practice in found if practice.slug == options["practice"]]
        if len(found) != 1:
            names = ", ".join(practice.slug for practice in found) or "none"
            raise CommandError(f"Name one practice of this person with --practice. Found: {names}.")
        with practice_scope(found[0].practice_id):
            member = Member.objects.select_related("user").get(pk=found[0].member_id)
            try:
                _token, secret = services.create_api_token(
                    member=member,
                    name=options["name"],
                    actor=member,
                    days=options["days"],
                    scopes=options["scopes"] or ALL_SCOPES,
                )
            except CrmgapError as error:
                raise CommandError(" ".join([error.message, *error.fields.values()])) from error
        self.stdout.write(secret)
