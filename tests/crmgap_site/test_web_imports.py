"""The web process starts light, without scipy or scikit-learn, and knows the broker that the workers listen to."""

import os
import subprocess
import sys

HEAVY = ("scipy", "sklearn")
LOAD = """
import importlib, sys
from crmgap_site.wsgi import application
from django.conf import settings
from django.urls import get_resolver
importlib.import_module(settings.ROOT_URLCONF)
assert get_resolver().url_patterns
print(sorted({name.split(".")[0] for name in sys.modules}))
"""
WAKE = """
import uuid
from crmgap_site.wsgi import application
from practice import jobs
assert jobs.send(jobs.Wake("surveys.tasks.send_deliveries", uuid.uuid4(), uuid.uuid4(), "test-of-waking"))
from celery import current_app
with current_app.connection_for_read() as broker:
    with broker.SimpleQueue("test-of-waking") as queue:
        print(queue.get(block=True, timeout=5).headers["task"])
"""


def test_the_web_process_imports_neither_scipy_nor_scikit_learn() -> None:
    found = subprocess.run(
        [sys.executable, "-c", LOAD], env=os.environ, capture_output=True, text=True, check=True
    )
    assert "django" in found.stdout
    assert not [name for name in HEAVY if f"'{name}'" in found.stdout]


def test_a_message_of_the_web_process_reaches_the_broker_of_the_workers() -> None:
    found = subprocess.run(
        [sys.executable, "-c", WAKE], env=os.environ, capture_output=True, text=True, check=False
    )
    assert found.stdout.strip() == "surveys.tasks.send_deliveries", found.stderr
