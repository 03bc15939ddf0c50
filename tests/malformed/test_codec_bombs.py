"""Time in proportion to what a file declares and to its bytes; memory in proportion to what it declares."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bombs import GROWING, LARGE, MEGABYTE, many_scans
from contract import Outcome, outcome
from damage import SMALL_FILES, with_frame

from dnjpeg import JpegError, LimitError, Limits, decode, inspect, read, read_header, transcode

# Seconds of CPU time, several times what is measured: a file that takes longer does not grow in proportion.
SECONDS_A_MEGABYTE = 6.0
SECONDS_A_MEGAPIXEL = 1.0

SIZE = 300_000  # bytes

CALLS = {
    "decode": lambda data: decode(data, strict=False),
    "read strictly": read,
    "header": read_header,
    "transcode": transcode,
    "inspect": inspect,
}


@pytest.fixture(scope="module", autouse=True)
def kernels():
    """Compile what is needed before the clock runs."""
    for data in [*SMALL_FILES.values(), many_scans(16, 12), many_scans(16, 12, arithmetic=True)]:
        for call in CALLS.values():
            outcome(lambda call=call, data=data: call(data))
            outcome(lambda call=call, data=data: call(data[:-30]))


def timed(call, data: bytes) -> tuple[Outcome, float]:
    begin = time.process_time()
    result = outcome(lambda: call(data))
    return result, time.process_time() - begin


@pytest.mark.parametrize("name", GROWING)
def test_time_is_in_proportion_to_bytes(name):
    data = GROWING[name](SIZE)
    for what, call in CALLS.items():
        result, seconds = timed(call, data)
        assert result.error is None or isinstance(result.error, JpegError), what
        assert seconds < SECONDS_A_MEGABYTE * SIZE / MEGABYTE, what


@pytest.mark.parametrize("name", LARGE)
def test_time_is_in_proportion_to_pixels_and_scans(name):
    data = LARGE[name]()
    frame = read_header(data).frame
    megapixels = frame.height * frame.width / MEGABYTE
    for what, call in CALLS.items():
        result, seconds = timed(call, data)
        assert result.error is None or isinstance(result.error, JpegError), what
        assert seconds < SECONDS_A_MEGAPIXEL * megapixels, what


@pytest.mark.parametrize("side", [65500, 65535])
@pytest.mark.parametrize("name", SMALL_FILES)
def test_too_many_pixels(name, side):
    data = with_frame(SMALL_FILES[name], height=side, width=side)
    for what, call in CALLS.items():
        if what != "inspect":
            assert isinstance(outcome(lambda call=call: call(data)).error, LimitError), what
    assert "limit" in inspect(data).usage.note


def test_too_many_segments():
    data = SMALL_FILES["gray"]
    segments = next(
        count for count in range(20) if outcome(lambda count=count: with_segments(data, count)).error is None
    )
    assert segments > 5
    with pytest.raises(LimitError, match=f"more than {segments - 1} segments") as caught:
        with_segments(data, segments - 1)
    assert caught.value.offset == data.index(b"\xff\xda")
    with pytest.raises(LimitError, match="segments"):
        decode(GROWING["application segments"](MEGABYTE))


def with_segments(data: bytes, count: int) -> object:
    return decode(data, limits=Limits(max_segments=count))


def huffman(*counts: int, values: int) -> bytes:
    """A DC table for slot 0, by the number of codes of each length."""
    lengths = bytes(counts) + bytes(16 - len(counts))
    payload = b"\0" + lengths + bytes(values)
    return b"\xff\xc4" + (len(payload) + 2).to_bytes(2) + payload


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        pytest.param(huffman(3, values=3), "more codes than their lengths allow", id="three codes of one bit"),
        pytest.param(huffman(*[0] * 8, *[255] * 8, values=2040), "do not fit", id="2,040 codes"),
        pytest.param(huffman(0, 1, values=0), "do not fit", id="no symbols"),
        pytest.param(huffman(2, 1, values=3), "more codes than their lengths allow", id="nothing left"),
    ],
)
def test_huffman_tables_that_are_none(table, reason):
    data = SMALL_FILES["gray"]
    data = data[:2] + table + data[2:]
    for call in (decode, read, read_header, transcode):
        with pytest.raises(JpegError, match=reason) as caught:
            call(data)
        assert caught.value.marker == "DHT"
    assert any(reason in problem.reason for problem in inspect(data).problems)


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param([(1, 255)], id="254 are missing"),
        pytest.param([(1, 2), (1, 2)], id="one twice"),
        pytest.param([(0, 0)], id="none of none"),
        pytest.param([(2, 2), (3, 2)], id="beyond the count"),
        pytest.param([(1, 2), (2, 3)], id="two counts"),
        pytest.param([(number, 255) for number in range(1, 255)], id="one is missing"),
    ],
)
def test_icc_profiles_with_chunks_that_do_not_fit(chunks):
    """The profile is none; the image does not suffer."""
    data = SMALL_FILES["4:2:0"]
    parts = (b"\xff\xe2\x00\x13ICC_PROFILE\0" + bytes(pair) + b"icc" for pair in chunks)
    whole = data[:2] + b"".join(parts) + data[2:]
    assert read_header(whole).icc_profile is None
    assert (decode(whole) == decode(data)).all()
    assert transcode(whole).count(b"ICC_PROFILE") == len(chunks)


def test_memory_is_in_proportion_to_pixels():
    """Measured by the system, in a process of its own."""
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("memory_run.py")],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
