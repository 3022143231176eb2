"""Every text that the sources mark is translated, with its placeholders, and the compiled files are those of today."""

from pathlib import Path

import pytest
from django.conf import settings

from crmgap_site.catalogue.checks import catalogue_problems, po_path, renewed, stale_files
from crmgap_site.catalogue.files import CatalogueError, Entry, Message, compile_mo, read_po, write_po
from crmgap_site.catalogue.sources import UnreadableMarkError, messages_in, messages_of

LOCALE = settings.LOCALE_PATHS[0]
OTHERS = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


@pytest.mark.parametrize("language", OTHERS)
def test_every_marked_text_is_translated(language):
    _header, entries = read_po(po_path(LOCALE, language).read_text(encoding="utf-8"))
    problems = list(catalogue_problems(messages_in(settings.BASE_DIR).values(), entries))
    assert not problems, f"run manage.py messages, then translate:\n{chr(10).join(problems[:50])}"


def test_compiled_files_are_those_of_the_sources():
    assert stale_files(LOCALE) == []


@pytest.mark.parametrize("sign", [":", ";", "!", "?", "»"])
def test_french_signs_stand_behind_a_narrow_space(sign):
    _header, entries = read_po(po_path(LOCALE, "fr").read_text(encoding="utf-8"))
    wrong = [
        text for entry in entries for text in entry.texts if f" {sign} " in text or text.endswith(f" {sign}")
    ]
    assert wrong == []


def test_missing_empty_fuzzy_and_broken_entries_are_named():
    wanted = [Message("a"), Message("b"), Message("c"), Message("%(n)s day", "%(n)s days"), Message("{x}")]
    entries = [
        Entry(Message("b"), ("",)),
        Entry(Message("c"), ("c",), is_fuzzy=True),
        Entry(Message("%(n)s day", "%(n)s days"), ("%(n)s jour", "des jours")),
        Entry(Message("{x}"), ("{y}",)),
        Entry(Message("old"), ("vieux",)),
    ]
    problems = "\n".join(catalogue_problems(wanted, entries))
    for expected in ("is missing: 'a'", "is not translated: 'b'", "is fuzzy: 'c'", "placeholders: '%(n)s day'",
                     "placeholders: '{x}'", "is asked for nowhere: 'old'"):  # fmt: skip
        assert expected in problems


def test_catalogue_survives_the_round_trip():
    entries = [
        Entry(Message('He said "no"\\', context="quote"), ("Il a dit « non »\\",)),
        Entry(Message("two\nlines"), ("deux\nlignes",)),
        Entry(Message("%(n)s day", "%(n)s days"), ("%(n)s jour", "%(n)s jours")),
    ]
    header, again = read_po(write_po("Language: fr\n", entries, comment="about"))
    assert header == "Language: fr\n"
    assert sorted(again, key=str) == sorted(entries, key=str)
    assert b"%(n)s jours" in compile_mo(header, again)


def test_renewed_keeps_what_is_translated_and_drops_what_is_gone():
    kept = Entry(Message("a"), ("A",))
    result = renewed({("", "a"): Message("a"), ("", "b"): Message("b")}, [kept, Entry(Message("z"), ("Z",))])
    assert result == [kept, Entry(Message("b"), ("",))]


def test_damaged_catalogue_names_its_line():
    with pytest.raises(CatalogueError, match="line 2"):
        read_po('msgid "a"\nmsgstr "b\n')


def test_marks_are_found_in_python_and_in_templates(tmp_path: Path):
    room = tmp_path / "templates"
    room.mkdir()
    page = room / "page.html"
    page.write_text(
        '{% load i18n %}{% translate "One (of many)" %}<p title="{% translate \'Two\' %}">{{ _("Three") }}</p>'
        "{% blocktranslate count n=x %}{{ n }} day{% plural %}{{ n }} days{% endblocktranslate %}"
        '{% translate "May" context "month" %}{# translate "no" #}'
    )
    module = tmp_path / "module.py"
    module.write_text('text = _("Four " "five")\nother = pgettext("menu", "Open")\nplain = "no"\n')
    assert set(messages_of(page)) == {
        Message("One (of many)"), Message("Two"), Message("Three"), Message("%(n)s day", "%(n)s days"),
        Message("May", context="month"),
    }  # fmt: skip
    assert set(messages_of(module)) == {Message("Four five"), Message("Open", context="menu")}


def test_text_that_is_not_written_out_is_an_error(tmp_path: Path):
    module = tmp_path / "module.py"
    module.write_text("text = _(word)\n")
    with pytest.raises(UnreadableMarkError, match=r"module\.py:1"):
        list(messages_of(module))
