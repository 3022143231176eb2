"""Run by the drill in processes of their own: plant rows, files and a live link; look whether they are there.

`python -m tests.crmgap_site.backup.drill plant` prints what `... look` wants on its standard input.
"""

import hashlib
import json
import sys
from typing import Any

import django


def plant() -> dict[str, Any]:
    """Write rows into every table, for two practices, and a document whose hash its row knows."""
    from django.core.files.storage import default_storage

    from practice.scope import practice_scope
    from reports.models import Report
    from surveys.models import Delivery
    from tests.factories.practice import found_practice
    from tests.factories.surveys import make_launched_wave
    from tests.factories.world import plant_world

    world = plant_world(mode="confidential")
    other = found_practice("Birch Advisory")
    with practice_scope(other.practice):
        make_launched_wave(other, customers=40, managers=12, front_line=10)
        unsent = Delivery.objects.filter(round="invitation").count()
    with practice_scope(world.owner.practice):
        report = Report.objects.get(pk=world.ids["report_id"])
        with default_storage.open(report.storage_key) as file:
            report.sha256 = hashlib.sha256(file.read()).hexdigest()
        report.save(update_fields=["sha256"])
        unsent += Delivery.objects.count()
    return {
        "practice_id": str(world.owner.practice_id),
        "token": world.survey_token,
        "report_id": str(report.pk),
        "unsent": unsent,
    }


def look(planted: dict[str, Any]) -> dict[str, Any]:
    """Answer by the link, reopen the document, and ask who may run the look-ups."""
    from uuid import UUID

    from django.core.files.storage import default_storage
    from django.db import connection
    from django.test import Client

    from practice.scope import practice_scope
    from reports.models import Report
    from surveys.models import Delivery, Draft

    browser = Client(SERVER_NAME="localhost")
    link = f"/s/{planted['token']}/"
    landing = browser.get(link)
    started = browser.post(link, {"start": "1"})
    page = browser.get(started["Location"]) if started.status_code == 303 else started
    with practice_scope(UUID(planted["practice_id"])):
        report = Report.objects.get(pk=planted["report_id"])
        with default_storage.open(report.storage_key) as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        drafts, states = Draft.objects.count(), list(Delivery.objects.values_list("state", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname FROM pg_proc WHERE proowner = 'crmgap_resolver'::regrole "
                       "AND (proacl IS NULL OR proacl::text LIKE '%{=X%')")  # fmt: skip
        open_lookups = [name for (name,) in cursor.fetchall()]
    return {
        "statuses": [landing.status_code, started.status_code, page.status_code],
        "document": digest == report.sha256,
        "drafts": drafts,
        "states": states,
        "open_lookups": open_lookups,
    }


if __name__ == "__main__":
    django.setup()
    json.dump(plant() if sys.argv[1] == "plant" else look(json.load(sys.stdin)), sys.stdout)
