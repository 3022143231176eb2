"""The surveys app: names its jobs and what the sweep looks after."""

from django.apps import AppConfig


class SurveysConfig(AppConfig):
    """Registers mixing, sending and dates."""

    name = "surveys"

    def ready(self) -> None:
        """Name tasks and due sources."""
        from surveys import mixing_tasks, tasks

        mixing_tasks.register()
        tasks.register()
