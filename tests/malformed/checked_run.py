"""Run the codec on whole and damaged files while every access of its kernels is checked; see `test_codec_bounds`.

It prints what reached outside its array, and how many files there were; its exit status is 1 if anything did.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from itertools import islice, product
from pathlib import Path

import numpy as np
from contract import LIMITS, outcome
from damage import (
    SMALL_FILES,
    Specimen,
    changed_data,
    changed_headers,
    other_frames,
    random_changes,
    truncations,
)

from dnjpeg import decode, encode, read, transcode
from dnjpeg.codec.format.frame import SUBSAMPLINGS
from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.vector import span
from dnjpeg.codec.pixels import resizing

LARGE = 20_000  # bytes
SIZES = [(height, width) for height in (1, 2, 8, 9, 17, 33) for width in (1, 3, 8, 17, 33, 65)]


@kernel
def element(array, index):
    return span(array)[index]


def is_armed() -> bool:
    """Whether an access outside an array is an error at all."""
    array = np.zeros(4, np.uint8)
    return element(array, 3) == 0 and all(
        isinstance(outcome(lambda index=index: element(array, index)).error, IndexError) for index in (-1, 4)
    )


def whole() -> Iterator[Specimen]:
    """Files of all subsamplings and many sizes, of noise: each fills its buffers as far as can be."""
    rng = np.random.default_rng(0)
    for height, width in SIZES:
        noise = rng.integers(0, 2, (height, width, 3), dtype=np.uint8) * 255
        for options in (
            {"quality": 100},
            {"quality": 100, "optimize": False, "restart": 1},
            {"quality": 100, "progressive": True},
            {"quality": 60, "progressive": True, "restart": 3},
            {"quality": 100, "arithmetic": True, "restart": 2},
            {"quality": 100, "arithmetic": True, "progressive": True},
        ):
            yield f"gray {width}x{height}, {options}", encode(noise[..., 0], **options)
            for subsampling in SUBSAMPLINGS:
                yield f"{subsampling} {width}x{height}, {options}", encode(noise, subsampling=subsampling, **options)


def damaged() -> Iterator[Specimen]:
    """Most kinds of damage to all small files."""
    for data in SMALL_FILES.values():
        for specimens in (truncations(data), changed_headers(data, "255"), changed_data(data)):
            yield from islice(specimens, None, None, 3)
        yield from random_changes(data, 100)
        yield from other_frames(data)


def corpora() -> Iterator[Specimen]:
    """Small files of the data folder, if there is one."""
    folder = Path(os.environ.get("DNJPEG_DATA", "")) / "jpeg"
    for path in sorted(folder.glob("malformed_*/**/*.jpg")):
        data = path.read_bytes()
        if len(data) < LARGE:
            yield path.name, data


def reduced(data: bytes, eighths: int) -> Iterator[Callable[[], object]]:
    """Less than the whole picture, which other kernels make."""
    yield lambda: decode(data, scale=eighths / 8, strict=False, limits=LIMITS)
    yield lambda: decode(data, region=(0, 0, 1, 1), strict=False, limits=LIMITS)


def resizing_outside() -> int:
    """Resize to and from many sizes, in scratch memory that is no larger than it was asked for; count the errors."""
    resizing.scratch = lambda name, size, dtype=np.uint8: np.zeros(size, dtype)
    outside = 0
    for height, width in product((1, 2, 15, 17, 31, 32, 33, 65), (1, 2, 5, 21, 22, 43, 64)):
        for channels, size in product((1, 3), ((1, 1), (3, 33), (32, 31), (33, 64))):
            shape = (height, width, channels)
            memory, _ = resizing.padded(*shape)
            out = np.empty((channels, *size), np.uint8)
            error = outcome(lambda: resizing.resize(memory, shape, out, "bicubic")).error  # noqa: B023
            outside += isinstance(error, IndexError)
    return outside


def main() -> int:
    """Return the exit status."""
    if not is_armed():
        sys.exit("accesses are not checked")
    count = outside = 0
    for source in (whole, damaged, corpora):
        for name, data in source():
            count += 1
            for function in (
                lambda data=data: decode(data, strict=False, limits=LIMITS),
                lambda data=data: read(data, strict=False, limits=LIMITS),
                lambda data=data: transcode(data, quality=50, limits=LIMITS),
                *(reduced(data, 1 + count // 3 % 7) if count % 3 == 0 else ()),
            ):
                error = outcome(function).error
                if isinstance(error, IndexError):
                    outside += 1
                    sys.stdout.write(f"{source.__name__}: {name}: {error}\n")
    outside += resizing_outside()
    sys.stdout.write(f"{count} files, {outside} accesses outside an array\n")
    return int(outside > 0)


if __name__ == "__main__":
    sys.exit(main())
