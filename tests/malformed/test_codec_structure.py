"""Files of the right shape and the wrong content; `tests/fuzz` runs the same for as long as one likes."""

from __future__ import annotations

from contract import broken_promises
from damage import SMALL_FILES
from hypothesis import HealthCheck, given, settings
from pieces import broken_files, donors, split

from dnjpeg import Limits, decode

SMALL = Limits(max_pixels=1 << 16, max_scans=100)


def test_pieces_make_the_whole():
    for data in SMALL_FILES.values():
        assert b"".join(split(data)) == data
    for pieces in donors():
        assert decode(b"".join(pieces)).size


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(broken_files())
def test_broken_files(data):
    assert list(broken_promises(data, limits=SMALL)) == []
