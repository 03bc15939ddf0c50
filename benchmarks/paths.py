"""The paths of the codec that are timed, each with its peers; outputs that must agree are compared first."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import zip_longest

import numpy as np
from PIL import Image

import dnjpeg
from benchmarks import peers
from benchmarks.photos import Pixels

__all__ = ["PATHS", "WHOLE", "Contenders", "DifferentOutputError", "Path", "encoded_files"]

Contenders = dict[str, Callable[[int], object]]
"""By name, ours is ``dnjpeg``; called with the number of the photo."""

Prepare = Callable[[Sequence[Pixels], int, str], Contenders]

TRANSCODED = {50: 30, 75: 50, 95: 75}  # to which quality a file of this quality is transcoded
THREADS = 2


class DifferentOutputError(Exception):
    """A contender's output differs from ours where it must not."""


@dataclass(frozen=True)
class Path:
    """One row of the table.

    Parameters
    ----------
    prepare : callable
        From photos, quality and subsampling to the contenders.
    large : bool
        It is also timed on one photo of 12 megapixels.
    small : bool
        It is timed on many small photos.
    passes : int
        How often a call takes all photos.
    sizes : bool
        Each of the small photos has a size of its own.
    threads : bool
        Two threads are compared with one, and with what two gain that share nothing.
    """

    prepare: Prepare
    large: bool = True
    small: bool = True
    passes: int = 1
    sizes: bool = False
    threads: bool = False


def _encode(crops: Sequence[Pixels], quality: int, subsampling: str, *, optimize: bool) -> Contenders:
    images = [Image.fromarray(crop) for crop in crops]
    contenders: Contenders = {
        "dnjpeg": lambda i: dnjpeg.encode(crops[i], quality=quality, subsampling=subsampling, optimize=optimize),
        "Pillow": lambda i: peers.pillow_encode(images[i], quality, subsampling, optimize=optimize),
    }
    contenders = _agreeing(contenders, len(crops))
    if not optimize:  # below quality 96 it takes the fast transform, whatever it is told: its files differ
        contenders["simplejpeg"] = lambda i: peers.simplejpeg_encode(crops[i], quality, subsampling)
    return contenders


def _encode_progressive(crops: Sequence[Pixels], quality: int, subsampling: str) -> Contenders:
    images = [Image.fromarray(crop) for crop in crops]
    contenders: Contenders = {
        "dnjpeg": lambda i: dnjpeg.encode(crops[i], quality=quality, subsampling=subsampling, progressive=True),
        "Pillow": lambda i: peers.pillow_encode(images[i], quality, subsampling, progressive=True),
    }
    return _agreeing(contenders, len(crops))


def encoded_files(
    crops: Sequence[Pixels], quality: int, subsampling: str, *, optimize: bool = False, progressive: bool = False
) -> list[bytes]:
    """Encode all photos by Pillow."""
    options = {"optimize": optimize, "progressive": progressive}
    return [peers.pillow_encode(Image.fromarray(crop), quality, subsampling, **options) for crop in crops]


def _decode(
    crops: Sequence[Pixels], quality: int, subsampling: str, *, optimize: bool = False, progressive: bool = False
) -> Contenders:
    files = encoded_files(crops, quality, subsampling, optimize=optimize, progressive=progressive)
    contenders: Contenders = {
        "dnjpeg": lambda i: dnjpeg.decode(files[i]),
        "Pillow": lambda i: peers.pillow_decode(files[i]),
        "simplejpeg": lambda i: peers.simplejpeg_decode(files[i]),
    }
    return _agreeing(contenders, len(crops))


def _decode_scaled(crops: Sequence[Pixels], quality: int, subsampling: str, *, scale: int) -> Contenders:
    files = encoded_files(crops, quality, subsampling)
    contenders: Contenders = {
        "dnjpeg": lambda i: dnjpeg.decode(files[i], scale=Fraction(1, scale)),
        "Pillow draft": lambda i: peers.pillow_decode(files[i], scale),
    }
    return _agreeing(contenders, len(crops))


