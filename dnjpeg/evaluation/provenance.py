"""Which code measured: what makes a cached measurement of one version worthless to the next."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

import dnjpeg

__all__ = ["code_identity", "versions"]

# What decides a measurement, below the package's folder; its results must not outlive a change in any of them.
_SOURCES = (
    "api.py",
    "codec/**/*.py",
    "evaluation/cache.py",
    "evaluation/classifiers/*.py",
    "evaluation/contenders.py",
    "evaluation/crops.py",
    "evaluation/fidelity.py",
    "evaluation/judges.py",
    "evaluation/measure.py",
    "evaluation/photos.py",
    "evaluation/preparation.py",
    "evaluation/sweeping.py",
)
_PACKAGES = ("numpy", "numba", "pillow", "torch", "torchvision", "openvino", "torchmetrics")


@cache
def code_identity(*more: str) -> str:
    """SHA-256 of the sources that decide a measurement, hexadecimal; `more` are patterns of further ones."""
    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for pattern in (*_SOURCES, *more):
        for source in sorted(package.glob(pattern)):
            digest.update(source.relative_to(package).as_posix().encode() + b"\0")
            digest.update(source.read_bytes())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Versions of dnjpeg, Python and the packages that a measurement depends on."""
    found = {"dnjpeg": dnjpeg.__version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
