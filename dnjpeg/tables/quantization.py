"""QuantizationTables: the steps by which a JPEG encoder divides, with their name and where they come from."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from dnjpeg.errors import JpegWarning
from dnjpeg.tables import files
from dnjpeg.tables.steps import (
    MAX_BASELINE_STEP,
    MAX_SCALED_STEP,
    MAX_TABLES,
    Table,
    check_quality,
    check_step,
    scaled_steps,
)

__all__ = ["QuantizationTables"]

_LABELS = {1: ("all components",), 2: ("luma", "chroma"), 3: ("Y", "Cb", "Cr")}


@dataclass(frozen=True, init=False, eq=False, repr=False)
class QuantizationTables:
    """Quantization steps for the components of an image; immutable.

    ``QuantizationTables(luma, chroma)``, or one table for all components, or one for each. Two values are equal if
    their steps are; what they are called and where they come from is not compared.

    Parameters
    ----------
    *tables : array-like of int, (8, 8)
        One to four tables of steps 1..65535, natural order (row = vertical frequency), on the scale of the orthonormal
        DCT of 8-bit samples (T.81 A.3.4). A component beyond the last table uses the last one.
    name : str, optional
        What to call them: one line.
    provenance : mapping, optional
        Where they come from, as JSON can hold it: ``method``, ``parameters``, the statistics' hash, the data.

    Attributes
    ----------
    arrays : tuple of ndarray, uint16, (8, 8)
        The tables, natural order, read-only.
    name : str or None
        What they are called.

    Raises
    ------
    ValueError
        If a table has another shape, or a step that is not an integer or not in range; it names the place.
    """

    arrays: tuple[Table, ...]
    name: str | None
    _provenance: str = field(repr=False)

    def __init__(
        self, *tables: npt.ArrayLike, name: str | None = None, provenance: Mapping[str, Any] | None = None
    ) -> None:
        if not 1 <= len(tables) <= MAX_TABLES:
            raise ValueError(f"{len(tables)} quantization tables, must be 1 to {MAX_TABLES}")
        arrays = tuple(_check_table(table, _place(index, len(tables))) for index, table in enumerate(tables))
        object.__setattr__(self, "arrays", arrays)
        object.__setattr__(self, "name", _check_name(name))
        object.__setattr__(self, "_provenance", _check_provenance(provenance))

    @property
    def provenance(self) -> dict[str, Any]:
        """Where they come from: ``method``, ``parameters`` and what else is known; a copy."""
        return json.loads(self._provenance)  # type: ignore[no-any-return]

    @property
    def luma(self) -> Table:
        """The first component's table."""
        return self.arrays[0]

    @property
    def chroma(self) -> Table:
        """The second component's table."""
        return self.for_components(2)[1]

    @property
    def labels(self) -> tuple[str, ...]:
        """What each table is for: ``("luma", "chroma")``, for example."""
        return _LABELS.get(len(self.arrays)) or tuple(f"component {index + 1}" for index in range(len(self.arrays)))

    @cached_property
    def max_step(self) -> int:
        """The largest step of all."""
        return max(int(table.max()) for table in self.arrays)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the steps, 64 hexadecimal digits; name and provenance are not part of it."""
        content = hashlib.sha256(b"dnjpeg quantization tables 1")
        for table in self.arrays:
            content.update(table.astype(">u2").tobytes())
        return content.hexdigest()

    def for_components(self, count: int) -> tuple[Table, ...]:
        """Give each of an image's components its table.

        Parameters
        ----------
        count : int
            How many components there are, 1..4.

        Returns
        -------
        tuple of ndarray, uint16, (8, 8)
            One a component, natural order. Components beyond the last table have the last one.
        """
        if not 1 <= count <= MAX_TABLES:
            raise ValueError(f"{count} components, must be 1 to {MAX_TABLES}")
        return tuple(self.arrays[min(index, len(self.arrays) - 1)] for index in range(count))

    def scaled(self, quality: int, *, wide: bool = False) -> QuantizationTables:
        """Scale the steps as libjpeg scales the standard ones for a quality (jpeg_set_quality with force_baseline).

        ::

            s = 5000 // quality       quality < 50
                200 - 2 * quality     otherwise
            q = (q * s + 50) // 100, at least 1, at most 255

        So 50 leaves steps up to 255 as they are, and 100 makes all of them 1 whatever they were.

        Parameters
        ----------
        quality : int
            1..100.
        wide : bool
            Steps up to 32,767 instead, as libjpeg without force_baseline; they need an extended file.

        Raises
        ------
        ValueError
            If it is not.
        """
        quality = check_quality(quality)
        largest = MAX_SCALED_STEP if wide else MAX_BASELINE_STEP
        return QuantizationTables(
            *(scaled_steps(table, quality, largest) for table in self.arrays),
            name=f"{self.name or 'unnamed'} at quality {quality}",
            provenance={
                "method": "quality scaling",
                "parameters": {"quality": quality},
                "tables": {"name": self.name, "digest": self.digest, "provenance": self.provenance},
            },
        )

    def renamed(self, name: str) -> QuantizationTables:
        """Return the same tables under another name."""
        return QuantizationTables(*self.arrays, name=name, provenance=self.provenance)

    def arrays_for_baseline(self) -> tuple[Table, ...]:
        """Give the tables as a baseline file can hold them: steps above 255 become 255, with a warning.

        Returns
        -------
        tuple of ndarray, uint16, (8, 8)
            One for each table there is, natural order, 1..255.

        Warns
        -----
        JpegWarning
            If a step had to be changed.
        """
        if self.max_step <= MAX_BASELINE_STEP:
            return self.arrays
        count = sum(int((table > MAX_BASELINE_STEP).sum()) for table in self.arrays)
        named = f"{self.name}: " if self.name else ""
        steps = "1 step is" if count == 1 else f"{count} steps are"
        warnings.warn(
            f"{named}{steps} above {MAX_BASELINE_STEP} (up to {self.max_step}), the largest of a baseline file, "
            f"which gets {MAX_BASELINE_STEP} instead",
            JpegWarning,
            stacklevel=2,
        )
        return tuple(_read_only(np.minimum(table, MAX_BASELINE_STEP)) for table in self.arrays)

    def grids(self) -> str:
        """Lay the tables out for reading: a line of what each is for, then its eight rows in natural order."""
        width = len(str(self.max_step)) + 1
        blocks = (
            "\n".join([f"{label}:", *("".join(f"{step:{width}d}" for step in row) for row in table.tolist())])
            for label, table in zip(self.labels, self.arrays, strict=True)
        )
        return "\n\n".join(blocks)

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write a table file: JSON if the name ends in ``.json``, otherwise cjpeg's ``-qtables`` text.

        The text holds steps alone: name and provenance become comments, which `load` does not read.

        Raises
        ------
        FileExistsError
            If there is a file and `overwrite` is False.
        OSError
            If it cannot be written.
        """
        files.save(self, path, overwrite=overwrite)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> QuantizationTables:
        """Read a table file, JSON or text whatever its name.

        Raises
        ------
        ValueError
            If it holds no quantization tables; it says where and why.
        OSError
            If it cannot be read.
        """
        content = files.load(path)
        try:
            return cls(*content.tables, name=content.name, provenance=content.provenance)
        except ValueError as error:
            raise ValueError(files.refusal(path, error)) from None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, QuantizationTables):
            return NotImplemented
        return self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        count = "1 table" if len(self.arrays) == 1 else f"{len(self.arrays)} tables"
        smallest = min(int(table.min()) for table in self.arrays)
        return (
            f"<QuantizationTables {self.name or 'unnamed'}: {count}, steps {smallest} to {self.max_step}, "
            f"digest {self.digest[:12]}>"
        )

    def __reduce__(self) -> tuple[object, ...]:
        # Through the constructor: an unpickled array would no longer be read-only.
        return _rebuild, (self.arrays, self.name, self._provenance)


