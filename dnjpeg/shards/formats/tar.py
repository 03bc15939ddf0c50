"""Tar files, WebDataset's shards: only the bytes of converted images change, and their sizes in the headers.

A header is copied as it is, whatever its dialect and extensions; for a converted image the size and the checksum in it
are written anew (POSIX ustar: octal digits at 124 and 148 of the header block). Only an image that gets another name
gets a new header.
"""

from __future__ import annotations

import copy
import gzip
import re
import shutil
import tarfile
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from dnjpeg.shards.conversion import Attempt, Conversion, ShardError
from dnjpeg.shards.selection import Selection

__all__ = ["SUFFIXES", "convert", "images"]

SUFFIXES = (".tar", ".tar.gz", ".tgz")

_BLOCK = tarfile.BLOCKSIZE
_PIECE = 1 << 20
_GNU_MAGIC = b"ustar  \0"
_SAMPLE = re.compile(r"((?:.*/)?[^/.]+)\.[^/]*", re.DOTALL)  # WebDataset: a sample's key ends at the first dot


@dataclass(frozen=True)
class Member:
    """One member: where its header, with all that comes before it, its content and what pads it lie in the file."""

    info: tarfile.TarInfo
    begin: int
    content: int
    end: int

    @property
    def name(self) -> str:
        return self.info.name

    def is_meant(self, selection: Selection) -> bool:
        plain = self.info.isreg() and not self.info.issparse()
        return plain and selection.takes(self.name)

    def read(self, file: BinaryIO) -> bytes:
        file.seek(self.content)
        return file.read(self.info.size)


def images(source: Path, selection: Selection) -> Iterator[tuple[str, bytes | None]]:
    """Read the images: each member's name, and its bytes if it is an image.

    Raises
    ------
    ShardError
        If it is no tar file, or is cut off.
    """
    with _plain(source) as file:
        for member in _members(file):
            yield member.name, member.read(file) if member.is_meant(selection) else None


def convert(source: Path, target: Path, conversion: Conversion) -> int:
    """Make one tar file of another, member by member in order; return how many members the new one has.

    With ``on_error="drop"`` all members of the failed image's sample are left out.

    Raises
    ------
    ShardError
        If the source is no tar file, or is cut off, or an image failed and so shall the shard.
    """
    with _plain(source) as file, target.open("wb") as raw:
        if _is_compressed(source):
            # The header of the compressed file holds neither a name nor a time: the same input gives the same bytes.
            with gzip.GzipFile("", "wb", 6, raw, mtime=0) as out:
                _convert(file, out, conversion)  # type: ignore[arg-type]  # all that is called is write and tell
        else:
            _convert(file, raw, conversion)
    with _plain(target) as file:
        return sum(1 for _ in _members(file))


def _convert(file: BinaryIO, out: BinaryIO, conversion: Conversion) -> None:
    selection = conversion.selection
    items = (
        (member, member.name, member.read(file) if member.is_meant(selection) else None) for member in _members(file)
    )
    names = {member.name for member in _members(file)}  # and a file that is cut off shows before any work
    for sample in _samples(conversion.convert(items), whole=conversion.on_error == "drop"):
        failed = [one for _, one in sample if one is not None and one.converted is None]
        if failed and conversion.on_error == "drop":
            for one in failed:
                conversion.settle(one)
            conversion.drop(len(sample) - len(failed))
            continue
        for member, attempt in sample:
            unique = _without_collision(attempt, conversion, names)
            if conversion.settle(unique):
                _write(file, out, member, unique, conversion)
    out.write(bytes(2 * _BLOCK))  # the end of the archive, and what fills its last record
    out.write(bytes(-out.tell() % tarfile.RECORDSIZE))


def _samples(
    results: Generator[tuple[Member, Attempt | None]], *, whole: bool
) -> Iterator[list[tuple[Member, Attempt | None]]]:
    """Gather the members of a sample, if that matters: neighbours whose names are the same up to the first dot."""
    sample: list[tuple[Member, Attempt | None]] = []
    last: str | None = None
    try:
        for result in results:
            found = _SAMPLE.fullmatch(result[0].name) if whole else None
            key = found[1] if found else None
            if sample and (key is None or key != last):
                yield sample
                sample = []
            sample.append(result)
            last = key
    finally:
        results.close()
    if sample:
        yield sample


