"""What competes: a way to turn pixels into bytes and back, with a name and everything that decides the bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import dnjpeg
from dnjpeg.codec.format.zigzag import ZIGZAG
from dnjpeg.machine import shipped_ladder

if TYPE_CHECKING:
    from dnjpeg.tables import QuantizationTables

__all__ = ["Contender", "JpegCoder", "MachineCoder", "jpeg_contender", "machine_contender"]

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Contender:
    """One point of a curve.

    Parameters
    ----------
    name : str
        Tells it apart, for example ``"JPEG 75"``.
    family : str
        The curve it is on, for example ``"JPEG"``.
    setting : float or None
        Its place on the curve: a quality, a step, a number of coefficients. None if the family is one point.
    settings : mapping
        All that decides the bytes; values that JSON has.
    encode : callable
        Pixels, uint8 ``(H, W, 3)`` or ``(H, W)``, to a whole file. Called from several threads.
    decode : callable
        The inverse.
    encoder, decoder : str
        Names and versions.
    tables : QuantizationTables, optional
        The quantization tables, if it has any of its own that hold for every image.
    """

    name: str
    family: str
    setting: float | None
    settings: Mapping[str, Any]
    encode: Callable[[Pixels], bytes] = field(repr=False)
    decode: Callable[[bytes], Pixels] = field(repr=False)
    encoder: str
    decoder: str
    tables: QuantizationTables | None = None

    @cached_property
    def settings_json(self) -> str:
        """The settings as one line of JSON with sorted keys."""
        return json.dumps(dict(self.settings), sort_keys=True)

    @property
    def table_hash(self) -> str | None:
        """Hash of the quantization tables' values."""
        return None if self.tables is None else self.tables.digest

    @property
    def identity(self) -> tuple[str | None, ...]:
        """Everything that decides its bytes and pixels; the name is not part of it."""
        return self.settings_json, self.table_hash, self.encoder, self.decoder


@dataclass(frozen=True)
class JpegCoder:
    """Baseline JPEG with given tables, optimal Huffman codes, and possibly without the last coefficients.

    Parameters
    ----------
    tables : QuantizationTables
        Steps.
    subsampling : str
        As in `dnjpeg.encode`.
    dropped : int
        How many coefficients at the end of the zigzag scan are set to zero in every block (RM-HF).
    """

    tables: QuantizationTables
    subsampling: str = "4:2:0"
    dropped: int = 0

    def encode(self, pixels: Pixels) -> bytes:
        """Encode pixels to a whole JPEG file."""
        data = dnjpeg.encode(pixels, tables=self.tables, subsampling=self.subsampling)
        return self._without_last(data) if self.dropped else data

    def decode(self, data: bytes) -> Pixels:
        """Decode what `encode` wrote."""
        return dnjpeg.decode(data)

    def _without_last(self, data: bytes) -> bytes:
        """Set the last coefficients of the scan to zero, which no table can promise: a large one survives any step."""
        image = dnjpeg.read(data)
        last = list(ZIGZAG[64 - self.dropped :])
        for blocks in image.coefficients:
            blocks.reshape(-1, 64)[:, last] = 0
        return dnjpeg.write(image)


@dataclass(frozen=True)
class MachineCoder:
    """Files for networks, see `dnjpeg.encode_for_machines`.

    Parameters
    ----------
    quality : int
        1..100.
    subsampling : str
        As in `dnjpeg.encode`.
    effort : str
        As in `dnjpeg.encode_for_machines`.
    """

    quality: int
    subsampling: str = "4:2:0"
    effort: str = "best"

    def encode(self, pixels: Pixels) -> bytes:
        """Encode pixels to a whole JPEG file."""
        return dnjpeg.encode_for_machines(
            pixels, quality=self.quality, subsampling=self.subsampling, effort=self.effort
        )

    def decode(self, data: bytes) -> Pixels:
        """Decode what `encode` wrote."""
        return dnjpeg.decode(data)


def machine_contender(name: str, family: str, coder: MachineCoder) -> Contender:
    """Make a contender of files for networks."""
    return Contender(
        name=name,
        family=family,
        setting=coder.quality,
        settings={
            "format": "JPEG",
            "preset": "machine",
            "effort": coder.effort,
            "subsampling": coder.subsampling,
            "quality": coder.quality,
            "rungs": shipped_ladder().at(1).provenance["rungs"],
        },
        encode=coder.encode,
        decode=coder.decode,
        encoder=f"dnjpeg {dnjpeg.__version__}",
        decoder=f"dnjpeg {dnjpeg.__version__}",
    )


def jpeg_contender(
    name: str,
    family: str,
    setting: float | None,
    tables: QuantizationTables,
    *,
    subsampling: str = "4:2:0",
    dropped: int = 0,
) -> Contender:
    """Make a contender of quantization tables; parameters as for `Contender` and `JpegCoder`."""
    coder = JpegCoder(tables, subsampling, dropped)
    return Contender(
        name=name,
        family=family,
        setting=setting,
        settings={
            "format": "JPEG",
            "process": "baseline",
            "huffman": "optimal",
            "subsampling": subsampling,
            "dropped": dropped,
        },
        encode=coder.encode,
        decode=coder.decode,
        encoder=f"dnjpeg {dnjpeg.__version__}",
        decoder=f"dnjpeg {dnjpeg.__version__}",
        tables=tables,
    )
