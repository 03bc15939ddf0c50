"""Components, sampling factors, and the geometry of MCUs and blocks (T.81 A.1, A.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from dnjpeg.codec.format.hashing import HASH, hashed_once

__all__ = ["ARITHMETIC", "PROGRESSIVE", "SUBSAMPLINGS", "Component", "Frame", "coding_process", "sampling_factors"]

DEPENDS_ON_SIZE = ("shapes", HASH)  # what a frame has found out and what another of its kind must find out anew

PROGRESSIVE = 2  # n of the SOFn marker of the progressive Huffman process
ARITHMETIC = 8  # added to n where the entropy coding is arithmetic

# J:a:b notation -> luma sampling factors (H, V), chroma having 1x1
SUBSAMPLINGS = {
    "4:4:4": (1, 1),
    "4:2:2": (2, 1),
    "4:2:0": (2, 2),
    "4:4:0": (1, 2),
    "4:1:1": (4, 1),
    "4:4:1": (1, 4),
    "4:1:0": (4, 2),
}


def coding_process(*, progressive: bool, arithmetic: bool, extended: bool = False) -> int:
    """Return n of the SOFn marker; arithmetic-coded sequential files are always extended (table B.1)."""
    sequential = int(extended or arithmetic)
    return (PROGRESSIVE if progressive else sequential) + (ARITHMETIC if arithmetic else 0)


def sampling_factors(subsampling: str) -> tuple[int, int]:
    """Luma sampling factors ``(H, V)`` for a name such as ``"4:2:0"``.

    Raises
    ------
    ValueError
        If the name is not one of `SUBSAMPLINGS`.
    """
    try:
        return SUBSAMPLINGS[subsampling]
    except (KeyError, TypeError):
        raise ValueError(f"unknown subsampling {subsampling!r}: choose from {', '.join(SUBSAMPLINGS)}") from None


def _check_range(name: str, value: int, least: int, most: int, component: int | None = None) -> None:
    if not least <= value <= most:
        whose = "" if component is None else f" of component {component}"
        raise ValueError(f"{name}{whose} {value}, must be {least} to {most}")


@dataclass(frozen=True)
class Component:
    """One component's parameters in a frame header (T.81 B.2.2).

    Parameters
    ----------
    identifier : int
        Ci, 0..255.
    horizontal, vertical : int
        Sampling factors Hi and Vi, 1..4.
    table : int
        Tqi, the quantization table slot, 0..3.
    """

    identifier: int
    horizontal: int
    vertical: int
    table: int


@hashed_once
@dataclass(frozen=True)
class Frame:
    """A frame header (T.81 B.2.2) and what follows from it.

    Parameters
    ----------
    height, width : int
        Y and X, in pixels, 1..65535.
    components : tuple of Component
        In the order of the frame header.
    precision : int
        P, bits per sample.
    process : int
        n of the SOFn marker: 0 baseline, 1 extended sequential, 2 progressive; with arithmetic coding 9 and 10.
    """

    height: int
    width: int
    components: tuple[Component, ...]
    precision: int = 8
    process: int = 0

    @cached_property
    def max_horizontal(self) -> int:
        """Hmax (A.1.1)."""
        return max(component.horizontal for component in self.components)

    @cached_property
    def max_vertical(self) -> int:
        """Vmax (A.1.1)."""
        return max(component.vertical for component in self.components)

    @cached_property
    def progressive(self) -> bool:
        """Whether the coefficients come in several scans that complement one another."""
        return self.process & ~ARITHMETIC == PROGRESSIVE

    @cached_property
    def arithmetic(self) -> bool:
        """Whether the entropy coding is arithmetic."""
        return self.process & ARITHMETIC != 0

    @property
    def mcu_cols(self) -> int:
        """Interleaved MCUs in a row of MCUs (A.2.3)."""
        return -(-self.width // (8 * self.max_horizontal))

    @property
    def mcu_rows(self) -> int:
        """Rows of interleaved MCUs (A.2.3)."""
        return -(-self.height // (8 * self.max_vertical))

    def sample_shape(self, index: int) -> tuple[int, int]:
        """``(y_i, x_i)``: lines and samples a line of a component (A.1.1)."""
        return self.shapes[index][:2]

    def block_shape(self, index: int) -> tuple[int, int]:
        """``(rows, columns)`` of 8x8 blocks that hold a component's samples, without those that only fill an MCU."""
        return self.shapes[index][2:]

    @cached_property
    def shapes(self) -> tuple[tuple[int, int, int, int], ...]:
        """`sample_shape` and `block_shape` of each component."""
        shapes = []
        rows, columns = self.max_vertical, self.max_horizontal
        for component in self.components:
            lines = -(-self.height * component.vertical // rows)
            samples = -(-self.width * component.horizontal // columns)
            shapes.append((lines, samples, -(-lines // 8), -(-samples // 8)))
        return tuple(shapes)

    def resized(self, height: int, width: int) -> Frame:
        """Return the same frame of another size; what does not depend on that is not worked out again."""
        return self if (height, width) == (self.height, self.width) else _resized(self, height, width)

    def check(self) -> None:
        """Raise `ValueError` if a parameter is not one that a frame header can hold (table B.2)."""
        for name in ("height", "width"):
            _check_range(name, getattr(self, name), 1, 65535)
        for index, part in enumerate(self.components):
            _check_range("identifier", part.identifier, 0, 255, index)
            _check_range("horizontal sampling factor", part.horizontal, 1, 4, index)
            _check_range("vertical sampling factor", part.vertical, 1, 4, index)
            _check_range("quantization table slot", part.table, 0, 3, index)
        if self.precision not in (8, 12):
            raise ValueError(f"precision {self.precision}, must be 8 or 12 bits")

    def with_tables(self, slots: tuple[int, ...]) -> Frame:
        """Return the same frame whose components refer to other quantization table slots."""
        return replace(
            self,
            components=tuple(replace(c, table=slot) for c, slot in zip(self.components, slots, strict=True)),
        )


@lru_cache(256)
def _resized(other: Frame, height: int, width: int) -> Frame:
    frame = object.__new__(Frame)
    values = vars(frame)
    values.update(vars(other), height=height, width=width)
    for name in DEPENDS_ON_SIZE:
        values.pop(name, None)
    return frame
