"""What became of a shard, as the small JSON file beside it, and of all of them together.

::

    {"format": "dnjpeg shard", "version": 1, "settings": "<SHA-256>", "source": {"bytes": n, "sha256": "..."},
     "output": {"bytes": n, "sha256": "..."}, "counts": {"items": n, "converted": n, "untouched": n, "failed": n,
     "dropped": n, "bytes_before": n, "bytes_after": n}, "failures": [{"name": "...", "reason": "..."}],
     "warnings": {"text": n}}

It holds neither a time nor a machine's name, so that two runs leave the same files.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, NamedTuple

from dnjpeg.shards.stores import Digest

__all__ = ["Counts", "Failure", "Outcome", "Record", "Totals", "combined", "one_line", "settings_hash"]

FORMAT = "dnjpeg shard"
VERSION = 1


class Failure(NamedTuple):
    """Something that could not be worked on, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass
class Counts:
    """What a shard held, and what became of it: ``items == converted + untouched + failed + dropped``.

    Parameters
    ----------
    items : int
        Members of a tar file, images of a Parquet file, files of a folder.
    converted : int
        Images that the operation took.
    untouched : int
        What the operation is not for: it was passed on as it was, or, by statistics, passed over.
    failed : int
        Images that the operation could not take.
    dropped : int
        What was left out because an image of the same sample failed.
    bytes_before, bytes_after : int
        Of the images that were converted.
    """

    items: int = 0
    converted: int = 0
    untouched: int = 0
    failed: int = 0
    dropped: int = 0
    bytes_before: int = 0
    bytes_after: int = 0

    def add(self, other: Counts) -> None:
        """Add another's numbers."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    @property
    def missing(self) -> int:
        """How many items are not accounted for; anything but 0 is a fault of this program."""
        return self.items - self.converted - self.untouched - self.failed - self.dropped


@dataclass(frozen=True)
class Record:
    """What became of one shard.

    Parameters
    ----------
    settings : str
        `settings_hash` of what the shard was made with.
    source, output : Digest
        What it was made from, and what was made. Those of a part of a folder are of all its files.
    counts : Counts
    failures : tuple of Failure
        Each image that failed, in the order of the shard.
    warnings : mapping
        How often each warning came up.
    """

    settings: str
    source: Digest
    output: Digest
    counts: Counts
    failures: tuple[Failure, ...] = ()
    warnings: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """Write it as a file."""
        content = {
            "format": FORMAT,
            "version": VERSION,
            "settings": self.settings,
            "source": asdict(self.source),
            "output": asdict(self.output),
            "counts": asdict(self.counts),
            "failures": [failure._asdict() for failure in self.failures],
            "warnings": dict(sorted(self.warnings.items())),
        }
        return (json.dumps(content, indent=1) + "\n").encode()

    @classmethod
    def from_json(cls, data: bytes) -> Record:
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            If it is something else.
        """
        try:
            content = json.loads(data)
            if content["format"] != FORMAT or content["version"] != VERSION:
                raise ValueError("another format or version")
            return cls(
                str(content["settings"]),
                Digest(**content["source"]),
                Digest(**content["output"]),
                Counts(**content["counts"]),
                tuple(Failure(**failure) for failure in content["failures"]),
                Counter(content["warnings"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"not the record of a shard: {error}") from None


@dataclass(frozen=True)
class Outcome:
    """What the work on one unit ended with: a record, or an error.

    Parameters
    ----------
    unit : str
        The unit's name, for people.
    target : str
        What tells it from all others.
    record : Record, optional
        None if the unit failed as a whole.
    resumed : bool
        An earlier run had finished it.
    error : str
        Why it failed.
    fatal : bool
        The others would fail like this one: the disk is full.
    """

    unit: str
    target: str
    record: Record | None = None
    resumed: bool = False
    error: str = ""
    fatal: bool = False


@dataclass
class Totals:
    """What became of all shards: ``shards == made + resumed + failed_shards``."""

    shards: int = 0
    made: int = 0
    resumed: int = 0
    failed_shards: int = 0
    counts: Counts = field(default_factory=Counts)
    source_bytes: int = 0
    output_bytes: int = 0

    def add(self, outcome: Outcome) -> None:
        """Take in an outcome."""
        if outcome.record is None:
            self.failed_shards += 1
            return
        self.resumed += outcome.resumed
        self.made += not outcome.resumed
        self.counts.add(outcome.record.counts)
        self.source_bytes += outcome.record.source.bytes
        self.output_bytes += outcome.record.output.bytes

    def discrepancies(self) -> list[str]:
        """Say what does not add up."""
        found = []
        if lost := self.shards - self.made - self.resumed - self.failed_shards:
            found.append(f"{lost} of {self.shards} shards are not accounted for")
        if self.counts.missing:
            found.append(f"{self.counts.missing} of {self.counts.items} items are not accounted for")
        return found

    def to_json(self) -> dict[str, Any]:
        """Give it as a dictionary that JSON can hold."""
        return asdict(self)


def one_line(text: str) -> str:
    """Give a reason as records and lists have it."""
    return " ".join(text.split()) or "no reason given"


def settings_hash(settings: Mapping[str, Any]) -> str:
    """SHA-256 of settings, 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def combined(digests: Iterable[tuple[str, Digest]]) -> Digest:
    """Give one digest for several named files."""
    content, size = hashlib.sha256(), 0
    for name, digest in digests:
        content.update(f"{digest.sha256} {digest.bytes} {name}\n".encode(errors="surrogateescape"))
        size += digest.bytes
    return Digest(size, content.hexdigest())
