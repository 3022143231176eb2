"""The instruments that come with the product: a folder of YAML files each."""

from functools import cache
from importlib.resources import files
from typing import Any

from surveys.instruments.exceptions import InstrumentError
from surveys.instruments.instrument import Instrument
from surveys.instruments.schema import parse_instrument, parse_yaml

BUILTIN = {"die-crm": "die_crm", "ecsi": "ecsi"}


@cache
def load_builtin(code: str) -> Instrument:
    """The built-in instrument with this code; raises InstrumentError when there is none."""
    if code not in BUILTIN:
        raise InstrumentError(code, [f"no built-in instrument has this code; there is {', '.join(BUILTIN)}"])
    content: dict[str, Any] = {}
    folder = files("surveys.instruments") / BUILTIN[code]
    for part in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if part.name.endswith(".yaml"):
            content |= parse_yaml(part.read_text(encoding="utf-8"), f"{code}/{part.name}")
    return parse_instrument(content, code)
