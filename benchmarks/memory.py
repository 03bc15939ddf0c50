"""Peak memory of one call in a process of its own, beyond its inputs and result."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from benchmarks import peers
from benchmarks.photos import Pixels

__all__ = ["measure_peaks"]

_PROGRAM = """
import io, resource, sys
import numpy as np, dnjpeg
from PIL import Image, ImageFile
ImageFile.MAXBLOCK = 1 << 26
small = np.zeros((16, 16, 3), np.uint8)
pixels = np.asarray(Image.open(sys.argv[2]))
data = open(sys.argv[2], "rb").read()
def pillow_encode(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=75)
    return buffer.getvalue()
call, tiny, large = {
    "dnjpeg encode": (lambda pixels: dnjpeg.encode(pixels, quality=75, optimize=False), small, pixels),
    "Pillow encode": (pillow_encode, small, pixels),
    "dnjpeg decode": (dnjpeg.decode, pillow_encode(small), data),
    "Pillow decode": (lambda data: np.asarray(Image.open(io.BytesIO(data))), pillow_encode(small), data),
}[sys.argv[1]]
call(tiny)
if "decode" in sys.argv[1]:
    del pixels
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
filler = np.ones(max(0, (before << 10) - (int(open("/proc/self/statm").read().split()[1]) << 12)) // 8)
result = call(large)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) << 10, len(result) if isinstance(result, bytes) else result.nbytes)
"""

CALLS = ("dnjpeg encode", "Pillow encode", "dnjpeg decode", "Pillow decode")


def measure_peaks(photo: Pixels) -> dict[str, int]:
    """Bytes by which each call raises the process's peak, for one photo; its own result is not counted."""
    peaks = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.jpg"
        path.write_bytes(peers.pillow_encode(Image.fromarray(photo), 75, "4:2:0"))
        for name in CALLS:
            run = subprocess.run(
                [sys.executable, "-c", _PROGRAM, name, str(path)], check=True, capture_output=True, text=True
            )
            raised, result = map(int, run.stdout.split())
            peaks[name] = max(0, raised - result)
    return peaks
