"""The reports app: names its kind of job."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Registers the rendering of reports."""

    name = "reports"

    def ready(self) -> None:
        """Name the task that makes a report."""
        from practice import jobs
        from practice.enums import Queue

        jobs.register_kind("report", task_name="reports.tasks.make_report", queue=Queue.RENDER)
