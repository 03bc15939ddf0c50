"""Which parts of a picture a classifier is shown, and how its answers to them become one.

A classifier that crops the centre never sees the border: whoever spends no bytes there wins for nothing. With several
views every part counts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["CROPS", "mean_log_probabilities", "require_known", "views"]

Pixels = npt.NDArray[np.uint8]
LogProbabilities = npt.NDArray[np.float32]

# Scheme -> views, each as the direction in which the window moves from the centre: down and right.
CROPS: dict[str, tuple[tuple[int, int], ...]] = {
    "center": ((0, 0),),
    "five": ((0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)),
}


def require_known(crops: str, kept: float | None) -> None:
    """Raise ValueError if there is no such scheme, or it needs a preprocessing that says what it keeps."""
    if crops not in CROPS:
        raise ValueError(f"unknown crops {crops!r}: choose from {', '.join(CROPS)}")
    if len(CROPS[crops]) > 1 and kept is None:
        raise ValueError(
            f"crops {crops!r}: the classifier does not say which part of the shorter side its preprocessing keeps "
            "(attribute kept, 1 for all of it)"
        )


def views(pixels: Pixels, crops: str, kept: float | None) -> list[Pixels]:
    """Shift a picture so that a preprocessing that crops the centre sees other parts of it.

    Parameters
    ----------
    pixels : ndarray, uint8, (H, W, 3) or (H, W)
        The picture.
    crops : str
        ``"center"``: the picture as it is. ``"five"``: that, and the picture shifted so that a corner of the window
        lies on a corner of the picture, four times. Beyond the picture its last pixels are repeated; only the
        resampling filter reaches them.
    kept : float or None
        Part of the shorter side that the preprocessing keeps: the side of the window, a square. Corner windows lie as
        near the corner as whole pixels allow.

    Returns
    -------
    list of ndarray, uint8
        All of the picture's own size.
    """
    require_known(crops, kept)
    height, width = pixels.shape[:2]
    side = (kept or 1.0) * min(height, width)
    down, right = (max(0, round((length - side) / 2)) for length in (height, width))
    shown = []
    for vertical, horizontal in CROPS[crops]:
        if not vertical and not horizontal:
            shown.append(pixels)
            continue
        rows = np.clip(np.arange(height) + vertical * down, 0, height - 1)
        columns = np.clip(np.arange(width) + horizontal * right, 0, width - 1)
        shown.append(np.ascontiguousarray(pixels[rows][:, columns]))
    return shown


def mean_log_probabilities(answers: LogProbabilities) -> LogProbabilities:
    """Logarithms of the class probabilities' means over the views; float32, ``(views, classes)`` to ``(classes,)``."""
    total: npt.NDArray[np.float64] = np.logaddexp.reduce(answers.astype(np.float64), axis=0)
    mean: LogProbabilities = (total - np.log(len(answers))).astype(np.float32)
    return mean
