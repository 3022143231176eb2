"""Reads plain mappings into the dataclasses of a definition by their types and collects every problem."""

import types
from collections.abc import Mapping
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import Field, fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from surveys.instruments.definition import Condition

NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


class UnreadableError(Exception):
    """The value has a problem that is already on the list."""


class Reader:
    """Reads values by type; problems are texts that begin with the path of the value."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def read(self, kind: Any, value: Any, path: str = "") -> Any:
        """`value` as `kind`; raises UnreadableError after noting at least one problem."""
        before = len(self.problems)
        result = self._read(kind, value, path)
        if len(self.problems) > before:
            raise UnreadableError
        return result

    def _note(self, path: str, text: str) -> None:
        self.problems.append(f"{path or 'the file'}: {text}")

    def _read(self, kind: Any, value: Any, path: str) -> Any:
        origin = get_origin(kind)
        if kind is Condition:
            return self._read_condition(value, path)
        if is_dataclass(kind):
            return self._read_dataclass(kind, value, path)
        if origin is Literal:
            return self._read_literal(kind, value, path)
        if origin is tuple:
            return self._read_list(get_args(kind)[0], value, path)
        if origin in (Mapping, dict):
            return self._read_mapping(get_args(kind)[1], value, path)
        if origin in (Union, types.UnionType):
            return None if value is None else self._read(get_args(kind)[0], value, path)
        return self._read_plain(kind, value, path)

    def _read_plain(self, kind: Any, value: Any, path: str) -> Any:
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self._note(path, f"expected {NAMES[kind]}, found {_shown(value)}")
        elif kind is str and not value.strip():
            self._note(path, "must not be empty")
        return value

    def _read_literal(self, kind: Any, value: Any, path: str) -> Any:
        allowed = get_args(kind)
        if not any(value == choice and type(value) is type(choice) for choice in allowed):
            choices = ", ".join(str(choice) for choice in allowed if choice != "")
            self._note(path, f"expected one of {choices}; found {_shown(value)}")
        return value

    def _read_list(self, kind: Any, value: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            self._note(path, f"expected a list, found {_shown(value)}")
            return ()
        return tuple(self._read(kind, entry, f"{path}[{_label(entry, i)}]") for i, entry in enumerate(value))

    def _read_mapping(self, kind: Any, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            self._note(path, f"expected a mapping, found {_shown(value)}")
            return {}
        result = {}
        for key, entry in value.items():
            if not isinstance(key, str):
                self._note(path, f"the key {_shown(key)} must be a text")
                continue
            if is_dataclass(kind) and isinstance(entry, Mapping):
                entry = {"code": key, **entry}  # noqa: PLW2901 - the key is the code
            result[key] = self._read(kind, entry, f"{path}.{key}")
        return result

    def _read_dataclass(self, kind: Any, value: Any, path: str) -> Any:
        if not isinstance(value, Mapping):
            self._note(path, f"expected a mapping, found {_shown(value)}")
            return None
        wanted = _fields(kind)
        for key in value:
            if key not in wanted:
                self._note(_join(path, str(key)), "is not known here")
        content, complete = {}, True
        for name, (entry, hint) in wanted.items():
            if name in value:
                content[name] = self._read(hint, value[name], _join(path, name))
            elif entry.default is NO_DEFAULT and entry.default_factory is NO_DEFAULT:
                self._note(_join(path, name), "is missing")
                complete = False
        return kind(**content) if complete else None

    def _read_condition(self, value: Any, path: str) -> Condition:
        kinds = ("gap", "largest", "pillars", "segments")
        if not isinstance(value, Mapping) or sum(kind in value for kind in kinds) != 1:
            self._note(path, f"expected a mapping with one of {', '.join(kinds)}; found {_shown(value)}")
            return Condition("gap", ())
        kind: Any = next(kind for kind in kinds if kind in value)
        for key in value:
            if key not in (kind, "is"):
                self._note(_join(path, str(key)), "is not known here")
        subject = value[kind]
        if kind == "pillars":
            pillars = self._read_list(str, subject, _join(path, kind))
            return Condition(kind, pillars, self._relation(value, path))
        text = self._read_plain(str, subject, _join(path, kind))
        return Condition(kind, (text,), self._relation(value, path))

    def _relation(self, value: Mapping[str, Any], path: str) -> str:
        relation = value.get("is", "")
        if not isinstance(relation, str):
            self._note(_join(path, "is"), f"expected a text, found {_shown(relation)}")
            return ""
        return relation


@cache
def _fields(kind: Any) -> dict[str, tuple[Field[Any], Any]]:
    hints = get_type_hints(kind)
    return {entry.name: (entry, hints[entry.name]) for entry in fields(kind)}


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _label(entry: Any, index: int) -> str:
    code = (entry.get("code") or entry.get("id")) if isinstance(entry, Mapping) else None
    return code if isinstance(code, str) and code else str(index)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
