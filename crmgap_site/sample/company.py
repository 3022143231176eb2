"""Who and what the sample is about: practice, clients, question, and the people who are asked."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

SIGN_IN_EMAIL: Final = "demo@nordlicht.example"
SIGN_IN_NAME: Final = "Jona Falk"
PRACTICE: Final = "Nordlicht Consulting"

CLIENT: Final = {
    "name": "Alpenbank Regional",
    "sector": "Retail banking",
    "colour": "#153e6b",
    "contact_name": "Vera Brunner",
    "contact_email": "vera.brunner@alpenbank.example",
}
ENGAGEMENT: Final = "Customer relationships in retail banking"
QUESTION: Final = "Where between the promise of the board and the counter do we lose our customers' trust?"

SECOND_CLIENT: Final = {
    "name": "Hafen Energie",
    "sector": "Energy",
    "colour": "#7a3b12",
    "contact_name": "Piet Lorenzen",
    "contact_email": "piet.lorenzen@hafen-energie.example",
}
SECOND_ENGAGEMENT: Final = "Service after the price change"
SECOND_QUESTION: Final = "Do our service teams and our customers mean the same by a fair price?"


@dataclass(frozen=True, slots=True)
class Asked:
    """How many of an audience are invited, how many finish, and how many begin but never send."""

    audience: str
    invited: int
    finished: int
    given_up: int = 0


ASKED: Final = (
    Asked("customers", invited=598, finished=214, given_up=23),
    Asked("managers", invited=14, finished=12),
    Asked("front_line", invited=60, finished=46, given_up=3),
    Asked("crm_team", invited=7, finished=6),
)


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the list that is imported."""

    audience: str
    email: str
    name: str
    attributes: dict[str, str] = field(default_factory=dict)


FIRST_NAMES: Final = (
    *("Anna", "Beat", "Carla", "David", "Elif", "Franz", "Greta", "Hannes", "Ines", "Jakob"),
    *("Karin", "Lukas", "Mara", "Nico", "Olga", "Paul", "Regula", "Stefan", "Tanja", "Urs"),
    *("Vera", "Walter", "Yasmin", "Zoran", "Alma", "Bruno", "Dora", "Emil", "Flora", "Georg"),
    *("Heidi", "Ivan", "Julia", "Konrad", "Lena", "Martin", "Nora", "Oskar", "Petra", "Rolf"),
)
LAST_NAMES: Final = (
    *("Albrecht", "Bauer", "Caduff", "Danuser", "Egger", "Frei", "Graf", "Huber", "Imhof", "Jenny"),
    *("Keller", "Lang", "Meier", "Nägeli", "Ott", "Pfister", "Quinter", "Roth", "Suter", "Tobler"),
    *("Ulrich", "Vogt", "Weber", "Zimmermann", "Arnold", "Bianchi", "Conrad", "Dietrich", "Ebner", "Fink"),
    *("Gasser", "Hofer", "Isler", "Jost", "Kunz", "Lechner", "Moser", "Novak", "Oberle", "Planta"),
)
# Out of ten customers in a row: three regions and three value classes that cross without a pattern.
REGIONS: Final = (
    "North",
    "Centre",
    "South",
    "Centre",
    "North",
    "Centre",
    "South",
    "Centre",
    "North",
    "Centre",
)
VALUE_CLASSES: Final = ("C", "B", "C", "B", "A", "C", "B", "C", "B", "C", "A")


def people() -> Iterator[Person]:
    """Yield everybody who is asked, the same people in the same order every time."""
    number = 0
    for asked in ASKED:
        for place in range(asked.invited):
            yield _person(asked.audience, place, number)
            number += 1


def _person(audience: str, place: int, number: int) -> Person:
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    last = LAST_NAMES[(number // len(FIRST_NAMES) + 3 * number) % len(LAST_NAMES)]
    local = f"{first}.{last}".lower().replace("ä", "ae")
    if audience != "customers":
        return Person(audience, f"{local}@alpenbank.example", f"{first} {last}")
    attributes = {
        "Region": REGIONS[place % len(REGIONS)],
        "Value class": VALUE_CLASSES[place % len(VALUE_CLASSES)],
    }
    return Person(audience, f"{local}@kunden.example", f"{first} {last}", attributes)


def people_csv() -> bytes:
    """Return the list of people as the client would send it: one CSV with an audience column."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["Audience", "E-mail", "Name", "Region", "Value class"])
    for person in people():
        values = (person.attributes.get("Region", ""), person.attributes.get("Value class", ""))
        writer.writerow([person.audience, person.email, person.name, *values])
    return text.getvalue().encode()
