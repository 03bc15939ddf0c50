"""The public functions: resolve what the caller named, then call the codec."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dnjpeg.choices import TablesLike, chosen_coding, chosen_tables
from dnjpeg.codec import decoder, encoder, lossless, reader, scan_reader, transcoder, writer
from dnjpeg.codec.format.limits import Limits
from dnjpeg.codec.format.metadata import Comment, described, per_inch
from dnjpeg.codec.format.script_text import ScriptLike
from dnjpeg.codec.format.subsampling import SubsamplingLike, resolve_subsampling
from dnjpeg.codec.pixels.window import Region, Scale
from dnjpeg.tables import resolve

if TYPE_CHECKING:
    from dnjpeg.codec.format.coding_tables import CodingTables
    from dnjpeg.codec.format.coefficients import CoefficientImage
    from dnjpeg.codec.format.headers import Headers
    from dnjpeg.inspection import Inspection

__all__ = ["TablesLike", "decode", "encode", "inspect", "read", "read_header", "transcode", "write"]

Pixels = npt.NDArray[np.uint8]


def encode(
    pixels: Pixels,
    *,
    tables: TablesLike | None = None,
    quality: int | None = None,
    subsampling: SubsamplingLike = "4:2:0",
    color: str | None = None,
    optimize: bool = True,
    progressive: bool = False,
    scans: ScriptLike | None = None,
    arithmetic: bool = False,
    restart: int | None = None,
    restart_rows: int | None = None,
    wide_tables: bool = False,
    comment: Comment | None = None,
    exif: bytes | None = None,
    icc_profile: bytes | None = None,
    xmp: bytes | None = None,
    dpi: float | tuple[float, float] | None = None,
    jfif: bool = True,
    coding_tables: CodingTables | None = None,
) -> bytes:
    """Encode pixels as a JPEG file, baseline or progressive.

    With the same tables, subsampling and Huffman choice the bytes are those that libjpeg-turbo writes (islow DCT).

    Parameters
    ----------
    pixels : ndarray, uint8, (H, W, 3), (H, W) or (H, W, 4)
        RGB, gray, or CMYK as Pillow has it (0 is no ink); 1 to 65,535 pixels a side.
    tables : QuantizationTables, str, path or int, optional
        A value, the name of shipped tables, a table file, or a quality 1..100 of the standard tables.
    quality : int, optional
        1..100. Scales `tables` as libjpeg scales the standard ones; without `tables`, the standard tables at this
        quality. Neither: quality 75.
    subsampling : {"4:2:0", "4:4:4", "4:2:2", "4:4:0", "4:1:1", "4:4:1", "4:1:0"}, or sampling factors
        Chroma subsampling; gray, RGB and CMYK have no chroma. Or the sampling factors 1 to 4 of each component, across
        and down, in the text of ``cjpeg -sample`` (``"2x1,1x2,1x1"``) or as pairs of numbers: those that are left out
        are 1x1.
    color : {"YCbCr", "RGB", "grayscale", "CMYK", "YCCK"}, optional
        What is stored: of RGB pixels Y, Cb and Cr by default, the pixels as they are, or Y alone; of CMYK pixels these,
        the other way round as Adobe's programs store them, or YCCK, which is much smaller.
    optimize : bool
        Huffman tables made for this image (T.81 K.2) instead of the standard ones (K.3); a progressive file always
        has them.
    progressive : bool
        Progressive scans, by libjpeg's script (T.81 Annex G).
    scans : "smallest", str, path or sequence of ScriptScan, optional
        A scan script of your own: the text that ``cjpeg -scans`` takes, the path of such a file, or its scans. It
        decides whether the file is progressive, whatever `progressive` says; a sequential one may hold its components
        in separate scans. The rules are libjpeg's: a progressive script may leave out AC bands or their last bits,
        which are then lost. ``"smallest"`` finds the script that makes the progressive file smallest, in some forty
        times the time.
    arithmetic : bool
        Arithmetic instead of Huffman coding (T.81 Annex D): smaller, but few programs read it; `optimize` has then no
        meaning.
    restart : int, optional
        Ri, a restart marker after so many MCUs, 1..65535.
    restart_rows : int, optional
        Instead of that: a restart marker after so many rows of MCUs. A row of a scan that holds one component has
        other MCUs than one that holds all, so the interval differs from scan to scan.
    wide_tables : bool
        Steps above 255 as they are, up to 65,535 (scaled ones up to 32,767), in an extended sequential or a
        progressive file; few programs outside libjpeg's family read these. Otherwise they become 255.
    comment : str, bytes, or sequence of these, optional
        For COM segments; text in UTF-8.
    exif : bytes, optional
        An EXIF block: with its signature, as Pillow has it, or from the TIFF header on.
    icc_profile : bytes, optional
        An ICC profile, up to 16 MB; long ones are divided into several segments.
    xmp : bytes, optional
        An XMP packet, up to 65,504 bytes.
    dpi : float or (across, down), optional
        Dots per inch, for the JFIF segment; rounded to whole numbers.
    jfif : bool
        False leaves the JFIF segment out: 18 bytes less. Decoders take the file for the same, if they go by the usual
        component identifiers.
    coding_tables : CodingTables, optional
        Tables that decoders have already, from `shared_tables`: the file leaves them out. Its quantization tables are
        taken if neither `tables` nor `quality` is given, its Huffman tables unless coding is progressive or arithmetic;
        what is not there is made and written as usual.

    Returns
    -------
    bytes
        A whole file, SOI to EOI.

    Raises
    ------
    ValueError, TypeError
        If an argument is none of the above; of a scan script it names the line, or the scan.

    Warns
    -----
    JpegWarning
        If steps above 255 were made smaller.
    """
    chosen = chosen_tables(tables, quality, wide=wide_tables)
    if chosen is None and (coding_tables is None or not coding_tables.quantization):
        chosen = resolve(75)
    arrays = None
    if chosen is not None:
        arrays = chosen.arrays if wide_tables else chosen.arrays_for_baseline()
    return encoder.encode(
        pixels,
        arrays,
        subsampling=resolve_subsampling(subsampling),
        color=color,
        coding=chosen_coding(optimize, progressive, arithmetic, scans, restart, restart_rows),
        jfif=per_inch(dpi) if jfif else None,
        metadata=described(comment=comment, exif=exif, icc_profile=icc_profile, xmp=xmp),
        coding_tables=coding_tables,
    )


def decode(
    data: bytes,
    *,
    strict: bool = True,
    limits: Limits | None = None,
    scale: Scale = 1,
    region: Region | None = None,
    orient: bool = False,
    out: npt.NDArray[Any] | None = None,
    coding_tables: CodingTables | None = None,
) -> npt.NDArray[Any]:
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
    orient : bool
        Turn or mirror the picture as its EXIF orientation says; a region is then one of the upright picture.
    out : ndarray, uint8 or uint16, C-contiguous, optional
        Where to write; of the shape and type that are returned.
    coding_tables : CodingTables, optional
        Tables that an abbreviated file leaves out, from `read_tables` or `shared_tables`.

    Returns
    -------
    ndarray, uint8, (H, W, 3), (H, W), (H, W, 4) or (H, W, 2)
        RGB, gray, CMYK, or two components as they are, of whatever they mean; of the region, or of the whole scaled
        picture. Files of 12 bits a sample give uint16, 0..4095.

    Notes
    -----
    In CMYK 0 is no ink and 255 (4095) all of it, as in Pillow; files have it the other way round. No colour profile is
    applied. Where sampling factors have a ratio that is no whole number (3:2, which libjpeg refuses), a pixel gets the
    sample at ``floor(x Hi / Hmax)``, ``floor(y Vi / Vmax)`` (T.81 A.1.1), at any scale.

    Raises
    ------
    JpegError
        If the bytes are not a JPEG file that can be decoded; it names the offset and the reason.
    ValueError
        If the scale is none of these, the region does not lie within the picture, or `out` does not fit.
    """
    return decoder.decode(
        data,
        strict=strict,
        limits=limits or Limits(),
        scale=scale,
        region=region,
        orient=orient,
        out=out,
        coding_tables=coding_tables,
    )


