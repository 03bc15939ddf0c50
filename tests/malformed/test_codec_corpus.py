"""Thousands of malformed and hostile files that broke other decoders."""

from __future__ import annotations

import time

import pytest
from contract import assert_kept
from damage import SMALL_FILES

MANY_SECONDS = 60  # for one file, which takes milliseconds once its kernels are compiled


@pytest.mark.parametrize("folder", ["malformed_curated", "malformed_fuzz", "valid"])
def test_no_file_breaks_a_promise_or_takes_long(data_folder, folder):
    paths = sorted(path for path in (data_folder / "jpeg" / folder).rglob("*") if path.is_file())
    if not paths:
        pytest.skip(f"the data folder has no jpeg/{folder}")
    assert_kept(SMALL_FILES.items())  # the kernels are compiled by now

    def timed():
        for path in paths:
            begin = time.perf_counter()
            yield path.name, path.read_bytes()
            assert time.perf_counter() - begin < MANY_SECONDS, path.name

    assert assert_kept(timed()) == len(paths)
