"""Many images at once, on several threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from dnjpeg import api
from dnjpeg.errors import JpegError
from dnjpeg.parallel import available_cores
from dnjpeg.steps import Steps
from dnjpeg.team import ordered_steps

__all__ = ["decode_batch", "encode_batch", "transcode_batch"]

OnError = Literal["raise", "return"]
Pixels = npt.NDArray[np.uint8]
T = TypeVar("T")
R = TypeVar("R")


def encode_batch(
    images: Iterable[Pixels], *, jobs: int | None = None, on_error: OnError = "raise", **options: Any
) -> Iterator[bytes | Exception]:
    """Encode images on several threads.

    Parameters
    ----------
    images : iterable of ndarray, uint8, (H, W, 3) or (H, W)
        Taken one by one as threads become free; an array (N, H, W, 3) is N images.
    jobs : int, optional
        Threads, the caller's included; None: one a CPU that this process may use. While results are asked for, the
        caller's thread reads the images and does what the interpreter does for each, and where the others have enough
        to do, it encodes as well.
    on_error : {"raise", "return"}
        What to do with an image that cannot be encoded: raise its error in its turn and stop, or yield the error in
        the image's place and go on.
    **options
        Of `dnjpeg.encode`, for all images alike.

    Yields
    ------
    bytes or Exception
        In the order of the images. Never more than three images a thread are under way or wait to be taken, of those
        that take less than 2 ms up to 24.

    Raises
    ------
    ValueError, TypeError
        If `jobs` or `on_error` is none of the above, or an option is none of those, whatever the images are.
    """
    return _batch(api.encoder_for(**_with_defaults(api.encode, options)), images, jobs, on_error)


def decode_batch(
    files: Iterable[bytes],
    *,
    jobs: int | None = None,
    on_error: OnError = "raise",
    out: Iterable[Pixels] | None = None,
    **options: Any,
) -> Iterator[Pixels | Exception]:
    """Decode files on several threads; what is not said here is as in `encode_batch`.

    Parameters
    ----------
    files : iterable of bytes-like
        Whole files.
    out : iterable of ndarray, optional
        Where each file's pixels go, of the shape that `dnjpeg.decode` returns; an array (N, H, W, 3) for N files of one
        size.
    **options
        Of `dnjpeg.decode`, but for `out`.

    Yields
    ------
    ndarray or Exception
        In the order of the files.

    Raises
    ------
    ValueError, TypeError
        If `jobs` or `on_error` is none of the above, an option none of those, or `out` has fewer arrays than there are
        files.
    """
    targets: Iterable[Pixels | None] = repeat(None) if out is None else out
    pairs = _paired(files, targets)
    decode = api.decoder_for(**_with_defaults(api.decode, options, without="out"))
    return _batch(lambda pair: decode(pair[0], out=pair[1]), pairs, jobs, on_error)


def transcode_batch(
    files: Iterable[bytes], *, jobs: int | None = None, on_error: OnError = "raise", **options: Any
) -> Iterator[bytes | Exception]:
    """Transcode files on several threads; what is not said here is as in `encode_batch`.

    Parameters
    ----------
    files : iterable of bytes-like
        Whole files.
    **options
        Of `dnjpeg.transcode`.

    Yields
    ------
    bytes or Exception
        In the order of the files.
    """
    return _batch(api.transcoder_for(**_with_defaults(api.transcode, options)), files, jobs, on_error)


def _with_defaults(function: Any, options: dict[str, Any], without: str = "") -> dict[str, Any]:
    """Return all options of a function: what is given, and its defaults."""
    defaults = {name: value for name, value in function.__kwdefaults__.items() if name != without}
    for name in options:
        if name not in defaults:
            raise TypeError(f"{function.__name__} has no option {name!r}, only {', '.join(defaults)}")
    return {**defaults, **options}


def _paired(files: Iterable[bytes], targets: Iterable[Pixels | None]) -> Iterator[tuple[bytes, Pixels | None]]:
    remaining = iter(targets)
    for index, data in enumerate(files):
        try:
            yield data, next(remaining)
        except StopIteration:
            raise ValueError(f"out has {index} arrays, and there are more files") from None


def _batch(
    work: Callable[[T], Steps[R]], items: Iterable[T], jobs: int | None, on_error: OnError
) -> Iterator[R | Exception]:
    if jobs is None:
        jobs = available_cores()
    if not isinstance(jobs, int) or jobs < 1:
        raise ValueError(f"jobs is a whole number from 1 on, not {jobs!r}")
    if on_error not in ("raise", "return"):
        raise ValueError(f'on_error is "raise" or "return", not {on_error!r}')
    if on_error == "raise":
        return ordered_steps(work, items, jobs)
    return ordered_steps(lambda item: _attempt(work, item), items, jobs)


def _attempt(work: Callable[[T], Steps[R]], item: T) -> Steps[R | Exception]:
    try:
        return (yield from work(item))
    except (JpegError, ValueError, TypeError, MemoryError) as error:
        return error
