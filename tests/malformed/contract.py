"""What must hold for any bytes whatever."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from click.testing import CliRunner

from dnjpeg import (
    FormatError,
    JpegError,
    Limits,
    collect_statistics,
    decode,
    decode_batch,
    inspect,
    read,
    read_header,
    transcode,
    transcode_batch,
)
from dnjpeg.cli import main

# Damaged headers ask for anything; what is refused by these limits is not decoded.
LIMITS = Limits(max_pixels=1 << 22, max_scans=100)
EVERYWHERE = 16  # one file in so many goes through every entry point, the others through the most different ones

GUESS = "unknown Adobe colour transform"  # the one thing that a file may leave open and still be whole

Calls = dict[str, Callable[[], object]]


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


def broken_promises(data: bytes, *, limits: Limits = LIMITS, everywhere: bool = True) -> Iterator[str]:
    """Say what the library should not have done with these bytes; nothing if all is well."""
    results = {name: outcome(call) for name, call in _calls(data, limits, everywhere=everywhere).items()}
    for name, result in results.items():
        if result.error is not None and not isinstance(result.error, JpegError):
            yield f"{name} raised {result.error!r}"
        elif result.error is not None and (result.error.offset is None or not 0 <= result.error.offset <= len(data)):
            yield f"{name} names no place: {result.error} (byte {result.error.offset})"
    yield from _disagreements(results["decode"], results["decode leniently"])
    for name in ("transcode", "turn"):
        if name in results and results[name].error is None:
            again = outcome(lambda name=name: read(results[name].value))
            if again.error is not None:
                yield f"{name} makes a file that cannot be read: {again.error}"
    if everywhere:
        yield from _of_inspection(results["inspect"], results["decode"])
        yield from _of_many(data, limits, results["decode"])
        yield from _of_commands(data)


def _calls(data: bytes, limits: Limits, *, everywhere: bool) -> Calls:
    calls: Calls = {
        "decode": lambda: decode(data, limits=limits),
        "decode leniently": lambda: decode(data, strict=False, limits=limits),
        "read leniently": lambda: read(data, strict=False, limits=limits),
        "read the header": lambda: read_header(data, limits=limits),
        "transcode": lambda: transcode(data, limits=limits),
        "requantize": lambda: transcode(data, quality=50, limits=limits),
    }
    more: Calls = {
        "inspect": lambda: inspect(data, limits=limits),
        "decode half the size": lambda: decode(data, scale=0.5, strict=False, limits=limits),
        "decode an eighth of the size": lambda: decode(data, scale=1 / 8, strict=False, limits=limits),
        "decode a pixel": lambda: decode(data, region=(0, 0, 1, 1), strict=False, limits=limits),
        "turn": lambda: transcode(data, operation="rotate 90", trim=True, limits=limits),
        "mirror": lambda: transcode(data, operation="transverse", limits=limits),
        "put upright": lambda: transcode(data, orient=True, limits=limits),
        "crop": lambda: transcode(data, crop=(0, 0, 1, 1), limits=limits),
        "code arithmetically": lambda: transcode(data, arithmetic=True, progressive=True, limits=limits),
        "code by Huffman": lambda: transcode(data, arithmetic=False, progressive=False, optimize=False, limits=limits),
        "tell": lambda: str(inspect(data, limits=limits)) + json.dumps(inspect(data, limits=limits).as_dict()),
    }
    return calls | more if everywhere else calls


def _disagreements(strict: Outcome, lenient: Outcome) -> Iterator[str]:
    if strict.error is None:
        if lenient.error is not None or not np.array_equal(strict.value, lenient.value):
            yield f"decoded strictly, but leniently not to the same: {lenient.error}"
        guesses = tuple(text for text in strict.warnings if GUESS in text)  # libjpeg guesses too
        if strict.warnings != guesses or lenient.warnings != guesses:
            yield f"decoded strictly, but with warnings: {strict.warnings}, {lenient.warnings}"
    elif lenient.error is None and not lenient.warnings:
        yield f"decoded leniently without a warning, but not strictly: {strict.error}"


def _of_inspection(inspected: Outcome, decoded: Outcome) -> Iterator[str]:
    """Whatever the bytes are, there is something to say about them."""
    if inspected.error is not None:
        yield f"inspect knows nothing of a file: {inspected.error}"
    elif (inspected.value.frame or inspected.value.scans) and (  # tables alone are a file too (T.81 B.5)
        isinstance(decoded.error, FormatError) and not inspected.value.problems
    ):
        yield f"inspect finds nothing wrong, but decode does: {decoded.error}"


@cache
def _whole() -> bytes:
    from damage import SMALL_FILES

    return SMALL_FILES["4:2:0"]


def _of_many(data: bytes, limits: Limits, alone: Outcome) -> Iterator[str]:
    """Batches and statistics: one bad file among good ones is one error, in its place."""
    for name, batch in {
        "decode_batch": lambda: list(decode_batch([_whole(), data], jobs=1, on_error="return", limits=limits)),
        "transcode_batch": lambda: list(transcode_batch([_whole(), data], jobs=1, on_error="return", limits=limits)),
    }.items():
        result = outcome(batch)
        if result.error is not None or isinstance(result.value[0], Exception):
            yield f"{name} stopped: {result.error!r}, {result.value}"
        elif isinstance(result.value[1], Exception) and not isinstance(result.value[1], JpegError):
            yield f"{name} returned {result.value[1]!r}"
        elif name == "decode_batch" and isinstance(result.value[1], Exception) != (alone.error is not None):
            yield f"{name} does not as decode does: {result.value[1]!r}"
    for domain in ("coefficients", "pixels") if alone.error is None else ("coefficients",):
        result = outcome(lambda domain=domain: collect_statistics([_whole(), data], domain=domain))
        if result.error is not None:
            yield f"collect_statistics of {domain} raised {result.error!r}"


def _of_commands(data: bytes) -> Iterator[str]:
    """Run commands on the bytes: an exit status, a line about the error, and none that only a developer understands."""
    for arguments in (("decode", "-", "-o", "-"), ("transcode", "-", "-o", "-"), ("inspect", "-", "--json")):
        result = CliRunner().invoke(main, arguments, input=data, prog_name="dnjpeg")
        if not isinstance(result.exception, SystemExit | None) or result.exit_code not in {0, 1, 2}:
            yield f"dnjpeg {arguments[0]} raised {result.exception!r}"
        elif "DNJPEG_DEBUG" in result.stderr or (result.exit_code == 1 and "error: " not in result.stderr):
            yield f"dnjpeg {arguments[0]} says {result.stderr!r}"


def assert_kept(specimens: Iterable[tuple[str, bytes]]) -> int:
    """Fail with the first few broken promises; return how many specimens there were."""
    count, broken = 0, []
    for name, data in specimens:
        broken += [f"{name}: {promise}" for promise in broken_promises(data, everywhere=count % EVERYWHERE == 0)]
        count += 1
    assert not broken, f"{len(broken)} broken promises:\n" + "\n".join(broken[:20])
    return count
