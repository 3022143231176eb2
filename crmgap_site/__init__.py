"""The composition root: settings, routes and the Celery application; imported by no other room."""

from crmgap_site.celery import app as celery_app

__all__ = ("celery_app",)