def _rebuild(arrays: tuple[Table, ...], name: str | None, provenance: str) -> QuantizationTables:
    return QuantizationTables(*arrays, name=name, provenance=json.loads(provenance))


def _place(index: int, count: int) -> str:
    return f"quantization table {index + 1} of {count}" if count > 1 else "the quantization table"


def _check_table(table: npt.ArrayLike, place: str) -> Table:
    uneven = ValueError(f"{place} has rows of different lengths, must be 8 rows of 8 steps")
    try:
        steps = np.asarray(table)
    except (ValueError, OverflowError):
        raise uneven from None
    if steps.dtype == object and any(isinstance(row, list | tuple) for row in steps.flat):
        raise uneven
    if steps.shape != (8, 8):
        raise ValueError(f"{place} must be 8 rows of 8 steps, not {_shape(steps)}")
    for (row, col), step in np.ndenumerate(steps):
        check_step(step, f"{place}, row {row + 1}, column {col + 1}")
    return _read_only(steps.astype(np.uint16))


def _shape(steps: npt.NDArray[Any]) -> str:
    if steps.ndim < 2:
        return f"{steps.size} {'number' if steps.size == 1 else 'numbers'} in a row"
    return f"an array of shape {steps.shape}"


def _read_only(table: Table) -> Table:
    table.flags.writeable = False
    return table


def _check_name(name: str | None) -> str | None:
    if name is not None and (not isinstance(name, str) or not name.isprintable() or not name.strip()):
        raise ValueError(f"the name of quantization tables is one line of text, not {name!r}")
    return name


def _check_provenance(provenance: Mapping[str, Any] | None) -> str:
    try:
        text = json.dumps(dict(provenance or {}), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the provenance of quantization tables must be what JSON can hold: {error}") from None
    return text
