"""Runs the steps of the self-test in order, prints a line with seconds for each, and says which one failed."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from crmgap_site.selftest import documents, figures, survey
from crmgap_site.selftest.account import open_account
from crmgap_site.selftest.api import Api
from crmgap_site.selftest.errors import SelfTestError
from crmgap_site.selftest.people import INVITED, draw_answers
from crmgap_site.selftest.respondents import answer_all

Note = Callable[[str], None]


class StepFailedError(Exception):
    """A step of the self-test failed; the message names it."""


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def step(name: str) -> Iterator[Note]:
    """Time a step and print its line; the block may note what came out."""
    notes: list[str] = []
    began = time.monotonic()
    try:
        yield notes.append
    except SelfTestError as error:
        raise StepFailedError(f"{name}: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StepFailedError(f"{name}: an answer had another shape: {error!r}") from error
    say(f"{time.monotonic() - began:7.1f} s  {name}{''.join(f', {note}' for note in notes)}")


def main(base_url: str) -> int:
    """Do the main job at `base_url` by HTTP only; returns 0, or 1 after naming the step that failed."""
    began = time.monotonic()
    try:
        do_main_job(base_url.rstrip("/"))
    except StepFailedError as error:
        say(f"Self-test FAILED after {time.monotonic() - began:.1f} s. {error}")
        return 1
    say(f"{time.monotonic() - began:7.1f} s  in total. Self-test passed.")
    return 0


def do_main_job(base_url: str) -> None:
    """Go from a new practice to both documents; raises StepFailedError."""
    with step("account, practice, second factor, API token") as note:
        account = open_account(base_url)
        api = Api(base_url, account.token)
        note(account.slug)
    with step("client, engagement, wave of four audiences"):
        found = survey.set_up(api)
    with step("people imported") as note:
        note(f"{survey.import_people(api, found)} people")
    with step("launched"):
        survey.launch(api, found)
    with step("invitations read from the mailbox") as note:
        links = survey.read_links(api, found)
        note(f"{len(links)} different links")
    with step("surveys answered") as note:
        n_pages = answer_all(base_url, links, draw_answers())
        note(f"{len(links)} people sent {n_pages} pages")
    with step("wave closed, mixed and released"):
        survey.close(api, found)
        survey.wait_for_release(api, found)
    with step("diagnosis computed"):
        diagnosis = documents.wait_for_diagnosis(api, found)
    with step("figures checked") as note:
        result = diagnosis["result"]
        figures.check_counts(result, INVITED)
        n_sums, error = figures.check_sum(result)
        note(f"{sum(1 for _ in figures.numbers_in(result))} figures")
        note(f"{n_sums} sums of gaps, largest error {error:.0e}")
    with step("findings and actions accepted") as note:
        n_findings, n_actions = documents.accept_findings(api, found, diagnosis)
        note(f"{n_findings} and {n_actions}")
    with step("documents made"):
        reports = documents.request_reports(api, found, diagnosis)
    with step("documents downloaded and read") as note:
        total = figures.total_gap(result)
        for report in reports:
            figure = total if report["kind"] == "diagnosis" else None
            note(f"{report['kind']} {documents.check_pdf(api, report, figure)} pages")
