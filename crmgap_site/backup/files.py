"""Stored files (documents, logos) of the default storage: listed, read into an archive, written back, compared."""

import hashlib
from collections.abc import Iterator

from django.core.files.base import File
from django.core.files.storage import Storage, default_storage

from crmgap_site.backup.archive import CHUNK, FILES, ArchiveReader, ArchiveWriter
from crmgap_site.backup.errors import BackupError


def stored_keys(folder: str = "", storage: Storage = default_storage) -> Iterator[str]:
    """Yield the key of every stored file."""
    try:
        folders, names = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in sorted(names):
        yield f"{folder}{name}"
    for name in sorted(folders):
        yield from stored_keys(f"{folder}{name}/", storage)


def add_files(archive: ArchiveWriter) -> None:
    """Add every stored file; one that is deleted meanwhile is left out."""
    for key in list(stored_keys()):
        try:
            size = default_storage.size(key)
            file = default_storage.open(key)
        except FileNotFoundError:
            continue
        with file:
            archive.add(f"{FILES}{key}", file, size)


def hash_of_stored(key: str) -> str | None:
    """Return the SHA-256 of a stored file, or None when there is none."""
    digest = hashlib.sha256()
    try:
        with default_storage.open(key) as file:
            for content in iter(lambda: file.read(CHUNK), b""):
                digest.update(content)
    except FileNotFoundError:
        return None
    return digest.hexdigest()


def differing_keys(archive: ArchiveReader) -> list[str]:
    """Return the keys under which the storage holds another content than the archive."""
    members = archive.manifest.members
    found = ((key, hash_of_stored(key)) for key in archive.stored_files)
    return [key for key, digest in found if digest not in {None, members[f"{FILES}{key}"].sha256}]


def restore_files(archive: ArchiveReader) -> None:
    """Write the archive's files that are not there, and those whose content differs; raises BackupError."""
    members = archive.manifest.members
    for key in archive.stored_files:
        wanted = members[f"{FILES}{key}"].sha256
        if hash_of_stored(key) == wanted:
            continue
        default_storage.delete(key)
        with archive.open(f"{FILES}{key}") as source:
            name = default_storage.save(key, File(source))
        if name != key or hash_of_stored(key) != wanted:
            raise BackupError(f"The file {key} could not be written back. Is the storage full?")


def delete_others(archive: ArchiveReader) -> int:
    """Delete the stored files that the archive does not hold; returns how many."""
    others = set(stored_keys()) - set(archive.stored_files)
    for key in others:
        default_storage.delete(key)
    return len(others)
