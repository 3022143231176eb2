"""Reads an instrument from a mapping or from YAML text; whatever is wrong is reported all at once."""

from collections.abc import Mapping
from typing import Any

import yaml

from surveys.instruments.checks import problems_of
from surveys.instruments.derivation import derive_form
from surveys.instruments.exceptions import InstrumentError
from surveys.instruments.instrument import Definition, Instrument
from surveys.instruments.reader import Reader, UnreadableError


def parse_instrument(mapping: Mapping[str, Any], source: str = "instrument") -> Instrument:
    """The instrument a mapping describes; raises InstrumentError with every problem and its path."""
    reader = Reader()
    try:
        definition: Definition = reader.read(Definition, mapping)
    except UnreadableError:
        raise InstrumentError(source, reader.problems) from None
    return instrument_from(definition, source)


def instrument_from(definition: Definition, source: str) -> Instrument:
    """The instrument of a definition with its forms; raises InstrumentError when its parts do not fit together."""
    problems = problems_of(definition)
    if problems:
        raise InstrumentError(source, problems)
    forms = tuple(derive_form(definition, plan) for plan in definition.forms)
    repeated = [
        f"forms[{form.code}]: asks {code} more than once"
        for form in forms
        for code in sorted(
            _repeated([name for page in form.pages for q in page.questions for name in q.field_names])
        )
    ]
    if repeated:
        raise InstrumentError(source, repeated)
    return Instrument(definition, forms)


def parse_yaml(text: str, source: str = "instrument") -> dict[str, Any]:
    """The mapping in a YAML text; raises InstrumentError for bad YAML and for keys that are given twice."""
    try:
        content = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader that refuses double keys
    except yaml.YAMLError as error:
        raise InstrumentError(source, [" ".join(str(error).split())]) from None
    if not isinstance(content, dict):
        raise InstrumentError(source, ["the file: expected a mapping"])
    return content


class _StrictLoader(yaml.SafeLoader):
    """Safe loading in which a key that appears twice is an error instead of a silent loss."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for key in sorted(_repeated(keys)):
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} is given twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


def _repeated(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}
