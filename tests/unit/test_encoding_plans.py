"""Plans for images of one kind: what is shared with images of other sizes must be right for each of them."""

from functools import cached_property

import numpy as np
import pytest
from pictures import make_photo

from dnjpeg import decode, encode, transcode, transcode_batch
from dnjpeg.codec import encoding_plan, scan_header, transcoding_plan
from dnjpeg.codec.format.coding import Restart
from dnjpeg.codec.format.frame import Component, Frame
from dnjpeg.codec.format.headers import Headers

SIZES = [(16, 16), (17, 16), (16, 17), (8, 200), (200, 8), (33, 65), (1, 1)]


def forget():
    for remembered in (
        encoding_plan.plan_encoding,
        encoding_plan._plan_kind,
        transcoding_plan.plan_transcoding,
        transcoding_plan._plan_kind,
    ):
        remembered.cache_clear()


@pytest.fixture(autouse=True)
def forgotten():
    forget()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"optimize": False},
        {"restart": 3},
        {"restart_rows": 1},
        {"restart_rows": 2, "optimize": False},
        {"progressive": True},
        {"arithmetic": True},
        {"subsampling": "4:4:4", "compact": True},
        {"color": "grayscale", "comment": "small"},
    ],
    ids=str,
)
def test_sizes_in_turns(options):
    photos = [make_photo(*size) for size in SIZES]
    alone = []
    for photo in photos:
        forget()
        alone.append(encode(photo, **options))
    forget()
    assert [encode(photo, **options) for photo in photos] == alone
    assert encoding_plan._plan_kind.cache_info().misses == 1


@pytest.mark.parametrize(
    "options", [{"quality": 40}, {}, {"restart_rows": 1}, {"quality": 60, "optimize": False}], ids=str
)
def test_files_of_sizes_in_turns(options):
    files = [encode(make_photo(*size), comment="kept") for size in SIZES]
    alone = []
    for data in files:
        forget()
        alone.append(transcode(data, **options))
    forget()
    assert [transcode(data, **options) for data in files] == alone
    assert transcoding_plan._plan_kind.cache_info().misses == 1


def cached(kind):
    return [name for name, value in vars(kind).items() if isinstance(value, cached_property)]


def test_a_frame_of_another_size_is_as_one_that_was_made_so():
    components = Component(1, 2, 2, 0), Component(2, 1, 1, 1), Component(3, 1, 2, 1)
    frame = Frame(40, 60, components, process=2)
    assert all(getattr(frame, name) is not None for name in cached(Frame))
    assert hash(frame)
    for size in SIZES:
        resized, fresh = frame.resized(*size), Frame(*size, components, process=2)
        assert resized == fresh
        assert hash(resized) == hash(fresh)
        for name in cached(Frame):
            assert getattr(resized, name) == getattr(fresh, name), name
    assert frame == Frame(40, 60, components, process=2)


def test_headers_of_another_size_are_as_those_that_were_made_so():
    steps = (np.full((8, 8), 7, np.uint16),)

    def make(height, width):
        return Headers(Frame(height, width, (Component(1, 1, 1, 0),)), "grayscale", steps, Restart(rows=1))

    headers = make(40, 60)
    assert all(getattr(headers, name) for name in cached(Headers))
    for size in SIZES:
        for name in cached(Headers):
            assert getattr(headers.of_size(*size), name) == getattr(make(*size), name), name


@pytest.mark.parametrize(
    "options", [{"quality": 40}, {}, {"copy": "none"}, {"quality": 60, "optimize": False}], ids=str
)
def test_files_whose_metadata_is_not_written_share_a_plan(options):
    photo = make_photo(40, 50)
    files = [encode(photo, comment=f"number {number}") for number in range(5)]
    written = [transcode(data, **options) for data in files]
    assert len(set(written)) == (1 if "copy" in options else 5)
    assert transcoding_plan.plan_transcoding.cache_info().misses == len(set(written))


@pytest.mark.parametrize("quality", [None, 40])
@pytest.mark.parametrize("jobs", [1, 2])
def test_segments_behind_the_scan_are_written_before_it(quality, jobs):
    photo = make_photo(70, 50)
    plain = encode(photo)
    behind = b"\xff\xfe\x00\x06late"
    files = [plain, plain[:-2] + behind + plain[-2:], plain[:2] + behind + plain[2:], plain[:-2] + b"\xff" + plain[-2:]]
    one, late, early, filled = transcode_batch(files, jobs=jobs, quality=quality)
    assert filled == one == transcode(plain, quality=quality)
    assert late == transcode(files[1], quality=quality) == early
    assert one != early


@pytest.mark.parametrize("behind", [b"", b"\xff\xfe\x00\x06late", b"\xff\xdd\x00\x04\x00\x02"])
def test_memory_of_lookups_is_given_back_once(monkeypatch, behind):
    """Twice, and two threads could work in it."""
    given = []
    monkeypatch.setattr(scan_header, "give_back_lookups", given.append)
    plain = encode(make_photo(90 + len(behind), 80))  # with Huffman tables that no other file here has
    transcode(plain[:-2] + behind + plain[-2:], quality=40)
    assert len(given) == 1


@pytest.mark.parametrize("optimize", [True, False])
def test_a_restart_interval_that_is_told_behind_the_scan(optimize):
    plain = encode(make_photo(70, 50), optimize=False)
    late = plain[:-2] + b"\xff\xdd\x00\x04\x00\x02" + plain[-2:]
    np.testing.assert_array_equal(decode(transcode(late, optimize=optimize)), decode(plain))
