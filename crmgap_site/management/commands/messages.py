"""Brings the catalogues up to date with the sources: new texts come in empty, unused ones go, all are compiled."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from crmgap_site.catalogue.checks import catalogue_problems, po_path, renewed
from crmgap_site.catalogue.files import compile_mo, read_po, write_po
from crmgap_site.catalogue.sources import messages_in

COMMENT = "{language}: the product's own texts. `manage.py messages` keeps the msgids up to date."


class Command(BaseCommand):
    """Renews .po and .mo files; lists what is still to be translated."""

    help = "Renew the message catalogues from the sources, compile them, and list what is not translated."

    def handle(self, *args: Any, **options: Any) -> None:
        """Renew each language but English, which only holds other words for texts of libraries."""
        locale = settings.LOCALE_PATHS[0]
        messages = messages_in(settings.BASE_DIR)
        for language, _name in settings.LANGUAGES:
            path = po_path(locale, language)
            header, entries = read_po(path.read_text(encoding="utf-8"))
            if language != settings.LANGUAGE_CODE:
                entries = renewed(messages, entries)
                path.write_text(
                    write_po(header, entries, comment=COMMENT.format(language=language)), encoding="utf-8"
                )
                for problem in catalogue_problems(messages.values(), entries):
                    self.stdout.write(f"{language}: {problem}")
            path.with_suffix(".mo").write_bytes(compile_mo(header, entries))
