"""Small files of our own making, and ways to damage them."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from dnjpeg import encode

Specimen = tuple[str, bytes]  # what it is called, and its bytes


def picture(height: int, width: int) -> np.ndarray:
    """Make a picture with some detail everywhere; uint8 RGB."""
    y, x = np.mgrid[:height, :width]
    planes = [128 + 100 * np.sin(x / a + y / b) for a, b in ((2, 3), (5, -4), (3, 7))]
    return np.stack(planes, axis=2).astype(np.uint8)


def pillow_file(pixels: np.ndarray, **options: object) -> bytes:
    """Make a file with Pillow."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", **options)
    return stream.getvalue()


def in_three_scans(pixels: np.ndarray) -> bytes:
    """Make a file whose components come one after the other, put together from three gray files."""
    files = [pillow_file(np.ascontiguousarray(pixels[..., index]), quality=80) for index in range(3)]
    frame = files[0].index(b"\xff\xc0")
    components = bytes([3]) + b"".join(bytes([index, 0x11, 0]) for index in (1, 2, 3))
    header = files[0][:frame] + b"\xff\xc0\x00\x11" + files[0][frame + 4 : frame + 9] + components
    tables = files[0][frame + 13 : files[0].index(b"\xff\xda")]
    scans = []
    for index, data in enumerate(files):
        scan = bytearray(data[data.index(b"\xff\xda") : -2])
        scan[5] = index + 1
        scans.append(bytes(scan))
    return header + tables + b"".join(scans) + b"\xff\xd9"


SMALL_FILES = {
    "gray": pillow_file(picture(9, 9)[..., 0].copy(), quality=60),
    "4:2:0": pillow_file(picture(20, 20), quality=60, subsampling=2),
    "4:2:2 with restarts": pillow_file(picture(9, 40), quality=70, subsampling=1, restart_marker_blocks=2),
    "4:4:4, optimized": pillow_file(picture(12, 17), quality=90, subsampling=0, optimize=True),
    "three scans": in_three_scans(picture(12, 17)),
    "progressive": pillow_file(picture(17, 9), quality=50, subsampling=2, progressive=True),
    "arithmetic": encode(picture(9, 20), quality=60, arithmetic=True, restart=2),
    "arithmetic, progressive": encode(picture(17, 9), quality=50, arithmetic=True, progressive=True),
}


def data_start(data: bytes) -> int:
    """Position of the first byte of entropy-coded data."""
    at = data.index(b"\xff\xda")
    return at + 2 + int.from_bytes(data[at + 2 : at + 4])


def truncations(data: bytes) -> Iterator[Specimen]:
    """Cut the file off at every byte."""
    for size in range(len(data)):
        yield f"{size} bytes", data[:size]


HEADER_CHANGES = {
    "0": lambda _: 0,
    "255": lambda _: 255,
    "+1": lambda value: value + 1 & 255,
    "-1": lambda value: value - 1 & 255,
}


def changed_headers(data: bytes, change: str) -> Iterator[Specimen]:
    """Change every byte up to the first entropy-coded data, one at a time."""
    for at in range(data_start(data)):
        new = HEADER_CHANGES[change](data[at])
        yield f"byte {at} from {data[at]} to {new}", data[:at] + bytes([new]) + data[at + 1 :]


def changed_data(data: bytes) -> Iterator[Specimen]:
    """Change every byte behind the first scan header, one at a time."""
    rng = np.random.default_rng(1)
    for at in range(data_start(data), len(data)):
        new = int(rng.choice([0, 255, *rng.integers(0, 256, 2)]))
        yield f"byte {at} to {new}", data[:at] + bytes([new]) + data[at + 1 :]


def random_changes(data: bytes, count: int) -> Iterator[Specimen]:
    """Replace bytes, take them out, put them in, repeat pieces; several at a time."""
    rng = np.random.default_rng(2)
    for case in range(count):
        damaged = bytearray(data)
        for _ in range(rng.integers(1, 6)):
            at, length = int(rng.integers(2, len(damaged))), int(rng.integers(1, 9))
            piece = rng.integers(0, 256, length, dtype=np.uint8).tobytes()
            match rng.integers(0, 4):
                case 0:
                    damaged[at : at + length] = piece
                case 1:
                    del damaged[at : at + length]
                case 2:
                    damaged[at:at] = piece
                case 3:
                    damaged[at:at] = damaged[max(2, at - 40) : at]
        yield f"case {case}", bytes(damaged)


def with_frame(
    data: bytes, *, height: int | None = None, width: int | None = None, factors: int | None = None
) -> bytes:
    """Change what the frame header says: size, sampling factors of the first component."""
    changed = bytearray(data)
    at = next(i for i in range(len(data)) if data[i] == 0xFF and data[i + 1] in {0xC0, 0xC2, 0xC9, 0xCA})
    if height is not None:
        changed[at + 5 : at + 7] = height.to_bytes(2)
    if width is not None:
        changed[at + 7 : at + 9] = width.to_bytes(2)
    if factors is not None:
        changed[at + 11] = factors
    return bytes(changed)


def other_frames(data: bytes) -> Iterator[Specimen]:
    """Other sizes and sampling factors than the data have: with every filler that the geometry needs."""
    sizes = (1, 8, 9, 17, 33, 1000)
    for height in sizes:
        for width in sizes:
            yield f"{width}x{height}", with_frame(data, height=height, width=width)
    for horizontal in range(6):
        for vertical in range(6):
            yield f"factors {horizontal}x{vertical}", with_frame(data, factors=horizontal << 4 | vertical)
