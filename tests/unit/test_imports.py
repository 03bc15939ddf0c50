"""What whoever only encodes has to wait for: not the parts that he does not use."""

from __future__ import annotations

import subprocess
import sys

UNUSED = ("dnjpeg.statistics", "dnjpeg.inspection", "dnjpeg.evaluation", "dnjpeg.vision", "dnjpeg.shards", "torch")


def test_encoding_imports_nothing_that_it_does_not_use():
    code = (
        "import sys, numpy, dnjpeg\n"
        "dnjpeg.encode(numpy.zeros((8, 8), numpy.uint8))\n"
        f"print([name for name in {UNUSED} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert result.stdout == "[]\n"
