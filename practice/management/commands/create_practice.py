"""`manage.py create_practice NAME E-MAIL` founds a practice; a new person gets a password typed or CRMGAP_PASSWORD."""

import getpass
import os
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from practice import services
from practice.models import User


class Command(BaseCommand):
    """Found the first practice of an installation, or another one."""

    help = "Found a practice with its owner; the owner may be a new or a known person."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the practice's name and the owner's address."""
        parser.add_argument("name")
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the person if needed and found the practice."""
        email = options["email"].strip().lower()
        user = User.objects.filter(email=email).first()
        try:
            validate_email(email)
            if user is None:
                password = os.environ.get("CRMGAP_PASSWORD") or getpass.getpass("Password of the owner: ")
                validate_password(password)
                user = User.objects.create_user(email, password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        owner = services.create_practice(name=options["name"], founder=user)
        self.stdout.write(f"Practice {owner.practice.name} ({owner.practice.slug}) belongs to {email}.")
