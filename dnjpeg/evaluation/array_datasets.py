"""Labelled photos of one size in one NumPy file, such as the whole of CIFAR-10."""

from __future__ import annotations

import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from dnjpeg.evaluation.photos import Dataset, PixelPhoto

__all__ = ["SUFFIX", "load", "load_arrays"]

SUFFIX = ".npz"

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


def load_arrays(path: Path) -> tuple[Pixels, Labels]:
    """Read a file's arrays ``images``, uint8 (N, H, W, 3) RGB or (N, H, W) gray, and ``labels``, integers (N,).

    Raises
    ------
    ValueError
        If it does not hold these.
    OSError
        If it cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            missing = [name for name in ("images", "labels") if name not in arrays]
            if missing:
                raise ValueError(f"there is none called {missing[0]}")
            images, labels = arrays["images"], arrays["labels"]
    except (ValueError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        raise ValueError(
            f"{path}: not a NumPy file of arrays called images and labels ({' '.join(str(error).split())})"
        ) from None
    colors = images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 3)
    if images.dtype != np.uint8 or not colors or not images.size:
        raise ValueError(f"{path}: images are uint8 (N, H, W, 3) or (N, H, W), not {images.dtype} {images.shape}")
    if labels.shape != images.shape[:1] or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"{path}: labels are integers, ({len(images)},), not {labels.dtype} {labels.shape}")
    return images, labels.astype(np.int64)


def load(spec: str) -> Dataset:
    """Make a dataset of the file; labels are the classifier's class numbers, and an image's name is its index."""
    images, labels = load_arrays(Path(spec))
    digits = len(str(len(images) - 1))
    photos = tuple(
        PixelPhoto(f"{index:0{digits}d}", int(label), partial(_image, images, index))
        for index, label in enumerate(labels)
    )
    return Dataset(spec, photos)


def _image(images: Pixels, index: int) -> Image.Image:
    return Image.fromarray(images[index])
