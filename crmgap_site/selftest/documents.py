"""Diagnosis and documents of the self-test: waited for, read, compared with each other."""

import hashlib
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


def accept_findings(api: Api, diagnosis: dict[str, Any]) -> tuple[int, int]:
    """Accept the first findings and actions; returns how many of each."""
    findings = api.get_all(f"diagnoses/{diagnosis['id']}/findings/")[:N_ACCEPTED]
    for finding in findings:
        api.patch(f"findings/{finding['id']}/", {"decision": "accepted"})
    actions = api.get_all(f"diagnoses/{diagnosis['id']}/actions/")[:N_ACCEPTED]
    for action in actions:
        api.post(f"actions/{action['id']}/accept/")
    return len(findings), len(actions)


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
    if media_type != "application/pdf" or not content.startswith(b"%PDF-"):
        raise SelfTestError(f"the file of {report['kind']} is {media_type}, not a PDF")
    if hashlib.sha256(content).hexdigest() != report["sha256"]:
        raise SelfTestError(f"the file of {report['kind']} is not the one that was stored")
    pages = pages_as_text(content)
    if len(pages) <= MIN_PAGES:
        raise SelfTestError(f"the document {report['kind']} has only {len(pages)} pages")
    if figure is not None and not any(printed(figure) in page for page in pages):
        raise SelfTestError(f"{printed(figure)} stands nowhere in the document {report['kind']}")
    return len(pages)


def _wait_until_over(api: Api, path: str, what: str) -> dict[str, Any]:
    def probe() -> dict[str, Any] | None:
        found: dict[str, Any] = api.get(path)
        return found if found["state"] in OVER else None

    found = wait_for(what, probe)
    if found["state"] != "succeeded":
        raise SelfTestError(f"{what} failed")
    return found
