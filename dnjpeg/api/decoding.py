"""JPEG files to pixels, with the codec's own defaults."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from dnjpeg.api.choices import check_threads
from dnjpeg.codec import decoder
from dnjpeg.codec.format.limits import DEFAULT_LIMITS, Limits
from dnjpeg.codec.pixels.window import Region, Scale
from dnjpeg.steps import whole

if TYPE_CHECKING:
    from dnjpeg.codec.format.coding_tables import CodingTables
    from dnjpeg.steps import Steps

__all__ = ["decode", "decoder_for"]


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
    threads: int = 1,
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
    threads : int
        Threads for this one picture, from 1 on: with two or more, two share the scan of a large sequential file, and
        one makes the pixels; more than two make no difference. The pixels are the same. Many pictures at once are
        faster in `decode_batch`.

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
        If the scale is none of these, the region does not lie within the picture, `out` does not fit, or `threads` is
        no whole number from 1 on.
    """
    check_threads(threads)
    steps = decoder.decode(
        data,
        strict=strict,
        limits=limits or DEFAULT_LIMITS,
        scale=scale,
        region=region,
        orient=orient,
        out=out,
        coding_tables=coding_tables,
        threads=threads,
    )
    return whole(steps)


def decoder_for(*, limits: Limits | None, threads: int, **options: Any) -> Callable[..., Steps[npt.NDArray[Any]]]:
    """Return what `decode` does, in steps, with all these options but `out`."""
    check_threads(threads)
    return partial(decoder.decode, limits=limits or DEFAULT_LIMITS, threads=threads, **options)
