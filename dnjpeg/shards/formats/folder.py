"""Folders of files: a shard is some neighbouring files of one folder, each written to its own place."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Sequence

from dnjpeg.shards.conversion import Attempt, Conversion, ShardError
from dnjpeg.shards.operations import Operation
from dnjpeg.shards.records import combined
from dnjpeg.shards.selection import Selection
from dnjpeg.shards.stores import Digest, Store, digest_file, digest_of

__all__ = ["convert", "digest", "images", "target_name"]


def images(store: Store, names: Sequence[str], selection: Selection) -> Iterator[tuple[str, bytes | None]]:
    """Read the images: each file's name, and its bytes if it is an image."""
    for name in names:
        yield name, store.read(name) if selection.takes(name) else None


def convert(store: Store, names: Sequence[str], target: Store, conversion: Conversion) -> tuple[Digest, Digest]:
    """Convert files, each whole or not at all; return the digests of all that was read and of all that was written.

    Raises
    ------
    ShardError
        If an image failed and so shall they all, or a file cannot be read; the others are written even so.
    OSError
        If one cannot be written.
    """
    unreadable: list[str] = []
    before: list[tuple[str, Digest]] = []
    after: list[tuple[str, Digest]] = []
    for (name, data), attempt in conversion.convert(_contents(store, names, conversion.selection, unreadable)):
        if data is None:
            conversion.settle(None)
            digest = _pass_on(store, target, name)
            before.append((name, digest))
            after.append((name, digest))
            continue
        before.append((name, digest_of(io.BytesIO(data))))
        if conversion.settle(attempt):
            after.append(_write(target, name, data, attempt, conversion.operation))
    if unreadable:
        others = f" (and {len(unreadable) - 1} more)" if len(unreadable) > 1 else ""
        raise ShardError(f"{unreadable[0]}{others}")
    return combined(before), combined(after)


def digest(store: Store, names: Sequence[str]) -> Digest | None:
    """Read files through; None if one of them is missing."""
    found: list[tuple[str, Digest]] = []
    for name in names:
        one = store.digest(name)
        if one is None:
            return None
        found.append((name, one))
    return combined(found)


def target_name(name: str, operation: Operation, selection: Selection) -> str:
    """Give the name that a file has when it is converted; what fails keeps its own."""
    return operation.renamed(name) if selection.takes(name) else name


def _contents(
    store: Store, names: Sequence[str], selection: Selection, unreadable: list[str]
) -> Iterator[tuple[tuple[str, bytes | None], str, bytes | None]]:
    for name in names:
        try:
            data = store.read(name) if selection.takes(name) else None
        except OSError as error:
            unreadable.append(f"{name}: cannot be read: {error.strerror or error}")
            continue
        yield (name, data), name, data


def _pass_on(store: Store, target: Store, name: str) -> Digest:
    with store.on_disk(name) as source, target.writing(name) as path:
        shutil.copyfile(source, path)
        shutil.copystat(source, path)
        return digest_file(path)


def _write(target: Store, name: str, data: bytes, attempt: Attempt | None, operation: Operation) -> tuple[str, Digest]:
    converted = None if attempt is None else attempt.converted
    new_name, content = (name, data) if converted is None else (operation.renamed(name), converted)
    with target.writing(new_name) as path:
        path.write_bytes(content)
    return new_name, digest_of(io.BytesIO(content))
