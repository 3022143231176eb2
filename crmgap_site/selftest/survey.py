"""The wave of the self-test by API: set up, people in, launched, mails read, closed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from crmgap_site.selftest.api import Api, wait_for
from crmgap_site.selftest.errors import SelfTestError
from crmgap_site.selftest.people import INVITED, people_csv

LINK: Final = re.compile(r"https?://[^\s\"'<>]+/s/[0-9A-Za-z]+/")


@dataclass(frozen=True)
class SurveyWave:
    """The public ids of what was set up."""

    client: str
    engagement: str
    wave: str


def set_up(api: Api) -> SurveyWave:
    """Add client and engagement, and plan a wave with the four audiences."""
    client = api.post("clients/", {"name": "Self-test client", "sector": "Testing"})
    question = "Does the whole path hold?"
    wanted = {"client_organisation": client["id"], "name": "Self-test engagement", "question": question}
    engagement = api.post("engagements/", wanted)
    wave = api.post(f"engagements/{engagement['id']}/waves/", {"audiences": list(INVITED)})
    found = {audience["audience"] for audience in wave["audiences"]}
    if found != set(INVITED):
        raise SelfTestError(f"the wave has the audiences {sorted(found)}")
    return SurveyWave(client["id"], engagement["id"], wave["id"])


def import_people(api: Api, survey: SurveyWave) -> int:
    """Import the list: preview, nothing written, confirm; returns how many people are in."""
    preview = api.upload(f"waves/{survey.wave}/people/", "file", "people.csv", people_csv())
    if preview["state"] != "preview":
        raise SelfTestError(f"the list was not previewed: {preview}")
    before = api.get(f"waves/{survey.wave}/")
    if any(audience["n_people"] for audience in before["audiences"]):
        raise SelfTestError("people were written before the list was confirmed")
    api.post(f"imports/{preview['id']}/confirm/")
    after = api.get(f"waves/{survey.wave}/")
    counts = {audience["audience"]: audience["n_people"] for audience in after["audiences"]}
    if counts != dict(INVITED):
        raise SelfTestError(f"the wave holds {counts}, not {dict(INVITED)}")
    return sum(counts.values())


def launch(api: Api, survey: SurveyWave) -> None:
    """Launch the wave."""
    api.post(f"waves/{survey.wave}/launch/")


def read_links(api: Api, survey: SurveyWave) -> dict[str, str]:
    """Wait until every invitation is in the mailbox; return the personal links by e-mail address."""
    wanted = sum(INVITED.values())

    def all_links() -> dict[str, str] | None:
        links = dict(_link_of(mail) for mail in api.get_all(f"mailbox/?wave={survey.wave}"))
        return links if len(links) >= wanted else None

    links = wait_for(f"{wanted} invitations in the mailbox", all_links)
    if len(set(links.values())) != wanted:
        raise SelfTestError(f"{len(links)} people have {len(set(links.values()))} different links")
    return links


def _link_of(mail: Mapping[str, Any]) -> tuple[str, str]:
    found = LINK.search(mail["text"])
    if found is None:
        raise SelfTestError(f"the mail to {mail['to']} has no link")
    return mail["to"], found[0]


def close(api: Api, survey: SurveyWave) -> None:
    """Close the wave for good."""
    api.post(f"waves/{survey.wave}/close/")


def wait_for_release(api: Api, survey: SurveyWave) -> None:
    """Wait until every audience is mixed and released."""

    def is_released() -> bool | None:
        audiences = api.get(f"waves/{survey.wave}/")["audiences"]
        return True if all(audience["state"] == "released" for audience in audiences) else None

    wait_for("the release of all four audiences", is_released)
