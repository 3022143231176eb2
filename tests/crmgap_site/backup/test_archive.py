"""An archive that was cut, changed or added to is refused before anything is restored from it."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from crmgap_site.backup.archive import DATABASE, MANIFEST, checked_archive, new_archive
from crmgap_site.backup.errors import BackupError
from crmgap_site.backup.keyfile import Keys, read_keys
from crmgap_site.backup.manifest import Manifest

CONTENT = b"rows " * 1000


def manifest(**more: object) -> Manifest:
    """Return a manifest without members."""
    values = {"version": "0.1.0", "made_at": "2026-11-23T00:00:00+00:00", "server_major": 18}
    return Manifest(**values | {"master_key": "0" * 16, "migrations": {}, "rows": {"a": 1}} | more)  # type: ignore[arg-type]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return a small sound archive."""
    path = tmp_path / "backup.tar"
    with new_archive(path) as writer:
        writer.add(DATABASE, io.BytesIO(CONTENT), len(CONTENT))
        writer.add("files/p/reports/Bericht – Größe.pdf", io.BytesIO(b"%PDF"), 4)
        writer.finish(manifest())
    return path


def change_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[content.index(CONTENT[:20]) + 7] ^= 1
    path.write_bytes(content)


def cut_end(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:4000])


def cut_manifest(path: Path) -> None:
    with tarfile.open(path) as tar:
        start = tar.getmember(MANIFEST).offset
    path.write_bytes(path.read_bytes()[:start] + b"\0" * 1024)


def add_member(path: Path) -> None:
    with tarfile.open(path) as tar:
        whole = [(entry, tar.extractfile(entry).read()) for entry in tar.getmembers()]  # type: ignore[union-attr]
    with tarfile.open(path, "w") as tar:
        tar.addfile(tarfile.TarInfo("files/../../added"), io.BytesIO())
        for entry, content in whole:
            tar.addfile(entry, io.BytesIO(content))


def make_other(path: Path) -> None:
    path.write_text("no archive at all")


def test_sound_archive_is_read_back(archive: Path) -> None:
    assert archive.stat().st_mode & 0o777 == 0o600
    with checked_archive(archive) as found:
        assert found.read_small(DATABASE) == CONTENT
        assert found.stored_files == ["p/reports/Bericht – Größe.pdf"]
        assert (found.manifest.rows, found.manifest.n_files) == ({"a": 1}, 1)


@pytest.mark.parametrize("harm", [change_byte, cut_end, cut_manifest, add_member, make_other])
def test_damage_is_refused(archive: Path, harm: Callable[[Path], None]) -> None:
    harm(archive)
    with pytest.raises(BackupError, match="damaged"), checked_archive(archive):
        pytest.fail("a damaged archive was opened")


def test_manifest_of_another_program_or_a_newer_format_is_refused(tmp_path: Path) -> None:
    for number, (more, said) in enumerate(
        [({"product": "x"}, "no backup"), ({"format": 2}, "newer version")]
    ):
        path = tmp_path / f"{number}.tar"
        with new_archive(path) as writer:
            writer.finish(manifest(**more))
        with pytest.raises(BackupError, match=said), checked_archive(path):
            pytest.fail("opened")


def test_failure_while_writing_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="unexpected end"), new_archive(tmp_path / "b.tar") as writer:
        writer.add(DATABASE, io.BytesIO(b"short"), 10)
    assert list(tmp_path.iterdir()) == []


def test_existing_file_and_missing_file_are_named(archive: Path) -> None:
    with pytest.raises(BackupError, match="exists already"), new_archive(archive):
        pytest.fail("written over")
    with pytest.raises(BackupError, match="does not exist"), checked_archive(archive.with_name("none.tar")):
        pytest.fail("opened")


def test_keys_are_read_back_and_damage_is_named() -> None:
    keys = Keys("s" * 60, "m" * 44)
    assert read_keys(keys.to_bytes()) == keys
    with pytest.raises(BackupError, match="keys cannot be read"):
        read_keys(json.dumps([1]).encode())
