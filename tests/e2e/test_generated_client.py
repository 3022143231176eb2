"""The main job by API alone, with a client generated from the OpenAPI document against the running product.

Only the sign-up that hands out the first token is done by pages, and the sixty people answer through their links.
"""

import importlib
import io
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import openpyxl
import pytest
from django.conf import settings

from crmgap_site.launcher.trial import Trial
from crmgap_site.selftest.account import open_account
from crmgap_site.selftest.people import INVITED, draw_answers, people_csv
from crmgap_site.selftest.respondents import answer_all

pytestmark = [pytest.mark.timeout(1800), pytest.mark.xdist_group("product")]
LINK = re.compile(r"https?://[^\s\"'<>]+/s/[0-9A-Za-z]+/")
PATIENCE = 300.0
FILE_TYPES = (
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "image/svg+xml",
    "image/png",
)


@pytest.fixture
def generated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the client package made from docs/openapi.yaml; a warning of the generator fails."""
    overrides = "".join(f"  {kind}: application/octet-stream\n" for kind in FILE_TYPES)
    (tmp_path / "config.yaml").write_text(f"post_hooks: []\ncontent_type_overrides:\n{overrides}")
    document = settings.BASE_DIR / "docs" / "openapi.yaml"
    command = [
        sys.executable, "-m", "openapi_python_client", "generate", "--path", str(document), "--meta", "none",
        "--config", str(tmp_path / "config.yaml"),
        "--output-path", str(tmp_path / "crmgap_client"), "--fail-on-warning",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    return importlib.import_module("crmgap_client")


class Caller:
    """Calls the generated functions with one token; every answer must be one the document names."""

    def __init__(self, package: ModuleType, base_url: str, token: str) -> None:
        self.models = importlib.import_module(f"{package.__name__}.models")
        self.package = package
        self.client = package.AuthenticatedClient(
            base_url=base_url, token=token, raise_on_unexpected_status=True, timeout=60
        )

    def close(self) -> None:
        """Close the connections of the generated client."""
        self.client.get_httpx_client().close()

    def __call__(self, operation: str, *ids: Any, **given: Any) -> Any:
        """Call `tag.operation` and return what the document says it answers."""
        tag, name = operation.split(".")
        function = importlib.import_module(f"{self.package.__name__}.api.{tag}.{tag}_{name}")
        parsed = function.sync_detailed(*ids, client=self.client, **given).parsed
        assert parsed is not None, operation
        return parsed

    def all(self, operation: str, *ids: Any, **given: Any) -> list[Any]:
        """Return all rows of a list."""
        rows: list[Any] = []
        while True:
            page = self(operation, *ids, page=len(rows) // 100 + 1, page_size=100, **given)
            rows += page.results
            if not page.next_:
                return rows


def wait_for(probe: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := probe()):
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.3)
    return found


def test_the_main_job(generated: ModuleType, product: Trial) -> None:
    account = open_account(product.base_url)
    with closing(Caller(generated, product.base_url, account.token)) as api:
        do_the_main_job(api, generated, product)


def do_the_main_job(api: Caller, generated: ModuleType, product: Trial) -> None:
    """From a client organisation to two PDFs and the tables."""
    client = api(
        "clients.create", body=api.models.ClientRequest.from_dict({"name": "Hafenbank", "sector": "Banking"})
    )
    wanted = {"client_organisation": str(client.id), "name": "CRM gap", "question": "Where do we lose trust?"}
    engagement = api("engagements.create", body=api.models.EngagementRequest.from_dict(wanted))
    new_wave = api.models.NewWaveRequest.from_dict({"audiences": list(INVITED)})
    wave = api("engagements.waves_create", engagement.id, body=new_wave)
    answer_the_wave(api, generated, product, wave.id)
    diagnosis = api("waves.diagnoses_create", wave.id)
    diagnosis = wait_for(lambda: finished(api("diagnoses.retrieve", diagnosis.id)), "the diagnosis")
    check_result(diagnosis.result.to_dict())
    findings = api.all("diagnoses.findings_list", diagnosis.id)
    decision = api.models.DecisionRequest.from_dict({"decision": "accepted"})
    assert api("findings.decision_create", findings[0].id, body=decision).decision == "accepted"
    action = api.all("engagements.actions_list", engagement.id)[0]
    planned = api.models.PatchedActionRequest.from_dict(
        {"state": "planned", "owner": "Ada", "due_on": "2027-03-01"}
    )
    assert api("actions.partial_update", action.id, body=planned).owner == "Ada"
    for kind in ("diagnosis", "action_plan"):
        wish = api.models.ReportRequestRequest.from_dict({"diagnosis": str(diagnosis.id), "kind": kind})
        report = api("engagements.reports_create", engagement.id, body=wish)
        report = wait_for(lambda report=report: finished(api("reports.retrieve", report.id)), kind)  # type: ignore[misc]
        content = api("reports.file_retrieve", report.id).payload.read()
        assert content.startswith(b"%PDF-1.7")
        assert len(content) == report.n_bytes
    tables = api("diagnoses.tables_retrieve", diagnosis.id).payload.read()
    assert "About" in openpyxl.load_workbook(io.BytesIO(tables)).sheetnames


def answer_the_wave(api: Caller, generated: ModuleType, product: Trial, wave_id: Any) -> None:
    """Import, launch, let everybody answer by link, close, and wait for the release."""
    types = importlib.import_module(f"{generated.__name__}.types")
    file = types.File(payload=io.BytesIO(people_csv()), file_name="people.csv", mime_type="text/csv")
    preview = api("waves.people_create", wave_id, body=api.models.PeopleUploadRequest(file=file))
    assert preview.state == "preview"
    api("imports.confirm_create", preview.id)
    api("waves.launch_create", wave_id)
    n_people = sum(INVITED.values())

    def mails() -> list[Any]:
        found = api.all("mailbox.list", wave=wave_id)
        return found if len(found) >= n_people else []

    links = {mail.to: LINK.search(mail.text)[0] for mail in wait_for(mails, "the invitations")}  # type: ignore[index]
    answer_all(product.base_url, links, draw_answers())
    api("waves.close_create", wave_id)
    wait_for(
        lambda: all(one.state == "released" for one in api("waves.retrieve", wave_id).audiences),
        "the release",
    )


def finished(found: Any) -> Any:
    """Return a diagnosis or report once it is made."""
    assert found.state != "failed"
    return found if found.state == "succeeded" else None


def check_result(result: dict[str, Any]) -> None:
    """The customer gap is the sum of its steps, and every gap says what it rests on."""
    gaps = {gap["code"]: gap["overall"] for gap in result["gaps"]}
    steps = sum(gaps[code]["estimate"] for code in ("D1", "D2", "I1", "E4"))
    assert gaps["E1"]["estimate"] == pytest.approx(steps, abs=1e-12)
    for name in ("n_later", "n_earlier", "ci_low", "ci_high", "g", "certainty", "smallest_detectable"):
        assert gaps["E1"][name] is not None
