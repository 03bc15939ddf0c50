"""Scratch memory that a thread keeps from call to call, so that the system need not map and clear it each time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["give_back", "lend", "made_for", "made_once", "scratch"]

T = TypeVar("T")
R = TypeVar("R")

# Larger requests are not kept. Tokens of a photo of 20 megapixels may take as much; mostly a third of that is touched.
KEPT_BYTES = 1 << 28
INHERITED_BYTES = 1 << 22  # nor are these, when the thread ends; nor is `made_for` worth while for more
HEIRLESS = 8  # threads' memory that waits for a thread that begins

_idle: list[dict[str, npt.NDArray[Any]]] = []


class _Memory(threading.local):
    """A thread's memory by name. Buffers of one that has ended go to one that begins: a batch makes new threads."""

    def __init__(self) -> None:
        self.owner = _Owner()
        self.made: dict[str, Any] = {}
        self.spare: dict[str, npt.NDArray[Any]] = {}


class _Owner:
    """Ends with its thread."""

    def __init__(self) -> None:
        try:
            self.buffers = _idle.pop()
        except IndexError:
            self.buffers = {}

    def __del__(self, idle: list[dict[str, npt.NDArray[Any]]] = _idle) -> None:
        if len(idle) < HEIRLESS:
            idle.append({name: kept for name, kept in self.buffers.items() if kept.nbytes <= INHERITED_BYTES})


_memory = _Memory()


def scratch(name: str, size: int, dtype: type[np.generic] = np.uint8, *, zeros: bool = False) -> npt.NDArray[Any]:
    """Uninitialised memory for one use within this call; the next request of the same name may return it again.

    Parameters
    ----------
    name : str
        What it is for; two buffers in use at the same time need two names.
    size : int
        Items, at least.
    dtype : type
        Of the items; always the same for a name.
    zeros : bool
        They are zero when the memory is new; who writes to it must know what it holds then.

    Returns
    -------
    ndarray, (size,)
    """
    buffers = _memory.owner.buffers
    kept = buffers.get(name)
    if kept is None or len(kept) < size:
        kept = np.zeros(size, dtype) if zeros else np.empty(size, dtype)
        if kept.nbytes <= KEPT_BYTES:
            buffers[name] = kept
    return kept if len(kept) == size else kept[:size]


def made_once(name: str, make: Callable[[], T]) -> T:
    """Return what `make` made of scratch memory whose size is always the same; it is called once a thread.

    Parameters
    ----------
    name : str
        What it is for, unlike all others.
    make : callable
        What it returns must not be kept by anyone: another thread inherits the memory.
    """
    made: dict[str, T] = _memory.made
    try:
        return made[name]
    except KeyError:
        return made.setdefault(name, make())


def made_for(name: str, owner: T, size: int, make: Callable[[T], R]) -> R:
    """Return what `make` made of scratch memory for this very object; it is not called again if that was the last one.

    So where much is asked for, for one image after the other of the same kind, it is asked for once.

    Parameters
    ----------
    name : str
        What it is for, unlike all others.
    owner
        Compared by identity.
    size : int
        Bytes that are asked for, about. Large memory, beside which the time does not count, is not kept twice.
    make : callable
        See `made_once`.
    """
    made = _memory.made
    known: tuple[T, R] | None = made.get(name)
    if known is not None and known[0] is owner:
        return known[1]
    result = make(owner)
    if size <= INHERITED_BYTES:
        made[name] = owner, result
    return result


def lend(name: str, size: int, dtype: type[np.generic]) -> npt.NDArray[Any]:
    """Uninitialised memory for the caller alone: the one that was given back last, if it is large enough.

    Who keeps it for good need not give it back; then the next caller gets memory that is not in the CPU's cache.

    Parameters
    ----------
    name : str
        What it is for.
    size : int
        Items.
    dtype : type
        Of the items; always the same for a name.

    Returns
    -------
    ndarray, (at least `size`,)
    """
    spare = _memory.spare.pop(name, None)
    return np.empty(size, dtype) if spare is None or len(spare) < size else spare


def give_back(name: str, memory: npt.NDArray[Any]) -> None:
    """Take back what `lend` returned: nobody else may use it any more."""
    _memory.spare[name] = memory
