"""Texts of an instrument in further languages: each found by its path, checked, and put where the first language stood.

A path names every step by code, not by number, so that it stays when something is left out: `dimensions.R1.name`,
`dimensions.R1.items.R1.1.wordings.customer`, `forms.customers-standard.sections.voice.title`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Texts = Mapping[str, str]

KEYS: Final = frozenset({
    "title", "description", "name", "label", "short", "stem", "prompt", "low_label", "high_label", "unit", "importance",
    "help", "summary", "negative", "positive", "headline", "intro", "explanation",
})  # fmt: skip
LISTS: Final = frozenset({"labels", "checks"})
WORDINGS: Final = "wordings"
TRANSLATIONS: Final = "translations"
_PLACEHOLDER: Final = re.compile(r"\{[^}]*\}")


def texts_of(content: Mapping[str, Any]) -> dict[str, str]:
    """Every text that a person reads, by its path; `content` is what `Instrument.as_dict` returns."""
    found: dict[str, str] = {}

    def note(path: str, text: str) -> str:
        found[path] = text
        return text

    _rewrite(content, "", note)
    return found


def in_language(content: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The content with its texts in a language, without the others; in its own language where it lacks this one."""
    texts = content.get(TRANSLATIONS, {}).get(language)
    bare = {key: value for key, value in content.items() if key != TRANSLATIONS}
    if texts is None:
        return bare
    translated: dict[str, Any] = _rewrite(bare, "", texts.get)
    return translated | {"language": language}


def languages_of(content: Mapping[str, Any]) -> tuple[str, ...]:
    """The languages an instrument can be asked in, its own first."""
    return (content["language"], *content.get(TRANSLATIONS, {}))


def flat_texts(nested: Mapping[Any, Any]) -> dict[str, str]:
    """Texts by path from the nested form in which the files of a language are written."""
    return dict(_flattened(nested, ""))


def translation_problems(own: Texts, language: str, texts: Texts) -> Iterator[str]:
    """What is missing or has other placeholders in the texts of one language."""
    path = f"{TRANSLATIONS}.{language}"
    for name, text in own.items():
        given = texts.get(name, "")
        if not given.strip():
            yield f"{path}.{name}: is missing; a language has every text or is not there"
        elif _placeholders(given) != _placeholders(text):
            yield f"{path}.{name}: must have the same placeholders as “{text}”"


def _placeholders(text: str) -> list[str]:
    """Placeholders of a text; the words for people without an attribute may differ."""
    return sorted(found.partition("|")[0] for found in _PLACEHOLDER.findall(text))


def _rewrite(value: Any, path: str, change: Callable[[str, str], str], key: str = "") -> Any:
    if isinstance(value, Mapping):
        is_text = key == WORDINGS
        return {
            name: change(_joined(path, name), entry)
            if isinstance(entry, str) and entry and (is_text or name in KEYS)
            else _rewrite(entry, _joined(path, name), change, name)
            for name, entry in value.items()
            if name != TRANSLATIONS
        }
    if isinstance(value, list | tuple):
        return [
            change(_joined(path, number), entry)
            if isinstance(entry, str) and key in LISTS
            else _rewrite(entry, _joined(path, _step(entry, number)), change)
            for number, entry in enumerate(value)
        ]
    return value


def _step(entry: Any, number: int) -> str:
    """How a path names an entry of a list."""
    if not isinstance(entry, Mapping):
        return str(number)
    if "later" in entry and "code" not in entry:
        return f"{entry['later']}-{entry['earlier']}"
    return str(entry.get("code") or entry.get("value") or entry.get("key") or entry.get("kind") or number)


def _joined(path: str, name: Any) -> str:
    return f"{path}.{name}" if path else str(name)


def _flattened(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, entry in value.items():
            yield from _flattened(entry, _joined(path, name))
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from _flattened(entry, _joined(path, number))
    else:
        yield path, value
