"""The site app: every process that sets Django up knows the broker, so that a page can wake a worker."""

from importlib import import_module

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Makes the Celery application the current one; without it messages would go to a broker that is not there."""

    name = "crmgap_site"

    def ready(self) -> None:
        """Load the Celery application."""
        import_module("crmgap_site.celery")
