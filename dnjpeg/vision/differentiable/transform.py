"""The 8x8 DCT (T.81 A.3.3): in real numbers, and libjpeg's accurate integer method ("islow") bit for bit.

The integer method is that of `dnjpeg.codec.pixels.transform`, which explains it, in operations on tensors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from dnjpeg.codec.pixels.transform import (
    C0_298631336,
    C0_390180644,
    C0_541196100,
    C0_765366865,
    C0_899976223,
    C1_175875602,
    C1_501321110,
    C1_847759065,
    C1_961570560,
    C2_053119869,
    C2_562915447,
    C3_072711026,
    CONST_BITS,
    PASS1_BITS,
)
from dnjpeg.vision.differentiable.rounding import attach, integers

__all__ = ["block_dct", "blocks_to_plane", "inverse_block_dct", "plane_to_blocks"]


def plane_to_blocks(plane: torch.Tensor) -> torch.Tensor:
    """(N, 8 rows, 8 cols) samples to (N, rows, cols, 8, 8) blocks."""
    count, height, width = plane.shape
    return plane.reshape(count, height // 8, 8, width // 8, 8).transpose(2, 3)


def blocks_to_plane(blocks: torch.Tensor) -> torch.Tensor:
    """(N, rows, cols, 8, 8) blocks to (N, 8 rows, 8 cols) samples."""
    count, rows, cols = blocks.shape[:3]
    return blocks.transpose(2, 3).reshape(count, 8 * rows, 8 * cols)


def block_dct(samples: torch.Tensor, *, exact: bool = True) -> torch.Tensor:
    """Transform blocks of samples to coefficients.

    Parameters
    ----------
    samples : Tensor, (..., 8, 8)
        0..255; of integers if `exact`. They are shifted by -128.
    exact : bool
        The integer method, with the gradient of the DCT. It yields multiples of 1/8.

    Returns
    -------
    Tensor, (..., 8, 8)
        On the scale of the orthonormal DCT, natural order (row = vertical frequency): DC is 8 times the mean.
    """
    smooth = ((samples - 128).flatten(-2) @ _matrix(samples).T).reshape(samples.shape)
    if not exact:
        return smooth
    rows = _forward_pass((integers(samples) - 128).unbind(-1), first=True)
    columns = _forward_pass(torch.stack(rows, -1).unbind(-2), first=False)
    return attach(torch.stack(columns, -2).to(smooth.dtype) / 8, smooth)


def inverse_block_dct(coefficients: torch.Tensor, *, exact: bool = True) -> torch.Tensor:
    """Transform blocks of dequantized coefficients to samples, clipped to 0..255.

    Parameters
    ----------
    coefficients : Tensor, (..., 8, 8)
        On the scale of the orthonormal DCT, natural order; of integers of 16 bits if `exact`.
    exact : bool
        The integer method, with the gradient of the inverse DCT.

    Returns
    -------
    Tensor, (..., 8, 8)
        Samples 0..255. The gradient of what was clipped is zero.
    """
    smooth = (coefficients.flatten(-2) @ _matrix(coefficients)).reshape(coefficients.shape) + 128
    smooth = smooth.clamp(0, 255)
    if not exact:
        return smooth
    columns = _inverse_pass(_wrap(integers(coefficients)).unbind(-2), shift=CONST_BITS - PASS1_BITS)
    rows = _inverse_pass(torch.stack(columns, -2).unbind(-1), shift=CONST_BITS + PASS1_BITS + 3)
    return attach(torch.stack(rows, -1).clamp(-128, 127) + 128, smooth)


def _make_matrix() -> torch.Tensor:
    """Orthonormal 8x8 DCT as one (64, 64) matrix: 64 coefficients from 64 samples, both line by line."""
    n = torch.arange(8, dtype=torch.float64)
    once = torch.cos(n[:, None] * (2 * n[None, :] + 1) * (math.pi / 16)) / 2
    once = torch.cat([once[:1] / math.sqrt(2), once[1:]])
    return torch.kron(once, once)


_MATRIX = _make_matrix()


def _matrix(like: torch.Tensor) -> torch.Tensor:
    return _MATRIX.to(like.dtype).to(like.device)


def _wrap(x: torch.Tensor) -> torch.Tensor:
    """Keep 16 bits, as the lanes of a vector do."""
    return (x << 16) >> 16


def _rounded_shift(x: torch.Tensor, shift: int) -> torch.Tensor:
    return (x + (1 << (shift - 1))) >> shift


def _narrowed(x: torch.Tensor, shift: int) -> torch.Tensor:
    return _rounded_shift(x, shift).clamp(-32768, 32767)


def _rotated_pair(a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Rotation by 3 pi / 8 of the even part."""
    return (
        (C0_541196100 + C0_765366865) * a + C0_541196100 * b,
        C0_541196100 * a + (C0_541196100 - C1_847759065) * b,
    )


def _odd_part(
    t4: torch.Tensor, t5: torch.Tensor, t6: torch.Tensor, t7: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Odd part of the butterfly; the same for both directions up to the names of its ends."""
    z3, z4 = _wrap(t4 + t6), _wrap(t5 + t7)
    z3, z4 = (
        (C1_175875602 - C1_961570560) * z3 + C1_175875602 * z4,
        C1_175875602 * z3 + (C1_175875602 - C0_390180644) * z4,
    )
    return (
        (C0_298631336 - C0_899976223) * t4 - C0_899976223 * t7 + z3,
        (C2_053119869 - C2_562915447) * t5 - C2_562915447 * t6 + z4,
        -C2_562915447 * t5 + (C3_072711026 - C2_562915447) * t6 + z3,
        -C0_899976223 * t4 + (C1_501321110 - C0_899976223) * t7 + z4,
    )


def _forward_pass(d: Sequence[torch.Tensor], *, first: bool) -> list[torch.Tensor]:
    t0, t7 = d[0] + d[7], d[0] - d[7]
    t1, t6 = d[1] + d[6], d[1] - d[6]
    t2, t5 = d[2] + d[5], d[2] - d[5]
    t3, t4 = d[3] + d[4], d[3] - d[4]
    t10, t13 = t0 + t3, t0 - t3
    t11, t12 = t1 + t2, t1 - t2
    if first:
        o0, o4 = (t10 + t11) << PASS1_BITS, (t10 - t11) << PASS1_BITS
        shift = CONST_BITS - PASS1_BITS
    else:
        o0, o4 = _rounded_shift(t10 + t11, PASS1_BITS), _rounded_shift(t10 - t11, PASS1_BITS)
        shift = CONST_BITS + PASS1_BITS
    o2, o6 = _rotated_pair(t13, t12)
    o7, o5, o3, o1 = _odd_part(t4, t5, t6, t7)
    o1, o2, o3, o5, o6, o7 = (_rounded_shift(o, shift) for o in (o1, o2, o3, o5, o6, o7))
    return [o0, o1, o2, o3, o4, o5, o6, o7]


def _inverse_pass(x: Sequence[torch.Tensor], *, shift: int) -> list[torch.Tensor]:
    t3, t2 = _rotated_pair(x[2], x[6])
    t0, t1 = _wrap(x[0] + x[4]) << CONST_BITS, _wrap(x[0] - x[4]) << CONST_BITS
    t10, t13 = t0 + t3, t0 - t3
    t11, t12 = t1 + t2, t1 - t2
    o0, o1, o2, o3 = _odd_part(x[7], x[5], x[3], x[1])
    ends = [t10 + o3, t11 + o2, t12 + o1, t13 + o0, t13 - o0, t12 - o1, t11 - o2, t10 - o3]
    return [_narrowed(end, shift) for end in ends]
