"""Compile, or load from the cache, what the first calls would otherwise wait for."""

from __future__ import annotations

import numpy as np

from dnjpeg import api

__all__ = ["decoding", "warmup"]

# One block of nothing, gray: quantization steps of 1, a DC and an AC table with one code each, for zero.
_FILE = (
    b"\xff\xd8"
    b"\xff\xdb\0\x43\0" + 64 * b"\1" + b"\xff\xc0\0\x0b\x08\0\x08\0\x08\x01\x01\x11\0"
    b"\xff\xc4\0\x14\x00\x01" + bytes(16) + b"\xff\xc4\0\x14\x10\x01" + bytes(16) + b"\xff\xda\0\x08\x01\x01\0\0\x3f\0"
    b"\x3f"
    b"\xff\xd9"
)


def warmup() -> None:
    """Make the kernels ready that encoding, decoding and transcoding of 8-bit gray and colour images use.

    For services, which should not make their first request wait, and before worker processes are started, which then
    find everything in the cache. It takes some seconds on a machine where nothing has been compiled yet, and a fraction
    of a second afterwards. Rare kinds of files have further kernels, which are compiled when they come.
    """
    for pixels in (np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16), np.uint8)):
        api.encode(pixels, optimize=False)
        for progressive in (False, True):
            for each in (pixels, ~pixels):  # a second file with Huffman tables of its own is read in another way
                data = api.encode(each, progressive=progressive)
                api.decode(data)
                api.transcode(data, quality=50)


def decoding() -> None:
    """Make the kernels ready that decoding of baseline files uses, without those of encoding."""
    api.decode(_FILE)