def read_header(data: bytes, *, limits: Limits | None = None, coding_tables: CodingTables | None = None) -> Headers:
    """Read what a JPEG file says of itself before its first scan: size, components, colour, tables, metadata.

    It takes a fraction of a millisecond and no memory for pixels: enough to choose the scale for `decode`.

    Parameters
    ----------
    data : bytes-like
        A file, or the beginning of one up to its first scan header.
    limits : Limits, optional
        Bounds on size.
    coding_tables : CodingTables, optional
        As in `decode`.

    Raises
    ------
    JpegError
        If the headers are not those of a JPEG file that can be decoded.
    """
    return reader.Reader(data, True, limits or Limits(), coding_tables).headers()


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
    return scan_reader.read(data, strict=strict, limits=limits or Limits(), coding_tables=coding_tables)


def write(
    image: CoefficientImage,
    *,
    optimize: bool = True,
    progressive: bool = False,
    scans: ScriptLike | None = None,
    arithmetic: bool = False,
    restart: int | None = None,
    restart_rows: int | None = None,
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
        chosen_coding(optimize, progressive, arithmetic, scans, restart, restart_rows),
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
    chosen = chosen_tables(tables, quality, wide=wide_tables)
    arrays = None
    if chosen is not None:
        arrays = chosen.arrays if wide_tables else chosen.arrays_for_baseline()
    rearranged = partial(
        lossless.rearrange,
        orient=orient,
        grayscale=grayscale,
        operation=operation,
        crop=crop,
        trim=trim,
        perfect=perfect,
    )
    return transcoder.transcode(
        data,
        arrays,
        chosen_coding(optimize, progressive, arithmetic, scans, restart, restart_rows),
        limits=limits or Limits(),
        coding_tables=coding_tables,
        copy=copy,
        jfif=None if dpi is None else per_inch(dpi),
        metadata=described(comment=comment, exif=exif, icc_profile=icc_profile, xmp=xmp),
        rearranged=rearranged if orient or grayscale or operation is not None or crop is not None else None,
    )


def inspect(data: bytes, *, limits: Limits | None = None, coding_tables: CodingTables | None = None) -> Inspection:
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
    coding_tables : CodingTables, optional
        As in `decode`.

    Returns
    -------
    Inspection
        Printed, it is the report of ``dnjpeg inspect``; `Inspection.as_dict` is what ``--json`` writes.
    """
    from dnjpeg.inspection import collect  # noqa: PLC0415 - nothing else needs it, and it takes time

    return collect.inspect(data, limits=limits or Limits(), coding_tables=coding_tables)
