"""What must hold for any bytes whatever, and small files to damage."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from dnjpeg import JpegError, JpegWarning, Limits, decode, read, transcode

# Damaged headers ask for anything; what is refused by these limits is not decoded.
LIMITS = Limits(max_pixels=1 << 22, max_scans=100)


@dataclass(frozen=True)
class Outcome:
    """What a call gave: a value, or the error that it raised, and the warnings."""

    value: object
    error: Exception | None
    warnings: tuple[str, ...] = ()


def outcome(function: Callable[[], object]) -> Outcome:
    """Call and catch."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value, error = function(), None
        except Exception as raised:  # noqa: BLE001 - whatever it is, it is what we ask for
            value, error = None, raised
    return Outcome(value, error, tuple(str(warning.message) for warning in caught))


def broken_promises(data: bytes) -> Iterator[str]:
    """Say what the codec should not have done with these bytes; nothing if all is well."""
    strict = outcome(lambda: decode(data, limits=LIMITS))
    lenient = outcome(lambda: decode(data, strict=False, limits=LIMITS))
    others = {
        "read": outcome(lambda: read(data, limits=LIMITS)),
        "read leniently": outcome(lambda: read(data, strict=False, limits=LIMITS)),
        "transcode": outcome(lambda: transcode(data, limits=LIMITS)),
        "requantize": outcome(lambda: transcode(data, quality=50, limits=LIMITS)),
    }
    for name, result in {"decode": strict, "decode leniently": lenient, **others}.items():
        if result.error is not None and not isinstance(result.error, JpegError):
            yield f"{name} raised {result.error!r}"
        elif result.error is not None and (result.error.offset is None or not 0 <= result.error.offset <= len(data)):
            yield f"{name} names no place: {result.error} (byte {result.error.offset})"
    if strict.error is None:
        if lenient.error is not None or not np.array_equal(strict.value, lenient.value):
            yield f"decoded strictly, but leniently not to the same: {lenient.error}"
        if strict.warnings or lenient.warnings:
            yield f"decoded strictly, but with warnings: {strict.warnings}, {lenient.warnings}"
    elif lenient.error is None and not lenient.warnings:
        yield f"decoded leniently without a warning, but not strictly: {strict.error}"
    if others["transcode"].error is None and outcome(lambda: read(others["transcode"].value)).error is not None:
        yield "transcoded to a file that cannot be read"


def assert_kept(specimens: Iterable[tuple[str, bytes]]) -> int:
    """Fail with the first few broken promises; return how many specimens there were."""
    count, broken = 0, []
    for name, data in specimens:
        count += 1
        broken += [f"{name}: {promise}" for promise in broken_promises(data)]
    assert not broken, f"{len(broken)} broken promises:\n" + "\n".join(broken[:20])
    return count


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
    "4:2:2 with restarts": pillow_file(picture(17, 40), quality=80, subsampling=1, restart_marker_blocks=2),
    "4:4:4, optimized": pillow_file(picture(12, 17), quality=90, subsampling=0, optimize=True),
    "three scans": in_three_scans(picture(12, 17)),
    "progressive": pillow_file(picture(20, 20), quality=60, subsampling=2, progressive=True),
}


def data_start(data: bytes) -> int:
    """Position of the first byte of entropy-coded data."""
    at = data.index(b"\xff\xda")
    return at + 2 + int.from_bytes(data[at + 2 : at + 4])
