"""Finds every text that the sources mark for translation, in Python and in templates."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.template.base import Lexer, TokenType
from django.utils.translation.template import templatize

from crmgap_site.catalogue.files import Message

ROOMS: Final = ("practice", "surveys", "diagnosis", "reports", "charts", "crmgap_site")
ARGUMENTS: Final = {
    "_": ("msgid",),
    "gettext": ("msgid",),
    "gettext_lazy": ("msgid",),
    "gettext_noop": ("msgid",),
    "ngettext": ("msgid", "plural"),
    "ngettext_lazy": ("msgid", "plural"),
    "pgettext": ("context", "msgid"),
    "pgettext_lazy": ("context", "msgid"),
    "npgettext": ("context", "msgid", "plural"),
    "npgettext_lazy": ("context", "msgid", "plural"),
}
"""Functions that mark a text, under the names by which our modules import them."""


class UnreadableMarkError(ValueError):
    """A text is marked in a way that nobody can translate: it is not written out where it is marked."""


def messages_in(root: Path) -> dict[tuple[str, str], Message]:
    """Return every marked text of our own files by context and msgid; raises UnreadableMarkError."""
    found: dict[tuple[str, str], Message] = {}
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            for message in messages_of(path):
                known = found.get(message.key)
                if known is None or not known.plural:
                    found[message.key] = message
    return found


def messages_of(path: Path) -> Iterator[Message]:
    """Yield the marked texts of one file; nothing for files that are neither Python nor templates."""
    if path.suffix == ".py" and "migrations" not in path.parts:
        yield from _in_python(path.read_text(encoding="utf-8"), str(path))
    elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
        yield from _in_template(path.read_text(encoding="utf-8"), str(path))


def _in_python(source: str, where: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        if name in ARGUMENTS and node.args:
            yield _message(name, node, f"{where}:{node.lineno}")


def _message(name: str, call: ast.Call, where: str) -> Message:
    values = {}
    for part, value in zip(ARGUMENTS[name], call.args, strict=False):
        if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
            raise UnreadableMarkError(f"{where}: write the text out inside {name}()")
        values[part] = value.value
    return Message(**values)


def _in_template(source: str, where: str) -> Iterator[Message]:
    # Django rewrites each mark as a call of gettext, one after the other on lines full of X; each tag is taken alone,
    # because only a block spans several of them.
    for piece in _marked_pieces(source):
        calls = templatize(piece, origin=where)
        start = 0
        while (found := _first_call(calls, start)) is not None:
            text, start = found
            yield from _in_python(text.strip(), where)


def _marked_pieces(source: str) -> Iterator[str]:
    """The parts of a template that may mark something: blocks from begin to end, single tags and variables."""
    block: list[str] = []
    for token in Lexer(source).tokenize():
        is_tag = token.token_type == TokenType.BLOCK
        word = token.contents.split(None, 1)[0] if is_tag and token.contents else ""
        written = {TokenType.BLOCK: "{%% %s %%}", TokenType.VAR: "{{ %s }}"}.get(token.token_type, "%s")
        text = written % token.contents if token.token_type != TokenType.COMMENT else ""
        if word in {"blocktranslate", "blocktrans"}:
            block = [text]
        elif block:
            block.append(text)
            if word in {"endblocktranslate", "endblocktrans"}:
                yield "".join(block)
                block = []
        elif token.token_type in {TokenType.BLOCK, TokenType.VAR}:
            yield text


def _first_call(text: str, start: int) -> tuple[str, int] | None:
    """The first complete call of a marking function from `start`, and where it ends."""
    places = [place for name in ARGUMENTS if (place := _place_of(text, name, start)) >= 0]
    if not places:
        return None
    begin = min(places)
    end = text.find(")", begin)
    while end >= 0:
        call = text[begin : end + 1]
        try:
            ast.parse(call, mode="eval")
        except SyntaxError:
            end = text.find(")", end + 1)
            continue
        return call, end + 1
    return None


def _place_of(text: str, name: str, start: int) -> int:
    place = text.find(f"{name}(", start)
    while place > 0 and (text[place - 1].isalpha() or text[place - 1] == "_"):
        place = text.find(f"{name}(", place + 1)
    return place
