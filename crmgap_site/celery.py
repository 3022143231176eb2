"""The Celery application: messages only wake workers, the job and delivery rows are the truth."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crmgap_site.settings")

app = Celery("crmgap")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
