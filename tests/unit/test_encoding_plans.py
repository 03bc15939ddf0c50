"""Plans for images of one kind: what is shared with images of other sizes must be right for each of them."""

import pytest
from pictures import make_photo

from dnjpeg import encode, transcode
from dnjpeg.codec import encoding_plan, transcoder

SIZES = [(16, 16), (17, 16), (16, 17), (8, 200), (200, 8), (33, 65), (1, 1)]


def forget():
    for cached in (
        encoding_plan.plan_encoding,
        encoding_plan._plan_kind,
        transcoder._plan,
        transcoder._plan_kind,
    ):
        cached.cache_clear()


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
    assert transcoder._plan_kind.cache_info().misses == 1
