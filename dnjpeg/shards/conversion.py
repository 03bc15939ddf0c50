"""The images of one shard through an operation: each may fail, and each is counted."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from dnjpeg.errors import JpegError
from dnjpeg.parallel import ordered_map
from dnjpeg.shards.operations import Operation
from dnjpeg.shards.records import Counts, Failure, one_line
from dnjpeg.shards.selection import Selection

__all__ = ["ON_ERROR", "Attempt", "Conversion", "OnError", "ShardError"]

OnError = Literal["keep", "drop", "fail"]
ON_ERROR = ("keep", "drop", "fail")

T = TypeVar("T")


class ShardError(Exception):
    """A shard cannot be read, or not be converted as asked; the message says why."""


@dataclass(frozen=True)
class Attempt:
    """What became of one image.

    Parameters
    ----------
    name : str
        What it is called in its shard.
    before : int
        Its size in bytes.
    converted : bytes, optional
        None if it failed.
    reason : str
        Why it failed.
    """

    name: str
    before: int
    converted: bytes | None = None
    reason: str = ""


@dataclass
class Conversion:
    """An operation at work on one shard, and what has come of it so far.

    Parameters
    ----------
    operation : Operation
    on_error : {"keep", "drop", "fail"}
        What becomes of an image that cannot be converted: it stays in its place as it is; it is left out with all that
        belongs to its sample; or the shard fails.
    threads : int
        How many images to work on at a time.
    only : tuple of str
        Patterns of the items that are meant, see `Selection`.
    """

    operation: Operation
    on_error: OnError = "keep"
    threads: int = 1
    only: tuple[str, ...] = ()
    counts: Counts = field(default_factory=Counts)
    failures: list[Failure] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.on_error not in ON_ERROR:
            raise ValueError(f"unknown on_error {self.on_error!r}: choose from {', '.join(ON_ERROR)}")

    def convert(self, images: Iterable[tuple[T, str, bytes | None]]) -> Generator[tuple[T, Attempt | None]]:
        """Convert images on several threads, in their order.

        Parameters
        ----------
        images : iterable of (anything, name, bytes or None)
            None: nothing that the operation is for. The first is handed back with the result.

        Yields
        ------
        (anything, Attempt or None)
        """

        def work(image: tuple[T, str, bytes | None]) -> tuple[T, Attempt | None]:
            handle, name, data = image
            return handle, None if data is None else self._attempt(name, data)

        return ordered_map(work, images, self.threads)

    def _attempt(self, name: str, data: bytes) -> Attempt:
        try:
            return Attempt(name, len(data), self.operation(data))
        except (JpegError, ValueError) as error:
            return Attempt(name, len(data), reason=one_line(str(error)))
        except Exception as error:  # one image out of a billion must not end the run, whatever it makes us run into
            return Attempt(name, len(data), reason=one_line(f"{type(error).__name__}: {error}"))

    def settle(self, attempt: Attempt | None) -> bool:
        """Count one item; return whether it is to be written, as it was or converted.

        Raises
        ------
        ShardError
            If it failed, and so shall the shard.
        """
        self.counts.items += 1
        if attempt is None:
            self.counts.untouched += 1
            return True
        if attempt.converted is not None:
            self.counts.converted += 1
            self.counts.bytes_before += attempt.before
            self.counts.bytes_after += len(attempt.converted)
            return True
        self.counts.failed += 1
        self.failures.append(Failure(attempt.name, attempt.reason))
        if self.on_error == "fail":
            raise ShardError(f"{attempt.name}: {attempt.reason}")
        return self.on_error == "keep"

    def drop(self, count: int) -> None:
        """Count items that are left out with one that failed."""
        self.counts.items += count
        self.counts.dropped += count

    @property
    def selection(self) -> Selection:
        """Which items are meant."""
        return Selection(self.operation.suffixes, self.only)

    @property
    def written(self) -> int:
        """How many items the new shard must have."""
        kept = self.counts.failed if self.on_error == "keep" else 0
        return self.counts.converted + self.counts.untouched + kept
