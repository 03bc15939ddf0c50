"""Files and their coefficients, and from file to file: resolve what the caller named, then call the codec."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from dnjpeg.api.choices import TablesLike, chosen_coding, chosen_levels, chosen_tables
from dnjpeg.codec import lossless, scan_reader, transcoder, writer
from dnjpeg.codec.format.coding_tables import steps_key
from dnjpeg.codec.format.limits import DEFAULT_LIMITS, Limits
from dnjpeg.codec.format.metadata import Comment, described, per_inch
from dnjpeg.codec.format.script_text import ScriptLike
from dnjpeg.codec.pixels.window import Region
from dnjpeg.codec.transcoding_plan import Transcoding
from dnjpeg.steps import whole

if TYPE_CHECKING:
    from dnjpeg.codec.format.coding_tables import CodingTables
    from dnjpeg.codec.format.coefficients import CoefficientImage
    from dnjpeg.codec.trellis.choice import RateDistortion
    from dnjpeg.steps import Steps

__all__ = ["read", "transcode", "transcoder_for", "write"]


def read(
    data: bytes,
    *,
    strict: bool = True,
    limits: Limits | None = None,
    coding_tables: CodingTables | None = None,
) -> CoefficientImage:
    """Read the quantized coefficients of a JPEG file, without any loss.

    Parameters and errors are those of `decode`; `CoefficientImage.warnings` says what was wrong if `strict` is False.
    """
    return scan_reader.read(data, strict=strict, limits=limits or DEFAULT_LIMITS, coding_tables=coding_tables)


def write(
    image: CoefficientImage,
    *,
    optimize: bool = True,
    progressive: bool = False,
    scans: ScriptLike | None = None,
    arithmetic: bool = False,
    restart: int | None = None,
    restart_rows: int | None = None,
    compact: bool = False,
    coding_tables: CodingTables | None = None,
) -> bytes:
    """Write coefficients as a JPEG file: baseline, extended sequential if a step is above 255, or progressive.

    A file of 12-bit samples (`Frame.precision`) is extended sequential or progressive, and always has Huffman tables
    made for it.

    Parameters
    ----------
    image : CoefficientImage
        What to write.
    optimize, progressive, scans, arithmetic
        As in `encode`.
    restart, restart_rows : int, optional
        As in `encode`; neither: `CoefficientImage.restart_interval`; 0: none.
    compact : bool
        As in `encode`.
    coding_tables : CodingTables, optional
        As in `encode`; quantization tables that are not the image's are not left out.

    Raises
    ------
    ValueError
        If a coefficient does not fit the standard's range (AC -1023..1023, DC difference -2047..2047; of 12-bit samples
        -16383..16383 and -32767..32767), or an argument is none of these.
    """
    if coding_tables is not None:
        coding_tables.check()
    return writer.write(
        image,
        chosen_coding(optimize, progressive, arithmetic, scans, restart, restart_rows, compact),
        coding_tables,
    )


def transcode(
    data: bytes,
    *,
    tables: TablesLike | None = None,
    quality: int | None = None,
    optimize: bool = True,
    progressive: bool | None = None,
    scans: ScriptLike | None = None,
    arithmetic: bool | None = None,
    restart: int | None = None,
    restart_rows: int | None = None,
    compact: bool = False,
    wide_tables: bool = False,
    copy: str = "all",
    comment: Comment | None = None,
    exif: bytes | None = None,
    icc_profile: bytes | None = None,
    xmp: bytes | None = None,
    dpi: float | tuple[float, float] | None = None,
    orient: bool = False,
    operation: lossless.Operation | None = None,
    crop: Region | None = None,
    trim: bool = False,
    perfect: bool = False,
    grayscale: bool = False,
    rdo: RateDistortion | float | None = None,
    limits: Limits | None = None,
    coding_tables: CodingTables | None = None,
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
    scans : str, path or sequence of ScriptScan, optional
        As in `encode`.
    arithmetic : bool, optional
        Arithmetic coding, or Huffman coding; as the file is by default.
    restart, restart_rows : int, optional
        As in `encode`; neither: the file's own interval; 0: none.
    compact : bool
        As in `encode`.
    wide_tables : bool
        As in `encode`, of tables that are given; those of the file are kept as they are.
    copy : {"all", "icc", "comments", "none"}
        What metadata to keep: all of it (EXIF, XMP, ICC profile, comments, other application segments), only the ICC
        profile, only the comments, or nothing. The density of the JFIF segment is always kept.
    comment, exif, icc_profile, xmp, dpi
        As in `encode`, in the place of what the file has of the kind.
    orient : bool
        Turn the image as its EXIF orientation says, which then says that it is upright.
    operation : str, optional
        Turn or mirror it, then, without loss: ``"rotate 90"`` and the others of `lossless.transform`.
    crop : (top, left, height, width), optional
        Crop it, then, to whole MCUs; see `lossless.transform`.
    trim, perfect : bool
        Cut off, or refuse, edges that cannot be mirrored; see `lossless.transform`.
    grayscale : bool
        Drop the colours of a YCbCr image.
    rdo : float or RateDistortion, optional
        As in `encode`, with the file's coefficients as they are; with its own tables too, which is then a loss.
    limits : Limits, optional
        Bounds on size.
    coding_tables : CodingTables, optional
        As in `decode`; the new file has all its tables.

    Returns
    -------
    bytes
        A JPEG file of the same size, unless it was turned or cropped, and the same sampling.

    Notes
    -----
    A coefficient k of step q becomes ``round(k q / q')``, halves away from zero. Values that were rounded once are
    rounded again: the result is not what encoding the original photo with q' would give, but is never further than
    half a step q' from the file's own coefficients.

    Raises
    ------
    JpegError
        If the bytes are not a JPEG file that can be read.
    ValueError
        If an argument is none of the above, or the image cannot be turned or cropped so.
    """
    to = _chosen(
        tables,
        quality,
        optimize,
        progressive,
        scans,
        arithmetic,
        restart,
        restart_rows,
        compact,
        wide_tables,
        copy,
        comment,
        exif,
        icc_profile,
        xmp,
        dpi,
    )
    steps = transcoder.transcode(
        data,
        to,
        limits=limits or DEFAULT_LIMITS,
        coding_tables=coding_tables,
        rearranged=_rearranging(orient, grayscale, operation, crop, trim, perfect),
        rdo=chosen_levels(rdo),
    )
    return whole(steps)


