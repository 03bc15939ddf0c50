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
def pillow_encode(pixels, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=75, **options)
    return buffer.getvalue()
def pillow_decode(data):
    return np.asarray(Image.open(io.BytesIO(data)))
who, what = sys.argv[1].split(" ", 1)
call = {
    "dnjpeg encode": lambda pixels: dnjpeg.encode(pixels, quality=75, optimize=False),
    "Pillow encode": pillow_encode,
    "dnjpeg encode, optimal Huffman": lambda pixels: dnjpeg.encode(pixels, quality=75),
    "Pillow encode, optimal Huffman": lambda pixels: pillow_encode(pixels, optimize=True),
    "dnjpeg encode, progressive": lambda pixels: dnjpeg.encode(pixels, quality=75, progressive=True),
    "Pillow encode, progressive": lambda pixels: pillow_encode(pixels, progressive=True),
    "dnjpeg decode": dnjpeg.decode,
    "Pillow decode": pillow_decode,
    "dnjpeg transcode": lambda data: dnjpeg.transcode(data, quality=50),
    "Pillow transcode": lambda data: pillow_encode(pillow_decode(data), optimize=True),
}[sys.argv[1]]
if what.startswith("encode"):
    given, small = np.asarray(Image.open(sys.argv[2])), np.zeros((16, 16, 3), np.uint8)
else:
    given, small = open(sys.argv[2], "rb").read(), pillow_encode(np.zeros((16, 16, 3), np.uint8))
call(small)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
filler = np.ones(max(0, (before << 10) - (int(open("/proc/self/statm").read().split()[1]) << 12)) // 8)
result = call(given)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) << 10, len(result) if isinstance(result, bytes) else result.nbytes)
"""

CALLS = tuple(
    f"{who} {what}"
    for what in ("encode", "encode, optimal Huffman", "encode, progressive", "decode", "transcode")
    for who in ("dnjpeg", "Pillow")
)
"""Pillow's transcoding goes through pixels."""


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
