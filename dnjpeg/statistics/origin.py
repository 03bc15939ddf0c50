"""Where statistics come from, and what could not be taken in."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

__all__ = ["Failure", "Origin"]


@dataclass(frozen=True, order=True)
class Failure:
    """An image that could not be read, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True)
class Origin:
    """Where statistics come from.

    Parameters
    ----------
    images, failed : int
        How many images were taken in, and how many could not be read.
    domain, color, subsampling
        What was taken from each image, see `collect_statistics`.
    sampling : tuple of str
        The rule that chose the images; several if statistics of different rules were merged, sorted.
    data : tuple of str
        Names of the data, as the user gave them, sorted.
    """

    images: int
    failed: int
    domain: str
    color: str
    subsampling: str | None
    sampling: tuple[str, ...]
    data: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give it as a dictionary that JSON can hold."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def merged(self, other: Origin) -> Origin:
        """Add up what both came from."""
        return replace(
            self,
            images=self.images + other.images,
            failed=self.failed + other.failed,
            sampling=tuple(sorted({*self.sampling, *other.sampling})),
            data=tuple(sorted({*self.data, *other.data})),
        )
