"""What fuzzing found, each made anew as small as it can be told."""

from __future__ import annotations

import numpy as np
import pytest
from contract import broken_promises
from damage import SMALL_FILES, data_start

from dnjpeg import FormatError, decode, encode, inspect, read, transcode


@pytest.mark.parametrize(
    ("segment", "reason"),
    [
        (b"\xff\xdc\x00\x04\x00\x01", "1 lines, but the frame has 9"),
        (b"\xff\xdc\x00\x02", "length 2"),
        (b"\xff\xe5\x00\x00", "length 0"),
        (b"\xff\xcc\x00\x04\x05\x10", "slot 5"),
        (b"\xff\xdb\x00\x43\x00" + bytes(64), "step 0"),
        (b"\xff\xda\x00\x08\x01\x01\x4f\x00\x3f\x00", "slot above 3"),
    ],
)
def test_what_is_wrong_behind_a_complete_image_is_wrong_in_both_modes(segment, reason):
    """What is overlooked if reading is not strict is an error if it is, though all components are there."""
    data = SMALL_FILES["arithmetic"][:-2] + segment + b"\xff\xd9"
    assert list(broken_promises(data)) == []
    with pytest.raises(FormatError, match=reason):
        decode(data)


def test_scans_without_a_frame_are_a_problem_to_inspect():
    data = SMALL_FILES["gray"]
    frame = data.index(b"\xff\xc0")
    data = data[:frame] + data[frame + 2 + int.from_bytes(data[frame + 2 : frame + 4]) :]
    assert any("before the frame header" in problem.reason for problem in inspect(data).problems)
    assert list(broken_promises(data)) == []


@pytest.mark.parametrize("code", [0xD8, 0xD0, 0x01])
def test_an_error_about_a_marker_without_a_segment_lies_within_the_file(code):
    data = SMALL_FILES["gray"][: data_start(SMALL_FILES["gray"]) - 20] + bytes([0xFF, code])
    assert list(broken_promises(data)) == []


@pytest.mark.parametrize("gray", [True, False])
def test_blocks_with_all_coefficients_and_restarts_fit_their_memory(gray):
    """The end of the last block is written ahead though there is none; seen with ``DNJPEG_CHECKED=1``."""
    pixels = np.random.default_rng(0).integers(0, 2, (33, 8, 3), dtype=np.uint8) * 255
    pixels = np.ascontiguousarray(pixels[..., 0]) if gray else pixels
    for restart in (1, 2):
        options = {"quality": 100, "restart": restart, "subsampling": "4:4:4"}
        fast, slow = (encode(pixels, optimize=optimize, **options) for optimize in (False, True))
        np.testing.assert_array_equal(decode(fast), decode(slow))


@pytest.mark.parametrize("options", [{}, {"quality": 50}, {"optimize": False}, {"progressive": True}])
def test_a_restart_interval_told_behind_the_scan_is_kept_and_coded(options):
    """Tokens made with the interval before it were written under a header with the one behind it."""
    data = SMALL_FILES["gray"][:-2] + b"\xff\xdd\x00\x04\x00\x01" + b"\xff\xd9"
    again = transcode(data, **options)
    assert read(again).restart_interval == read(data).restart_interval == 1
    if "quality" not in options:
        np.testing.assert_array_equal(decode(again), decode(data))
