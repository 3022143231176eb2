"""The sixty people of the self-test, and what each of them answers."""

import csv
import io
from collections.abc import Mapping
from typing import Final

from surveys.instruments import load_builtin
from surveys.simulation import SAMPLE_TRUTH, draw_responses, posted_fields

INVITED: Final[Mapping[str, int]] = {"customers": 30, "managers": 8, "front_line": 14, "crm_team": 8}
REGIONS: Final = ("North", "South", "Centre")
SEED: Final = 60

Fields = dict[str, list[str]]


def address_of(audience: str, number: int) -> str:
    """Return the e-mail address of a person (numbers from 1)."""
    return f"{audience.replace('_', '-')}-{number:02d}@people.self-test.example"


def people_csv() -> bytes:
    """Return the list of people to import, one row per person."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["Audience", "E-mail", "Name", "Region"])
    for audience, invited in INVITED.items():
        for number in range(1, invited + 1):
            name = f"Person {number} of {audience.replace('_', ' ')}"
            region = REGIONS[number % len(REGIONS)] if audience == "customers" else ""
            writer.writerow([audience, address_of(audience, number), name, region])
    return text.getvalue().encode()


def draw_answers() -> dict[str, Fields]:
    """Return, by e-mail address, the fields of all pages of the person's form as they will be posted."""
    instrument = load_builtin("die-crm")
    drawn: dict[str, Fields] = {}
    for place, (audience, invited) in enumerate(INVITED.items()):
        form = instrument.form_for(audience)
        for number, response in enumerate(draw_responses(form, SAMPLE_TRUTH, invited, SEED + place), start=1):
            fields: Fields = {}
            for page in form.pages:
                fields |= posted_fields(page, response)
            drawn[address_of(audience, number)] = fields
    return drawn
