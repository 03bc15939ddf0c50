"""Scratch memory that a thread keeps from call to call, so that the system need not map and clear it each time."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["scratch"]

KEPT_BYTES = 1 << 26  # larger requests are not kept
_thread = threading.local()


def scratch(name: str, size: int, dtype: type[np.generic] = np.uint8) -> npt.NDArray[Any]:
    """Uninitialised memory for one use within this call; the next request of the same name may return it again.

    Parameters
    ----------
    name : str
        What it is for; two buffers in use at the same time need two names.
    size : int
        Items, at least.
    dtype : type
        Of the items; always the same for a name.

    Returns
    -------
    ndarray, (size,)
    """
    kept: npt.NDArray[Any] | None = getattr(_thread, name, None)
    if kept is None or len(kept) < size:
        kept = np.empty(size, dtype)
        if kept.nbytes <= KEPT_BYTES:
            setattr(_thread, name, kept)
    return kept[:size]
