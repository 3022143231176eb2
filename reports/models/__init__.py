"""Tables of the reports room."""

from reports.models.report import Report

__all__ = ["Report"]
