"""What whoever only encodes has to wait for: not the parts that he does not use."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

import numpy as np
import pytest

import dnjpeg
from dnjpeg import api, tables
from dnjpeg.garbage import collected_rarely

UNUSED = (
    "dnjpeg.statistics",
    "dnjpeg.inspection",
    "dnjpeg.evaluation",
    "dnjpeg.vision",
    "dnjpeg.shards",
    "dnjpeg.tables.design",
    "dnjpeg.codec.decoder",
    "dnjpeg.codec.transcoder",
    "dnjpeg.codec.lossless",
    "PIL",
    "scipy.special",
    "torch",
)
COMPILER = ("numba.core.typing.arraydecl", "numba.cpython.numbers", "numba.np.arrayobj", "filelock")
"""What Numba and we import to compile, and need not to load what is compiled."""


def test_encoding_imports_nothing_that_it_does_not_use():
    dnjpeg.encode(np.zeros((8, 8), np.uint8))  # compiled, if it was not
    code = (
        "import sys, numpy, dnjpeg\n"
        "dnjpeg.encode(numpy.zeros((8, 8), numpy.uint8))\n"
        f"print([name for name in {UNUSED + COMPILER} if name in sys.modules])\n"
        "from numba.core.runtime.nrt import rtsys\n"
        "print(hasattr(rtsys, '_library'))"  # Numba's runtime, compiled
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert result.stdout == "[]\nFalse\n"


def test_the_names_above_are_those_of_modules_that_compiling_imports(tmp_path):
    """Else the test before could not fail."""
    code = (
        "import sys, numpy\n"
        "from dnjpeg.codec.kernels.jit import kernel\n"
        "kernel(lambda values: values[0])(numpy.zeros(1))\n"
        f"print([name for name in {COMPILER} if name not in sys.modules])\n"
        "from numba.core.runtime.nrt import rtsys\n"
        "print(hasattr(rtsys, '_library'))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={**os.environ, "DNJPEG_CACHE_DIR": str(tmp_path)},
    )
    assert result.stdout == "[]\nTrue\n"


@pytest.mark.parametrize("package", [dnjpeg, api, tables])
def test_each_public_name_is_found_on_first_use(package):
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'nothing'"):
        getattr(package, "nothing")  # noqa: B009


def test_garbage_collection_is_afterwards_as_it_was():
    before = gc.get_threshold()
    with collected_rarely():
        assert gc.get_threshold()[0] > before[0]
        kept = [[] for _ in range(10)]
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
    assert any(each is kept for each in gc.get_objects(generation=2))  # old, without having been looked through


def test_threads_that_overlap_leave_garbage_collection_as_it_was():
    before = gc.get_threshold()
    first, second = collected_rarely(), collected_rarely()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_threshold()[0] > before[0]  # the second is still at it
    second.__exit__(None, None, None)
    assert gc.get_threshold() == before


def test_garbage_that_a_program_does_not_want_collected_is_not():
    before = gc.get_threshold()
    gc.set_threshold(0)
    try:
        with collected_rarely():
            assert gc.get_threshold()[0] == 0
        assert gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*before)


def test_what_a_program_has_frozen_stays_so():
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        with collected_rarely():
            pass
        assert gc.get_freeze_count() > frozen // 2  # some may have gone since
    finally:
        gc.unfreeze()
