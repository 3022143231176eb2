"""The instruments that come with the product: a folder of YAML files each."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from surveys.instruments.definition import Component
from surveys.instruments.exceptions import InstrumentError
from surveys.instruments.instrument import Instrument
from surveys.instruments.languages import flat_texts, in_language
from surveys.instruments.schema import instrument_from, parse_instrument, parse_yaml
from surveys.instruments.tailoring import tailor

BUILTIN = {"die-crm": "die_crm", "ecsi": "ecsi"}


@cache
def load_builtin(code: str, components: frozenset[str] = frozenset(), language: str = "") -> Instrument:
    """The built-in instrument with this code and these optional components switched on.

    In a language it has, else in its own, with the texts of all others. Raises InstrumentError when there is no such
    instrument or component.
    """
    if language:
        return parse_instrument(in_language(load_builtin(code, components).as_dict(), language), code)
    whole = _whole(code).definition
    try:
        return instrument_from(tailor(whole, components), code)
    except KeyError as error:
        raise InstrumentError(code, [f"there is no component {error.args[0]}"]) from None


def builtin_components(code: str, language: str = "") -> tuple[Component, ...]:
    """Everything that may be switched on in a built-in instrument; raises InstrumentError when there is none."""
    everything = _whole(code).components
    if not language:
        return everything
    return load_builtin(code, frozenset(one.code for one in everything), language).components


@cache
def _whole(code: str) -> Instrument:
    """The instrument with everything switched on, as its files say it."""
    if code not in BUILTIN:
        raise InstrumentError(code, [f"no built-in instrument has this code; there is {', '.join(BUILTIN)}"])
    content: dict[str, Any] = {}
    folder = files("surveys.instruments") / BUILTIN[code]
    for part in _parts(folder):
        content |= parse_yaml(part.read_text(encoding="utf-8"), f"{code}/{part.name}")
    content["translations"] = {
        part.name: _translation(part, f"{code}/{part.name}")
        for part in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if part.is_dir() and len(part.name) == 2
    }
    return parse_instrument(content, code)


def _translation(folder: Traversable, source: str) -> dict[str, str]:
    """Texts by path from a folder of files in the shape of the instrument's own."""
    texts: dict[str, str] = {}
    for part in _parts(folder):
        texts |= flat_texts(parse_yaml(part.read_text(encoding="utf-8"), f"{source}/{part.name}"))
    return texts


def _parts(folder: Traversable) -> list[Traversable]:
    return sorted(
        (part for part in folder.iterdir() if part.name.endswith(".yaml")), key=lambda part: part.name
    )
