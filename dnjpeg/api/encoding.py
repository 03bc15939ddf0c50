"""Pixels to JPEG files: resolve what the caller named, then call the codec."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dnjpeg.api.choices import TablesLike, check_threads, chosen_coding, chosen_levels, chosen_tables
from dnjpeg.codec import encoder
from dnjpeg.codec.encoding_plan import Encoding, steps_in_order
from dnjpeg.codec.format.coding_tables import steps_key
from dnjpeg.codec.format.metadata import Comment, described, per_inch
from dnjpeg.codec.format.script_text import ScriptLike
from dnjpeg.codec.format.subsampling import SubsamplingLike, resolve_subsampling
from dnjpeg.codec.kernels.beside import compile_next
from dnjpeg.steps import whole
from dnjpeg.tables.names import resolve

if TYPE_CHECKING:
    from dnjpeg.codec.format.coding_tables import CodingTables
    from dnjpeg.codec.trellis.choice import RateDistortion
    from dnjpeg.steps import Steps

__all__ = ["encode", "encoder_for"]

Pixels = npt.NDArray[np.uint8]

compile_next("dnjpeg.warm", "decoding")  # who encodes for the first time soon looks at what came of it


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
    compact: bool = False,
    wide_tables: bool = False,
    comment: Comment | None = None,
    exif: bytes | None = None,
    icc_profile: bytes | None = None,
    xmp: bytes | None = None,
    dpi: float | tuple[float, float] | None = None,
    jfif: bool = True,
    coding_tables: CodingTables | None = None,
    rdo: RateDistortion | float | None = None,
    threads: int = 1,
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
    compact : bool
        Tables that stand together share a segment (T.81 B.2.4.1, B.2.4.2) where libjpeg gives each its own: 16 bytes
        less of a baseline file in colours. All decoders read both.
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
    rdo : float or RateDistortion, optional
        Rate–distortion optimised quantization: of all levels between zero and the nearest one, those of the least
        squared error plus bits, which count the more the larger this number is: 0.05 to 0.2. `RateDistortion` has
        weights too. None: each coefficient becomes the nearest level.
    threads : int
        How many may work on this image, with the same result. It helps from about a megapixel on, in sequential files
        with Huffman coding, without restart markers and without `rdo`; others are encoded on one thread. For many
        images see `encode_batch`.

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
    check_threads(threads)
    to, levels = _chosen(
        tables,
        quality,
        subsampling,
        color,
        optimize,
        progressive,
        scans,
        arithmetic,
        restart,
        restart_rows,
        compact,
        wide_tables,
        comment,
        exif,
        icc_profile,
        xmp,
        dpi,
        jfif,
        coding_tables,
        rdo,
    )
    return whole(encoder.encode(pixels, to, rdo=levels, threads=threads))


def encoder_for(*, threads: int, **options: Any) -> Callable[[Pixels], Steps[bytes]]:
    """Return what `encode` does, in steps, with all these options: for many images they are looked into once."""
    check_threads(threads)
    to, levels = _chosen(**options)
    return partial(encoder.encode, to=to, rdo=levels, threads=threads)


def _chosen(
    tables: TablesLike | None,
    quality: int | None,
    subsampling: SubsamplingLike,
    color: str | None,
    optimize: bool,
    progressive: bool,
    scans: ScriptLike | None,
    arithmetic: bool,
    restart: int | None,
    restart_rows: int | None,
    compact: bool,
    wide_tables: bool,
    comment: Comment | None,
    exif: bytes | None,
    icc_profile: bytes | None,
    xmp: bytes | None,
    dpi: float | tuple[float, float] | None,
    jfif: bool,
    coding_tables: CodingTables | None,
    rdo: RateDistortion | float | None,
) -> tuple[Encoding, RateDistortion | None]:
    """Return what options of `encode` say."""
    chosen = chosen_tables(tables, quality, wide=wide_tables)
    if chosen is None and (coding_tables is None or not coding_tables.quantization):
        chosen = resolve(75)
    if coding_tables is not None:
        coding_tables.check()
    if chosen is None:
        assert coding_tables is not None
        arrays = steps_in_order(coding_tables)
    else:
        arrays = chosen.arrays if wide_tables else chosen.arrays_for_baseline()
    to = Encoding(
        tuple([steps_key(table) for table in arrays]),
        resolve_subsampling(subsampling),
        color,
        chosen_coding(optimize, progressive, arithmetic, scans, restart, restart_rows, compact),
        per_inch(dpi) if jfif else None,
        described(comment=comment, exif=exif, icc_profile=icc_profile, xmp=xmp),
        None if coding_tables is None else coding_tables.as_key(),
    )
    return to, chosen_levels(rdo)