def _transcode(crops: Sequence[Pixels], quality: int, subsampling: str, *, optimize: bool = False) -> Contenders:
    files = encoded_files(crops, quality, subsampling, optimize=optimize)
    target = TRANSCODED.get(quality, 50)

    def through_pixels(i: int) -> bytes:
        image = Image.fromarray(peers.pillow_decode(files[i]))
        return peers.pillow_encode(image, target, subsampling, optimize=True)

    return {"dnjpeg": lambda i: dnjpeg.transcode(files[i], quality=target), "Pillow decode+encode": through_pixels}


def _read(crops: Sequence[Pixels], quality: int, subsampling: str) -> Contenders:
    contents = encoded_files(crops, quality, subsampling)
    files = peers.Files(contents)
    contenders: Contenders = {"dnjpeg": lambda i: dnjpeg.read(contents[i]).coefficients}
    if peers.available("jpeglib"):
        contenders["jpeglib"] = lambda i: peers.jpeglib_coefficients(files.paths[i])
        contenders = _agreeing(contenders, len(crops))
    if peers.available("torchjpeg"):
        contenders["torchjpeg"] = lambda i: peers.torchjpeg_coefficients(files.paths[i])
    return contenders


def _statistics(crops: Sequence[Pixels], quality: int, subsampling: str) -> Contenders:
    """Take many files in one go: beginning and ending a collection costs as much as many photos."""
    files = encoded_files(crops, quality, subsampling)
    return {
        "dnjpeg": lambda _: dnjpeg.collect_statistics(files, domain="coefficients"),
        "Pillow and SciPy dctn": lambda _: [peers.scipy_statistics(data) for data in files],
    }


def _encode_divided(crops: Sequence[Pixels], quality: int, subsampling: str, *, optimize: bool) -> Contenders:
    options = {"quality": quality, "subsampling": subsampling, "optimize": optimize}
    contenders: Contenders = {
        "dnjpeg": lambda i: dnjpeg.encode(crops[i], threads=THREADS, **options),
        "one thread": lambda i: dnjpeg.encode(crops[i], **options),
    }
    return _agreeing(contenders, len(crops))


def _decode_divided(crops: Sequence[Pixels], quality: int, subsampling: str) -> Contenders:
    files = encoded_files(crops, quality, subsampling)
    contenders: Contenders = {
        "dnjpeg": lambda i: dnjpeg.decode(files[i], threads=THREADS),
        "one thread": lambda i: dnjpeg.decode(files[i]),
    }
    return _agreeing(contenders, len(crops))


PATHS: dict[str, Path] = {
    "encode, standard Huffman": Path(partial(_encode, optimize=False)),
    "encode, optimal Huffman": Path(partial(_encode, optimize=True)),
    "encode, progressive": Path(_encode_progressive),
    "decode": Path(_decode),
    "decode, progressive": Path(partial(_decode, progressive=True)),
    "decode at 1/2": Path(partial(_decode_scaled, scale=2)),
    "decode at 1/4": Path(partial(_decode_scaled, scale=4)),
    "decode at 1/8": Path(partial(_decode_scaled, scale=8)),
    "transcode, optimal Huffman": Path(_transcode),
    "read coefficients": Path(_read),
    "encode, standard Huffman, many sizes": Path(partial(_encode, optimize=False), large=False, sizes=True),
    "encode, optimal Huffman, many sizes": Path(partial(_encode, optimize=True), large=False, sizes=True),
    "decode, many sizes": Path(_decode, large=False, sizes=True),
    "decode, many sizes and tables": Path(partial(_decode, optimize=True), large=False, sizes=True),
    "transcode, many sizes and tables": Path(partial(_transcode, optimize=True), large=False, sizes=True),
    "encode one photo, two threads": Path(partial(_encode_divided, optimize=True), small=False, threads=True),
    "encode one photo, standard Huffman, two threads": Path(
        partial(_encode_divided, optimize=False), small=False, threads=True
    ),
    "decode one photo, two threads": Path(_decode_divided, small=False, threads=True),
}

