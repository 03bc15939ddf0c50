"""Small files that ask for much, of time or of memory; and large ones that hold nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from damage import SMALL_FILES, data_start, with_frame

from dnjpeg import encode

MEGABYTE = 1_000_000
EOI = b"\xff\xd9"


def _segment(code: int, payload: bytes) -> bytes:
    return bytes([0xFF, code]) + (len(payload) + 2).to_bytes(2) + payload


def between(filling: bytes, size: int) -> bytes:
    """So many bytes of a filling behind SOI."""
    data = SMALL_FILES["4:2:0"]
    return data[:2] + filling * (size // len(filling)) + data[2:]


def _behind(data: bytes, filling: bytes, size: int) -> bytes:
    """So many bytes of a filling in the place of the image data."""
    return data[: data_start(data)] + filling * (size // len(filling)) + EOI


def _large(name: str, side: int = 2048, *, restart: bool = False) -> bytes:
    """A file of a large image that has the data of a small one; with a restart interval of one MCU."""
    data = with_frame(SMALL_FILES[name], height=side, width=side)
    return data[:2] + _segment(0xDD, b"\0\1") + data[2:] if restart else data


def many_scans(side: int, scans: int, **options: object) -> bytes:
    """A plain picture whose last scan, a few dozen bytes, comes again and again."""
    data = encode(np.full((side, side, 3), 77, np.uint8), progressive=True, subsampling="4:4:4", **options)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + (scans - data.count(b"\xff\xda")) * data[last:-2] + EOI


# By size in bytes of what fills them: time must grow no faster. A search that began anew at each byte of a run of 0xFF
# took 7 seconds for 20 kB.
GROWING: dict[str, Callable[[int], bytes]] = {
    "junk": partial(between, bytes(1)),
    "fill bytes": partial(between, b"\xff"),
    "0xFF and 0": partial(between, b"\xff\0"),
    "application segments": partial(between, _segment(0xE5, b"")),
    "comments": partial(between, _segment(0xFE, bytes(60000))),
    "quantization tables": partial(between, _segment(0xDB, (b"\0" + b"\1" * 64) * 1000)),
    "Huffman tables without codes": partial(between, _segment(0xC4, bytes(17 * 3800))),
    "restart intervals": partial(between, _segment(0xDD, b"\0\0")),
    "ICC chunks": partial(between, _segment(0xE2, b"ICC_PROFILE\0\1\xff")),
    "fill bytes where DNL should be": partial(
        _behind, with_frame(SMALL_FILES["gray"], height=0), b"\xff" * 999 + b"\0"
    ),
    "fill bytes in image data": partial(_behind, SMALL_FILES["4:2:0"], b"\xff" * 999 + b"\0"),
    "stuffed bytes": partial(_behind, SMALL_FILES["4:2:0"], b"\xff\0"),
    "restart markers": partial(
        _behind, SMALL_FILES["4:2:2 with restarts"], b"\xff\xd0\xff\xd1\xff\xd2\xff\xd3\xff\xd4\xff\xd5\xff\xd6\xff\xd7"
    ),
    "arithmetic data without end": partial(_behind, _large("arithmetic", 64), b"\x5a"),
}

# By what they declare: a large image, and nearly nothing to show.
LARGE: dict[str, Callable[[], bytes]] = {
    "sequential": lambda: _large("4:2:0"),
    "restarts": lambda: _large("4:2:0", restart=True),
    "progressive": lambda: _large("progressive"),
    "arithmetic": lambda: _large("arithmetic"),
    "arithmetic, progressive": lambda: _large("arithmetic, progressive"),
    "scans": lambda: many_scans(1024, 100),
    "scans, arithmetic": lambda: many_scans(512, 100, arithmetic=True),
    "three scans": lambda: _large("three scans"),
}
