"""Break files piece by piece, by Hypothesis, for some minutes: ``python tests/fuzz/fuzz_structure.py MINUTES``.

With ``DNJPEG_CHECKED=1`` every access of the kernels is checked as well. A file that breaks a promise of
`tests/malformed/contract.py` is made as small as can be and written to ``broken.jpg``; the exit status is then 1.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "malformed"))

from contract import broken_promises
from hypothesis import HealthCheck, given, settings
from pieces import broken_files

from dnjpeg import Limits

SMALL = Limits(max_pixels=1 << 16, max_scans=100)
ROUND = 2000  # files between looks at the clock
SLOW = 5.0  # seconds for one file through all entry points


def main(minutes: float) -> int:
    """Return the exit status."""
    end = time.monotonic() + 60 * minutes
    count, slowest = 0, 0.0

    @settings(max_examples=ROUND, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(broken_files())
    def check(data: bytes) -> None:
        nonlocal count, slowest
        begin = time.monotonic()
        promises = list(broken_promises(data, limits=SMALL, everywhere=count % 4 == 0))
        took = time.monotonic() - begin
        count += 1
        if count > 100:  # kernels are compiled by now
            slowest = max(slowest, took)
            promises += [f"took {took:.1f} s"] * (took > SLOW)
        if promises:
            Path("broken.jpg").write_bytes(data)
        assert promises == []

    while time.monotonic() < end:
        try:
            check()
        except AssertionError as error:
            sys.stdout.write(f"{count} files; broken.jpg breaks a promise: {error}\n")
            return 1
    sys.stdout.write(f"{count} files, no promise broken; the slowest took {slowest:.2f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 30))
