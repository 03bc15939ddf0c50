"""Break files piece by piece, by Hypothesis, for some minutes: ``python tests/fuzz/fuzz_structure.py MINUTES``.

With ``DNJPEG_CHECKED=1`` every access of the kernels is checked as well. A file that breaks a promise of
`tests/malformed/contract.py` is made as small as can be and written to ``broken.jpg``; the exit status is then 1.
"""

from __future__ import annotations

import random
import sys
import time
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "malformed"))

from contract import broken_promises
from hypothesis import HealthCheck, given, seed, settings
from pieces import broken_files, donors

from dnjpeg import Limits

SMALL = Limits(max_pixels=1 << 16, max_scans=100)
ROUND = 1000  # files between looks at the clock
SLOW = 5.0  # seconds of CPU time for one file through all entry points


class BrokenPromiseError(Exception):
    """What the library should not have done."""


def check(data: bytes) -> None:
    """Raise if a promise is broken. Which entry points a file goes through depends on it alone."""
    promises, took = _broken_and_seconds(data)
    if took > SLOW and not promises:  # a kernel that no file before this one had a use for was compiled, or not
        promises, took = _broken_and_seconds(data)
    if took > SLOW:
        promises.append(f"took {took:.1f} s")
    if promises:
        Path("broken.jpg").write_bytes(data)
        sys.stdout.write(f"broken.jpg: {'; '.join(promises)}\n")  # should it not be so when Hypothesis tries again
        raise BrokenPromiseError("; ".join(promises))


def _broken_and_seconds(data: bytes) -> tuple[list[str], float]:
    begin = time.process_time()
    promises = list(broken_promises(data, limits=SMALL, everywhere=zlib.crc32(data) % 4 == 0))
    return promises, time.process_time() - begin


def main(minutes: float) -> int:
    """Return the exit status."""
    for pieces in donors():  # kernels are compiled before the clock runs
        list(broken_promises(b"".join(pieces), limits=SMALL))
        list(broken_promises(b"".join(pieces)[:-20], limits=SMALL))
    end = time.monotonic() + 60 * minutes
    count = 0
    while time.monotonic() < end:

        @seed(random.getrandbits(64))
        @settings(max_examples=ROUND, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(broken_files())
        def one_round(data: bytes) -> None:
            nonlocal count
            count += 1
            check(data)

        try:
            one_round()
        except Exception as error:
            sys.stdout.write(f"{count} files; broken.jpg: {error}\n")
            return 1
        sys.stdout.write(f"{count} files, and no promise is broken\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 30))
