"""The public functions: resolve what the caller named, then call the codec."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dnjpeg.codec import decoder, encoder, scan_reader, transcoder, writer
from dnjpeg.codec.limits import Limits
from dnjpeg.codec.window import Region, Scale
from dnjpeg.inspection import Inspection, collect
from dnjpeg.tables import QuantizationTables, resolve

if TYPE_CHECKING:
    from dnjpeg.codec.coefficients import CoefficientImage

__all__ = ["TablesLike", "decode", "encode", "inspect", "read", "transcode", "write"]

TablesLike = QuantizationTables | str | PathLike[str] | int
Pixels = npt.NDArray[np.uint8]


def encode(
    pixels: Pixels,
    *,
    tables: TablesLike | None = None,
    quality: int | None = None,
    subsampling: str = "4:2:0",
    optimize: bool = True,
    progressive: bool = False,
    arithmetic: bool = False,
    restart: int | None = None,
) -> bytes:
    """Encode pixels as a JPEG file (JFIF), baseline or progressive.

    With the same tables, subsampling and Huffman choice the bytes are those that libjpeg-turbo writes (islow DCT).

    Parameters
    ----------
    pixels : ndarray, uint8, (H, W, 3) or (H, W)
        RGB or gray, 1 to 65,535 pixels a side.
    tables : QuantizationTables, str, path or int, optional
        A value, the name of shipped tables, a table file, or a quality 1..100 of the standard tables.
    quality : int, optional
        1..100. Scales `tables` as libjpeg scales the standard ones; without `tables`, the standard tables at this
        quality. Neither: quality 75.
    subsampling : {"4:2:0", "4:4:4", "4:2:2", "4:4:0", "4:1:1"}
        Chroma subsampling; gray has none.
    optimize : bool
        Huffman tables made for this image (T.81 K.2) instead of the standard ones (K.3); a progressive file always
        has them.
    progressive : bool
        Progressive scans, by libjpeg's script (T.81 Annex G).
    arithmetic : bool
        Arithmetic instead of Huffman coding (T.81 Annex D): smaller, but few programs read it; `optimize` has then no
        meaning.
    restart : int, optional
        Ri, a restart marker after so many MCUs, 1..65535.

    Returns
    -------
    bytes
        A whole file, SOI to EOI.

    Raises
    ------
    ValueError, TypeError
        If an argument is none of the above.
    """
    chosen = _chosen(tables, quality) or resolve(75)
    return encoder.encode(
        pixels,
        chosen.arrays_for_baseline(),
        subsampling=subsampling,
        optimize=optimize,
        progressive=progressive,
        arithmetic=arithmetic,
        restart=restart or 0,
    )


def decode(
    data: bytes,
    *,
    strict: bool = True,
    limits: Limits | None = None,
    scale: Scale = 1,
    region: Region | None = None,
    out: Pixels | None = None,
) -> Pixels:
    """Decode a JPEG file to pixels, as libjpeg-turbo does (islow inverse DCT, fancy upsampling).

    Parameters
    ----------
    data : bytes-like
        A whole file.
    strict : bool
        True: anything wrong with the image data is an error. False: what could be decoded, the rest as libjpeg shows
        it, with a `JpegWarning` for what is missing.
    limits : Limits, optional
        Bounds on size; the defaults suit photographs.
    scale : Fraction, float or int
        1/8, 2/8, … 8/8: size of the picture, rounded up. The inverse DCT gives it directly, with the pixels of
        libjpeg's ``djpeg -scale``, in a fraction of the time; `scale_for` chooses one.
    region : (top, left, height, width), optional
        In pixels of the scaled picture: decode only this part of it. The pixels are those of the whole. What lies below
        is not looked at if the file is sequential, so that errors in it are not found.
    out : ndarray, uint8, C-contiguous, optional
        Where to write; of the shape that is returned.

    Returns
    -------
    ndarray, uint8, (H, W, 3) or (H, W)
        RGB or gray; of the region, or of the whole scaled picture.

    Raises
    ------
    JpegError
        If the bytes are not a JPEG file that can be decoded; it names the offset and the reason.
    ValueError
        If the scale is none of these, the region does not lie within the picture, or `out` does not fit.
    """
    return decoder.decode(data, strict=strict, limits=limits or Limits(), scale=scale, region=region, out=out)


def read(data: bytes, *, strict: bool = True, limits: Limits | None = None) -> CoefficientImage:
    """Read the quantized coefficients of a JPEG file, without any loss.

    Parameters and errors are those of `decode`; `CoefficientImage.warnings` says what was wrong if `strict` is False.
    """
    return scan_reader.read(data, strict=strict, limits=limits or Limits())


def write(
    image: CoefficientImage, *, optimize: bool = True, progressive: bool = False, arithmetic: bool = False
) -> bytes:
    """Write coefficients as a JPEG file: baseline, extended sequential if a step is above 255, or progressive.

    Parameters
    ----------
    image : CoefficientImage
        What to write.
    optimize : bool
        As in `encode`.
    progressive : bool
        As in `encode`.
    arithmetic : bool
        As in `encode`.

    Raises
    ------
    ValueError
        If a coefficient does not fit the standard's range (AC -1023..1023, DC difference -2047..2047).
    """
    return writer.write(image, optimize=optimize, progressive=progressive, arithmetic=arithmetic)


def transcode(
    data: bytes,
    *,
    tables: TablesLike | None = None,
    quality: int | None = None,
    optimize: bool = True,
    progressive: bool | None = None,
    arithmetic: bool | None = None,
    limits: Limits | None = None,
) -> bytes:
    """Rewrite a JPEG file, with other quantization tables or without loss, and never through pixels.

    Parameters
    ----------
    data : bytes-like
        A whole file.
    tables, quality
        As in `encode`; neither: the file's own tables and coefficients, only coded anew.
    optimize : bool
        Huffman tables made for this image instead of the standard ones; a progressive file always has them.
    progressive : bool, optional
        Progressive scans, or not; as the file is by default.
    arithmetic : bool, optional
        Arithmetic coding, or Huffman coding; as the file is by default.
    limits : Limits, optional
        Bounds on size.

    Returns
    -------
    bytes
        A JPEG file of the same size, sampling, restart interval and metadata (EXIF, ICC profile, comments, …).

    Notes
    -----
    A coefficient k of step q becomes ``round(k q / q')``, halves away from zero. Values that were rounded once are
    rounded again: the result is not what encoding the original photo with q' would give, but is never further than
    half a step q' from the file's own coefficients.

    Raises
    ------
    JpegError
        If the bytes are not a JPEG file that can be read.
    """
    chosen = _chosen(tables, quality)
    return transcoder.transcode(
        data,
        chosen.arrays_for_baseline() if chosen else None,
        optimize=optimize,
        progressive=progressive,
        arithmetic=arithmetic,
        limits=limits or Limits(),
    )


def inspect(data: bytes, *, limits: Limits | None = None) -> Inspection:
    """Find out what lies inside a file, valid or not: segments, geometry, tables, and where the bytes go.

    Nothing in the file is an error: what is wrong with it is told in `Inspection.problems`, each with its offset, and
    the walk goes on behind it. It takes time and memory in proportion to the file's size; the coefficients are decoded
    once, to find faults in them, if `limits` allow it.

    Parameters
    ----------
    data : bytes-like
        A whole file.
    limits : Limits, optional
        Bounds on what is decoded; what is beyond them is walked through all the same, and `Usage.note` says so.

    Returns
    -------
    Inspection
        Printed, it is the report of ``dnjpeg inspect``; `Inspection.as_dict` is what ``--json`` writes.
    """
    return collect.inspect(data, limits=limits or Limits())


def _chosen(tables: TablesLike | None, quality: int | None) -> QuantizationTables | None:
    """Tables that were named, scaled if a quality was given too; None if neither was."""
    if tables is None:
        return None if quality is None else resolve(quality)
    return resolve(tables) if quality is None else resolve(tables).scaled(quality)
