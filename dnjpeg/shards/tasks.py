"""What is done with a unit: its images converted, or counted into frequency statistics."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from dnjpeg import __version__
from dnjpeg.folders import IMAGE_SUFFIXES, JPEG_SUFFIXES
from dnjpeg.shards.conversion import Conversion, OnError, ShardError
from dnjpeg.shards.formats import folder, parquet, tar
from dnjpeg.shards.operations import Operation
from dnjpeg.shards.records import Counts, Failure
from dnjpeg.shards.selection import Selection
from dnjpeg.shards.stores import Digest, Store, digest_file
from dnjpeg.shards.units import Unit
from dnjpeg.statistics.collect import collect_items
from dnjpeg.statistics.extraction import Extraction
from dnjpeg.statistics.sources import Item

__all__ = ["Collect", "Convert", "Result", "Task", "source_digest"]


@dataclass(frozen=True)
class Result:
    """What came of a unit: what was read and written, and the count of it."""

    source: Digest
    output: Digest
    counts: Counts
    failures: tuple[Failure, ...]


class Task(Protocol):
    """What is done with a unit. It can be pickled."""

    def settings(self) -> dict[str, Any]:
        """Say all that the result depends on, as JSON can hold it."""

    def perform(self, unit: Unit, target: Store, threads: int) -> Result:
        """Do it, and write what comes of it, whole or not at all."""

    def outputs(self, unit: Unit, failures: tuple[Failure, ...]) -> list[str]:
        """Name the files that it wrote for a unit."""


_FORMATS: dict[str, Any] = {"tar": tar, "parquet": parquet}


@dataclass(frozen=True)
class Convert:
    """Convert each image, and pass on all else.

    Parameters
    ----------
    operation : Operation
    on_error : {"keep", "drop", "fail"}
    only : tuple of str
        See `Conversion`.
    """

    operation: Operation
    on_error: OnError = "keep"
    only: tuple[str, ...] = ()

    def settings(self) -> dict[str, Any]:
        """Say all that the result depends on."""
        return {"dnjpeg": __version__, "on_error": self.on_error, "only": list(self.only), **self.operation.settings()}

    def perform(self, unit: Unit, target: Store, threads: int) -> Result:
        """Convert a unit."""
        conversion = Conversion(self.operation, self.on_error, threads, self.only)
        if unit.kind == "files":
            before, after = folder.convert(unit.store, unit.names, target, conversion)
        else:
            with unit.store.on_disk(unit.names[0]) as source, target.writing(unit.target) as path:
                written = _FORMATS[unit.kind].convert(source, path, conversion)
                if written != conversion.written:
                    raise ShardError(f"there are {written} items where {conversion.written} should have been written")
                before, after = digest_file(source), digest_file(path)
        return Result(before, after, conversion.counts, tuple(conversion.failures))

    def target_name(self, name: str) -> str:
        """Give the name that a file has when it is converted."""
        return folder.target_name(name, self.operation, Selection(self.operation.suffixes, self.only))

    def outputs(self, unit: Unit, failures: tuple[Failure, ...]) -> list[str]:
        """Name the new shard, or the new files."""
        if unit.kind != "files":
            return [unit.target]
        failed = {failure.name for failure in failures}
        names = [name for name in unit.names if self.on_error == "keep" or name not in failed]
        return [name if name in failed else self.target_name(name) for name in names]


@dataclass(frozen=True)
class Collect:
    """Collect frequency statistics, as a file for each unit; `merge_parts` makes one of them.

    Parameters
    ----------
    extraction : Extraction
        What is taken from each image.
    every : int
        Take about one image in so many, chosen by the SHA-256 of its bytes: the same ones however the dataset is cut.
    data : str, optional
        A name of the data for the provenance.
    only : tuple of str
        Patterns of the items that are meant, see `Selection`.
    """

    extraction: Extraction
    every: int = 1
    data: str | None = None
    only: tuple[str, ...] = ()

    @property
    def rule(self) -> str:
        """How the images are chosen, in words."""
        return "every image" if self.every == 1 else f"one image in {self.every}, by the SHA-256 of its bytes"

    def settings(self) -> dict[str, Any]:
        """Say all that the result depends on."""
        how = self.extraction
        asked = {"domain": how.domain, "color": how.color, "subsampling": how.subsampling}
        return {
            "dnjpeg": __version__,
            "operation": "stats",
            **asked,
            "every": self.every,
            "data": self.data,
            "only": list(self.only),
        }

    def perform(self, unit: Unit, target: Store, threads: int) -> Result:
        """Collect the statistics of a unit."""
        counts = Counts()
        if unit.kind == "files":
            before = folder.digest(unit.store, unit.names)
            if before is None:
                raise ShardError("a file is gone")
            return self._collect(folder.images(unit.store, unit.names, self._selection), unit, target, counts, before)
        with unit.store.on_disk(unit.names[0]) as source:
            found = _FORMATS[unit.kind].images(source, self._selection)
            return self._collect(found, unit, target, counts, digest_file(source))

    @property
    def _selection(self) -> Selection:
        suffixes = JPEG_SUFFIXES if self.extraction.domain == "coefficients" else IMAGE_SUFFIXES
        return Selection(suffixes, self.only)

    def _collect(
        self, images: Iterator[tuple[str, bytes | None]], unit: Unit, target: Store, counts: Counts, before: Digest
    ) -> Result:
        statistics = collect_items(self._items(images, counts), self.extraction, rule=self.rule, data=self.data)
        counts.converted, counts.failed = statistics.origin.images, statistics.origin.failed
        with target.writing(unit.target + ".json") as path:
            statistics.save(path)
            after = digest_file(path)
        failures = tuple(Failure(failure.name, failure.reason) for failure in statistics.failures)
        return Result(before, after, counts, failures)

    def _items(self, images: Iterator[tuple[str, bytes | None]], counts: Counts) -> Iterator[Item]:
        for name, data in images:
            counts.items += 1
            if data is None or not self._is_chosen(data):
                counts.untouched += 1
                continue
            counts.bytes_before += len(data)
            yield Item(name, data)

    def _is_chosen(self, data: bytes) -> bool:
        return self.every == 1 or int.from_bytes(hashlib.sha256(data).digest(), "big") % self.every == 0

    def outputs(self, unit: Unit, failures: tuple[Failure, ...]) -> list[str]:
        """Name the file of the unit's statistics."""
        return [unit.target + ".json"]


def source_digest(unit: Unit) -> Digest | None:
    """Read a unit's source through; None if something of it is missing."""
    return folder.digest(unit.store, unit.names) if unit.kind == "files" else unit.store.digest(unit.names[0])