WHOLE: dict[str, Path] = {"frequency statistics": Path(_statistics, large=False)}
"""Paths whose contenders take all photos in one call."""


PASSES = 10
"""How often a batch has each photo: in less than a tenth of a second the system has not spread threads over cores."""


def _batches(batch: Callable[[int, int], Iterable[object]], *, kept: bool = False) -> Contenders:
    """Return a batch on two threads and on one, once the outputs of both are known to be equal.

    Parameters
    ----------
    batch : callable
        Of how many threads, and how often each photo is taken: begins the batch, and returns its results as they come.
    kept : bool
        Whether results are kept to the end instead of dropped as they come. They then need new memory, which the system
        clears; how much of it the runs before have left differs by thread.
    """
    for number, (ours, theirs) in enumerate(zip_longest(batch(THREADS, 1), batch(1, 1))):
        if ours is None or theirs is None or not _equal(ours, theirs):
            raise DifferentOutputError(f"photo {number}: the outputs of two threads and of one differ")
    take = list if kept else partial(deque, maxlen=0)
    return {"dnjpeg": lambda _: take(batch(THREADS, PASSES)), "one thread": lambda _: take(batch(1, PASSES))}


def _encode_threads(crops: Sequence[Pixels], quality: int, subsampling: str, *, kept: bool = False) -> Contenders:
    options = {"quality": quality, "subsampling": subsampling}
    return _batches(lambda jobs, passes: dnjpeg.encode_batch([*crops] * passes, jobs=jobs, **options), kept=kept)


def _decode_threads(crops: Sequence[Pixels], quality: int, subsampling: str, *, optimize: bool = False) -> Contenders:
    files = encoded_files(crops, quality, subsampling, optimize=optimize)
    out = {jobs: [np.empty_like(crop) for crop in crops] for jobs in (1, THREADS)}
    return _batches(lambda jobs, passes: dnjpeg.decode_batch(files * passes, jobs=jobs, out=out[jobs] * passes))


def _transcode_threads(crops: Sequence[Pixels], quality: int, subsampling: str) -> Contenders:
    files, target = encoded_files(crops, quality, subsampling), TRANSCODED.get(quality, 50)
    return _batches(lambda jobs, passes: dnjpeg.transcode_batch(files * passes, jobs=jobs, quality=target))


WHOLE |= {
    "encode a batch, two threads": Path(_encode_threads, large=False, passes=PASSES, threads=True),
    "encode a batch into a list, two threads": Path(
        partial(_encode_threads, kept=True), large=False, passes=PASSES, threads=True
    ),
    "decode a batch, two threads": Path(_decode_threads, large=False, passes=PASSES, threads=True),
    "transcode a batch, two threads": Path(_transcode_threads, large=False, passes=PASSES, threads=True),
    "encode many sizes, two threads": Path(_encode_threads, large=False, passes=PASSES, sizes=True, threads=True),
    "decode many sizes and tables, two threads": Path(
        partial(_decode_threads, optimize=True), large=False, passes=PASSES, sizes=True, threads=True
    ),
}


def _agreeing(contenders: Contenders, images: int) -> Contenders:
    """Return the contenders once the outputs of all are known to be equal for each photo."""
    for image in range(images):
        ours, *others = (call(image) for call in contenders.values())
        for name, theirs in zip(list(contenders)[1:], others, strict=True):
            if not _equal(ours, theirs):
                raise DifferentOutputError(f"photo {image}: the outputs of dnjpeg and {name} differ")
    return contenders


def _equal(ours: object, theirs: object) -> bool:
    if isinstance(ours, (bytes, np.ndarray)):
        return np.array_equal(ours, theirs)
    return all(map(np.array_equal, ours, theirs))
