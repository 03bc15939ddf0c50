"""Compile, or load from the cache, what the first calls would otherwise wait for."""

from __future__ import annotations

import numpy as np

from dnjpeg import api

__all__ = ["warmup"]


def warmup() -> None:
    """Make the kernels ready that encoding, decoding and transcoding of 8-bit gray and colour images use.

    For services, which should not make their first request wait, and before worker processes are started, which then
    find everything in the cache. It takes some seconds on a machine where nothing has been compiled yet, and a fraction
    of a second afterwards. Rare kinds of files have further kernels, which are compiled when they come.
    """
    for pixels in (np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16), np.uint8)):
        api.encode(pixels, optimize=False)
        for progressive in (False, True):
            data = api.encode(pixels, progressive=progressive)
            api.decode(data)
            api.transcode(data, quality=50)
