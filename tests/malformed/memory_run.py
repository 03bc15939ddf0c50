"""Measure the most memory that calls on bombs take; see `test_codec_bombs`. The exit status is 1 if it is too much."""

from __future__ import annotations

import sys
from pathlib import Path

from bombs import LARGE, MEGABYTE, between, many_scans
from contract import outcome
from damage import SMALL_FILES

from dnjpeg import decode, inspect, read, read_header, transcode

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
SLACK = 24 * MEGABYTE  # what the interpreter takes in its own time

# Bytes a declared pixel, and a byte of the file, as the documentation has them.
CALLS = {
    "decode": (lambda data: decode(data, strict=False), 22, 2),
    "read": (lambda data: read(data, strict=False), 7, 2),
    "transcode": (transcode, 40, 3),
    "read_header": (read_header, 0, 2),
    "inspect": (inspect, 7, 4),
}


def most() -> int:
    """Return the largest resident memory since it was last asked for, and forget it."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    CLEAR.write_text("5")
    return 1024 * int(line.split()[1])


def main() -> int:
    """Return the exit status."""
    if not CLEAR.exists():
        return 0  # no Linux
    small = [*SMALL_FILES.values(), many_scans(16, 12), many_scans(16, 12, arithmetic=True)]
    files = {name: LARGE[name]() for name in ("sequential", "progressive", "arithmetic", "scans")}
    files["10 MB of comments"] = between(b"\xff\xfe\xea\x62" + bytes(60000), 10 * MEGABYTE)
    files["10 MB of segments"] = between(b"\xff\xe5\x00\x02", 10 * MEGABYTE)
    failed = 0
    for what, (call, a_pixel, a_byte) in CALLS.items():
        for data in small:
            outcome(lambda call=call, data=data: call(data))
        for name, data in files.items():
            frame = read_header(data).frame if name in LARGE else read_header(SMALL_FILES["4:2:0"]).frame
            most()
            before = most()
            outcome(lambda call=call, data=data: call(data))
            taken = most() - before
            allowed = a_pixel * frame.height * frame.width + a_byte * len(data) + SLACK
            failed += taken > allowed
            sys.stdout.write(f"{what}, {name}: {taken / MEGABYTE:.0f} MB, may be {allowed / MEGABYTE:.0f}\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
