"""The site app: every process that sets Django up knows the broker and how the reader's language writes numbers."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.formats import get_format

from charts.theme import ask_decimal_of


class SiteConfig(AppConfig):
    """Makes the Celery application the current one; without it messages would go to a broker that is not there."""

    name = "crmgap_site"

    def ready(self) -> None:
        """Load the Celery application; charts, which know no Django, ask here for the decimal sign."""
        import_module("crmgap_site.celery")
        ask_decimal_of(lambda: str(get_format("DECIMAL_SEPARATOR")))
