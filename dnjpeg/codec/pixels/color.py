"""YCbCr to RGB (JFIF 1.02, from ITU-R BT.601 over the full range), as libjpeg rounds it."""

from __future__ import annotations

from dnjpeg.codec.kernels.vector import (
    PERMUTES_BYTES,
    Memory,
    Scalar,
    Vector,
    bytes_by_sixteen,
    concatenate,
    operation,
    paired,
    shuffle,
)
from dnjpeg.codec.pixels.precision import center_of

__all__ = ["PIXELS", "RGB_BYTES", "planes_to_rgb", "ycc_to_rgb"]

PIXELS = 32  # done at once
RGB_BYTES = 3 * PIXELS  # their samples: bytes, if these have 8 bits


def _fix(x: float) -> int:
    return int(x * 65536 + 0.5)


HALF = 1 << 15


def _rounded_product(x: Vector, factor: int) -> Vector:
    """``(x * factor + 2^15) >> 16``, of less than 15 bits, in lanes of 16: the half is added behind one bit more."""
    return ((x + x).signed_high_product(factor) + 1) >> 1


@operation()
def ycc_to_rgb(samples: Memory, y: Scalar, cb: Scalar, cr: Scalar, rgb: Memory, pixel: Scalar) -> None:
    """Convert `PIXELS` pixels from three planes in one array to three samples each.

    R = Y + 1.402 Cr', G = Y - .34414 Cb' - .71414 Cr', B = Y + 1.772 Cb', with Cb' = Cb - 128 and Cr' = Cr - 128, or
    - 2048 of 12 bits. Each product is rounded to nearest. Weights of 1 and more have their whole part taken out, so
    that the rest fits 16 bits.
    """
    center = center_of(samples)
    luma = samples.load(y, PIXELS).unsigned(16)
    blueness = samples.load(cb, PIXELS).unsigned(16) - center
    redness = samples.load(cr, PIXELS).unsigned(16) - center
    for_green = paired(blueness, redness).pair_products(-_fix(0.34414), (1 << 16) - _fix(0.71414)) + HALF
    red = luma + redness + _rounded_product(redness, _fix(1.402) - (1 << 16))
    blue = luma + blueness + blueness + _rounded_product(blueness, _fix(1.772) - (2 << 16))
    green = luma - redness + for_green.upper()
    if rgb.bits == 8 and PERMUTES_BYTES:
        _store_bytes(red, green, blue, rgb, pixel)
        return
    limited = (x.clamped(0, 2 * center - 1).truncated(rgb.bits) for x in (red, green, blue))
    rgb.store(pixel, _interleaved(*limited))


def _store_bytes(red: Vector, green: Vector, blue: Vector, rgb: Memory, pixel: Scalar) -> None:
    """Limit samples to bytes and store them, whole registers as they are joined: LLVM would go another way with all."""
    red_green, blues = bytes_by_sixteen(red, green), bytes_by_sixteen(blue, blue)
    starts = (0, 8, red_green.lanes)
    order = [16 * (i // 8) + i % 8 + start for i in range(PIXELS) for start in starts]
    for first, last in ((0, 2 * PIXELS), (2 * PIXELS, 3 * PIXELS)):
        rgb.store(pixel + first, shuffle(red_green, blues, order[first:last]))


@operation()
def planes_to_rgb(samples: Memory, red: Scalar, green: Scalar, blue: Scalar, rgb: Memory, pixel: Scalar) -> None:
    """Join `PIXELS` pixels from three planes in one array to three samples each."""
    rgb.store(pixel, _interleaved(*(samples.load(plane, PIXELS) for plane in (red, green, blue))))


def _interleaved(red: Vector, green: Vector, blue: Vector) -> Vector:
    planes = concatenate([red, green, blue, blue])
    return planes.select(lane for i in range(PIXELS) for lane in (i, PIXELS + i, 2 * PIXELS + i))
