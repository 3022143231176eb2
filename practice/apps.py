"""The practice app: refuses database roles that could look over wall 2."""

from django.apps import AppConfig


class PracticeConfig(AppConfig):
    """Connects the role check to every new connection of the app role."""

    name = "practice"

    def ready(self) -> None:
        """Register checks and the connection guard."""
        from django.db.backends.signals import connection_created

        from practice import checks
        from practice.api import schema  # noqa: F401  registers the token scheme of the OpenAPI document

        connection_created.connect(checks.refuse_powerful_role, dispatch_uid="practice.refuse_powerful_role")
