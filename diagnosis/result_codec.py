"""Frozen dataclasses to JSON and back by their types; the key of a field is its name or `metadata["json"]`."""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


def encode(value: Any) -> Any:
    """JSON-safe content of a value; a dataclass with a method `encoded` says itself how it is written."""
    if hasattr(value, "encoded"):
        return value.encoded()
    if is_dataclass(value) and not isinstance(value, type):
        return {
            part.metadata.get("json", part.name): encode(getattr(value, part.name)) for part in fields(value)
        }
    if isinstance(value, Mapping):
        return {key: encode(entry) for key, entry in value.items()}
    if isinstance(value, tuple):
        return [encode(entry) for entry in value]
    return value


@cache
def _hints(cls: type) -> Mapping[str, Any]:
    return get_type_hints(cls)


def decode(kind: Any, value: Any) -> Any:
    """Read a value of a kind back; keys with a default may be missing. Raises KeyError for others."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        present = [option for option in get_args(kind) if option is not type(None)]
        return None if value is None else decode(present[0], value)
    if hasattr(kind, "decoded"):
        return kind.decoded(value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        names = {part.name: part.metadata.get("json", part.name) for part in fields(kind)}
        optional = {part.name for part in fields(kind) if part.default is not MISSING}
        names = {name: key for name, key in names.items() if key in value or name not in optional}
        return kind(**{name: decode(hints[name], value[key]) for name, key in names.items()})
    if origin is tuple:
        inner = get_args(kind)[0]
        return tuple(decode(inner, entry) for entry in value)
    if origin is not None and issubclass(origin, Mapping):
        inner = get_args(kind)[1]
        return {key: decode(inner, entry) for key, entry in value.items()}
    return value