def transcoder_for(
    *,
    orient: bool,
    grayscale: bool,
    operation: lossless.Operation | None,
    crop: Region | None,
    trim: bool,
    perfect: bool,
    rdo: RateDistortion | float | None,
    limits: Limits | None,
    coding_tables: CodingTables | None,
    **options: Any,
) -> Callable[[bytes], Steps[bytes]]:
    """Return what `transcode` does, in steps, with all these options: for many files they are looked into once."""
    return partial(
        transcoder.transcode,
        to=_chosen(**options),
        limits=limits or DEFAULT_LIMITS,
        coding_tables=coding_tables,
        rearranged=_rearranging(orient, grayscale, operation, crop, trim, perfect),
        rdo=chosen_levels(rdo),
    )


def _chosen(
    tables: TablesLike | None,
    quality: int | None,
    optimize: bool,
    progressive: bool | None,
    scans: ScriptLike | None,
    arithmetic: bool | None,
    restart: int | None,
    restart_rows: int | None,
    compact: bool,
    wide_tables: bool,
    copy: str,
    comment: Comment | None,
    exif: bytes | None,
    icc_profile: bytes | None,
    xmp: bytes | None,
    dpi: float | tuple[float, float] | None,
) -> Transcoding:
    """Return what options of `transcode` say."""
    chosen = chosen_tables(tables, quality, wide=wide_tables)
    arrays = None
    if chosen is not None:
        arrays = chosen.arrays if wide_tables else chosen.arrays_for_baseline()
    return Transcoding(
        None if arrays is None else tuple([steps_key(table) for table in arrays]),
        chosen_coding(optimize, progressive, arithmetic, scans, restart, restart_rows, compact),
        copy,
        None if dpi is None else per_inch(dpi),
        described(comment=comment, exif=exif, icc_profile=icc_profile, xmp=xmp),
    )


def _rearranging(
    orient: bool,
    grayscale: bool,
    operation: lossless.Operation | None,
    crop: Region | None,
    trim: bool,
    perfect: bool,
) -> Callable[[CoefficientImage], CoefficientImage] | None:
    """Return what options of `transcode` do with the coefficients of a file; None: nothing."""
    if not orient and not grayscale and operation is None and crop is None:
        return None
    return partial(
        lossless.rearrange,
        orient=orient,
        grayscale=grayscale,
        operation=operation,
        crop=crop,
        trim=trim,
        perfect=perfect,
    )
