"""The archive: an uncompressed tar of plain files whose last member, the manifest, holds the hash of every other.

A file that was cut short therefore has no manifest, and a changed byte shows in a hash.
"""

import hashlib
import io
import os
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from crmgap_site.backup.errors import BackupError
from crmgap_site.backup.manifest import Manifest, Member, read_manifest

MANIFEST = "manifest.json"
DATABASE = "database.dump"
KEYS = "keys.json"
FILES = "files/"
CHUNK = 1024 * 1024
LARGEST_MANIFEST = 256 * CHUNK


class _Hashing:
    """Reads through to a file and keeps the hash of what was read."""

    def __init__(self, source: IO[bytes]):
        self.source, self.digest = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        content = self.source.read(size)
        self.digest.update(content)
        return content


class ArchiveWriter:
    """Collects members; `finish` writes the manifest. The file gets its name only when everything is on disk."""

    def __init__(self, tar: tarfile.TarFile):
        self.tar = tar
        self.members: dict[str, Member] = {}

    def add(self, name: str, source: IO[bytes], n_bytes: int) -> Member:
        """Add one member of exactly that many bytes; raises OSError when the source ends early."""
        reader = _Hashing(source)
        self.tar.addfile(_entry(name, n_bytes), reader)
        self.members[name] = Member(sha256=reader.digest.hexdigest(), n_bytes=n_bytes)
        return self.members[name]

    def finish(self, manifest: Manifest) -> Manifest:
        """Write the manifest with all members and return it."""
        whole = replace(manifest, members=self.members)
        content = whole.to_bytes()
        self.tar.addfile(_entry(MANIFEST, len(content)), io.BytesIO(content))
        return whole


def _entry(name: str, n_bytes: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = n_bytes, 0o600, int(time.time())
    return entry


@contextmanager
def new_archive(path: Path) -> Iterator[ArchiveWriter]:
    """Write `path` (0600) as a whole or not at all; raises BackupError when it exists or cannot be written."""
    if path.exists():
        raise BackupError(f"{path} exists already. Nothing was written. Name another file.")
    draft = path.with_name(f"{path.name}.part")
    try:
        handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror}.") from error
    try:
        with os.fdopen(handle, "w+b") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                yield ArchiveWriter(tar)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


class ArchiveReader:
    """A checked archive: every member is the one that the manifest names."""

    def __init__(self, tar: tarfile.TarFile, manifest: Manifest):
        self.tar, self.manifest = tar, manifest

    def open(self, name: str) -> IO[bytes]:
        """Return a member for reading."""
        file = self.tar.extractfile(name)
        if file is None:
            raise BackupError(f"The backup is damaged: {name} is not a file.")
        return file

    def read_small(self, name: str) -> bytes:
        """Return the bytes of a member."""
        with self.open(name) as file:
            return file.read()

    @property
    def stored_files(self) -> list[str]:
        """Storage keys of the files in the archive."""
        return sorted(name.removeprefix(FILES) for name in self.manifest.members if name.startswith(FILES))


@contextmanager
def checked_archive(path: Path) -> Iterator[ArchiveReader]:
    """Open an archive after comparing every hash; raises BackupError when anything is missing, added or changed."""
    try:
        tar = tarfile.open(path, mode="r:")  # noqa: SIM115 - closed below
    except FileNotFoundError as error:
        raise BackupError(f"{path} does not exist.") from error
    except (tarfile.TarError, OSError) as error:
        raise BackupError(f"{path} is damaged or no backup: {error}. Nothing was changed.") from error
    with tar:
        try:
            manifest = _check(tar)
        except (tarfile.TarError, OSError) as error:
            raise BackupError(f"{path} is damaged: {error}. Nothing was changed.") from error
        yield ArchiveReader(tar, manifest)


def _check(tar: tarfile.TarFile) -> Manifest:
    entries = tar.getmembers()
    if not entries or entries[-1].name != MANIFEST or entries[-1].size > LARGEST_MANIFEST:
        raise BackupError("The backup is damaged: it was cut short or is no backup. Nothing was changed.")
    last = tar.extractfile(entries[-1])
    manifest = read_manifest(last.read() if last else b"")
    names = [entry.name for entry in entries[:-1]]
    if sorted(names) != sorted(manifest.members) or not all(entry.isreg() for entry in entries):
        raise BackupError("The backup is damaged: its members are not those of its manifest.")
    for entry in entries[:-1]:
        if _hash(tar.extractfile(entry)) != manifest.members[entry.name].sha256:
            raise BackupError(
                f"The backup is damaged: {entry.name} is not what was backed up. Nothing was changed. "
                "Take another copy of this backup, or an older one."
            )
    return manifest


def _hash(file: IO[bytes] | None) -> str:
    digest = hashlib.sha256()
    while file is not None and (content := file.read(CHUNK)):
        digest.update(content)
    return digest.hexdigest()
