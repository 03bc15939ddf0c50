"""What must hold for any bytes whatever."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from dnjpeg import JpegError, Limits, decode, read, transcode

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
        except Exception as raised:
            value, error = None, raised
    return Outcome(value, error, tuple(str(warning.message) for warning in caught))


def broken_promises(data: bytes) -> Iterator[str]:
    """Say what the codec should not have done with these bytes; nothing if all is well."""
    strict = outcome(lambda: decode(data, limits=LIMITS))
    lenient = outcome(lambda: decode(data, strict=False, limits=LIMITS))
    others = {
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
