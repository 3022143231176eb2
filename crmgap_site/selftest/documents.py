"""Diagnosis and documents of the self-test: waited for, read, compared with each other."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from crmgap_site.selftest.api import Api, wait_for
from crmgap_site.selftest.errors import SelfTestError
from crmgap_site.selftest.figures import printed
from crmgap_site.selftest.pdf_text import pages_as_text
from crmgap_site.selftest.survey import SurveyWave

N_ACCEPTED: Final = 5
MIN_PAGES: Final = 5
OVER: Final = frozenset({"succeeded", "failed"})


def wait_for_diagnosis(api: Api, survey: SurveyWave) -> dict[str, Any]:
    """Ask for the diagnosis of the closed wave and return it when it is computed."""
    asked = api.post(f"waves/{survey.wave}/diagnoses/")
    return _wait_until_over(api, f"diagnoses/{asked['id']}/", "the diagnosis")


def accept_findings(api: Api, survey: SurveyWave, diagnosis: dict[str, Any]) -> tuple[int, int]:
    """Accept the first findings, and plan the first proposed actions with dates; returns how many of each."""
    findings = api.get_all(f"diagnoses/{diagnosis['id']}/findings/")[:N_ACCEPTED]
    for finding in findings:
        decided = api.post(f"findings/{finding['id']}/decision/", {"decision": "accepted"})
        _expect(decided["decision"] == "accepted", f"the finding {finding['code']} was not accepted")
    proposed = api.get_all(f"engagements/{survey.engagement}/actions/")[:N_ACCEPTED]
    today = datetime.now(tz=UTC).date()
    dates = {
        "starts_on": f"{today + timedelta(days=7):%Y-%m-%d}",
        "due_on": f"{today + timedelta(days=60):%Y-%m-%d}",
    }
    for action in proposed:
        planned = api.patch(f"actions/{action['id']}/", {"state": "planned", **dates})
        _expect(planned["state"] == "planned", f"the action {action['entry']} was not planned")
    _expect(bool(findings and proposed), "the diagnosis proposes no finding or no action")
    return len(findings), len(proposed)


def request_reports(api: Api, survey: SurveyWave, diagnosis: dict[str, Any]) -> list[dict[str, Any]]:
    """Ask for both documents and return them when they are made."""
    path = f"engagements/{survey.engagement}/reports/"
    asked = [
        api.post(path, {"diagnosis": diagnosis["id"], "kind": kind}) for kind in ("diagnosis", "action_plan")
    ]
    return [_wait_until_over(api, f"reports/{one['id']}/", f"the document {one['kind']}") for one in asked]


def check_pdf(api: Api, report: dict[str, Any], figure: float | None) -> int:
    """Download a document and check kind, hash, pages and, if given, the printed figure; returns the pages."""
    media_type, content = api.get_file(f"reports/{report['id']}/file/")
    name = f"the document {report['kind']}"
    is_pdf = media_type == "application/pdf" and content.startswith(b"%PDF-")
    _expect(is_pdf, f"{name} is {media_type}, not a PDF")
    _expect(
        hashlib.sha256(content).hexdigest() == report["sha256"], f"{name} is not the file that was stored"
    )
    pages = pages_as_text(content)
    _expect(len(pages) == report["n_pages"] > MIN_PAGES, f"{name} has only {len(pages)} pages")
    if figure is not None:
        _expect(any(printed(figure) in page for page in pages), f"{printed(figure)} is nowhere in {name}")
    return len(pages)


def _expect(is_true: bool, otherwise: str) -> None:
    if not is_true:
        raise SelfTestError(otherwise)


def _wait_until_over(api: Api, path: str, what: str) -> dict[str, Any]:
    def probe() -> dict[str, Any] | None:
        found: dict[str, Any] = api.get(path)
        return found if found["state"] in OVER else None

    found = wait_for(what, probe)
    if found["state"] != "succeeded":
        raise SelfTestError(f"{what} failed")
    return found