def _without_collision(attempt: Attempt | None, conversion: Conversion, names: set[str]) -> Attempt | None:
    """Make a failure of an image whose new name another member has."""
    if attempt is None or attempt.converted is None:
        return attempt
    name = conversion.operation.renamed(attempt.name)
    if name != attempt.name and name in names:
        return Attempt(attempt.name, attempt.before, reason=f"another member of the shard is called {name}")
    names.add(name)
    return attempt


def _write(file: BinaryIO, out: BinaryIO, member: Member, attempt: Attempt | None, conversion: Conversion) -> None:
    if attempt is None or attempt.converted is None:
        _copy(file, out, member.begin, member.end)
        return
    name = conversion.operation.renamed(member.name)
    if name == member.name and "size" not in member.info.pax_headers:
        file.seek(member.begin)
        header = file.read(member.content - member.begin)
        out.write(header[:-_BLOCK] + _resized(header[-_BLOCK:], len(attempt.converted)))
    else:
        _copy(file, out, member.begin, member.info.offset)
        out.write(_renamed(file, member, name, len(attempt.converted)))
    out.write(attempt.converted)
    out.write(bytes(-len(attempt.converted) % _BLOCK))


def _resized(block: bytes, size: int) -> bytes:
    """Give a header block another size, and so another checksum: the sum of its bytes, its own field as spaces."""
    changed = bytearray(block)
    changed[124:136] = b"%011o\0" % size
    changed[148:156] = b" " * 8
    changed[148:156] = b"%06o\0 " % sum(changed)
    return bytes(changed)


def _renamed(file: BinaryIO, member: Member, name: str, size: int) -> bytes:
    file.seek(member.content - _BLOCK + 257)
    dialect: Literal[1, 2] = tarfile.GNU_FORMAT if file.read(8) == _GNU_MAGIC else tarfile.PAX_FORMAT
    info = copy.copy(member.info)
    info.name, info.size = name, size
    info.pax_headers = {key: value for key, value in info.pax_headers.items() if key not in {"path", "size"}}
    return info.tobuf(dialect, tarfile.ENCODING, "surrogateescape")


def _copy(file: BinaryIO, out: BinaryIO, begin: int, end: int) -> None:
    file.seek(begin)
    while begin < end:
        piece = file.read(min(_PIECE, end - begin))
        out.write(piece)
        begin += len(piece)


def _is_compressed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


@contextmanager
def _plain(path: Path) -> Iterator[BinaryIO]:
    """Open a tar file; a compressed one is decompressed into a temporary file first."""
    if not _is_compressed(path):
        with path.open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile(prefix="dnjpeg-") as file:
        try:
            with gzip.open(path) as compressed:
                shutil.copyfileobj(compressed, file, _PIECE)
        except (EOFError, gzip.BadGzipFile) as error:
            raise ShardError(f"the compressed file is damaged or cut off: {error}") from None
        file.seek(0)
        yield file


def _members(file: BinaryIO) -> Iterator[Member]:
    """Read the headers from first to last.

    Python's tarfile takes a file that is cut off, or has rubbish in place of a header, for one that ends there. Here
    it ends with at least one block of zeros, and nothing but zeros.
    """
    size = file.seek(0, 2)
    file.seek(0)
    if size == 0:
        raise ShardError("the file is empty: even an empty tar file has its end mark")
    place = count = 0
    try:
        with tarfile.open(fileobj=file, mode="r:", errorlevel=1) as tar:
            while (info := tar.next()) is not None:
                end = tar.offset  # where the next header is looked for
                if end > size:
                    raise ShardError(f"cut off in {info.name}, member {count + 1}, at byte {size}")
                yield Member(info, place, info.offset_data, end)
                count += 1
                place = end
                tar.members = []  # type: ignore[attr-defined]  # or it would keep them all
    except tarfile.TarError as error:
        raise ShardError(f"not a tar file, or cut off, after {count} members at byte {place}: {error}") from None
    _check_end(file, place, size, count)


def _check_end(file: BinaryIO, place: int, size: int, count: int) -> None:
    if size - place < _BLOCK:
        raise ShardError(f"cut off after {count} members: there is no end mark at byte {place}")
    file.seek(place)
    while piece := file.read(_PIECE):
        if piece.strip(b"\0"):
            raise ShardError(f"after {count} members, from byte {place} on, there is neither a header nor the end mark")
