"""`manage.py create_sample`: create the sample engagement with both documents, or finish an interrupted one."""

from typing import Any

from django.core.management.base import BaseCommand

from crmgap_site.sample.account import sign_in_file
from crmgap_site.sample.creation import create_sample


class Command(BaseCommand):
    """Creates the sample practice, once; prints the seconds of each part, never the password."""

    help = "Create the sample practice with a drawn company, a diagnosis, a plan and both documents."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create what is missing."""
        is_new = create_sample(self.stdout.write)
        word = "created" if is_new else "was there already"
        self.stdout.write(f"The sample {word}; the sign-in is in {sign_in_file()}.")
