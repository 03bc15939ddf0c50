"""Collection of frequency statistics from many images, on one or several processes."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from dnjpeg.errors import JpegError
from dnjpeg.statistics.extraction import Color, Domain, Extraction
from dnjpeg.statistics.frequency import FrequencyStatistics
from dnjpeg.statistics.origin import Failure, Origin
from dnjpeg.statistics.sources import Item, Labels, Sources, every_kth, expand
from dnjpeg.statistics.streaming import StreamCounts
from dnjpeg.statistics.totals import ComponentTotals

__all__ = ["Progress", "collect_items", "collect_statistics"]

Progress = Callable[[int, int | None], None]
"""Called with the number of images done so far and, if known, that of all."""

_LARGEST_CHUNK = 32  # images a process works on before it reports; a report takes some megabytes


def collect_statistics(
    sources: Sources,
    *,
    every: int = 1,
    jobs: int | None = None,
    domain: Domain = "pixels",
    color: Color = "ycbcr",
    subsampling: str | None = None,
    labels: Labels | None = None,
    data: str | None = None,
    progress: Progress | None = None,
) -> FrequencyStatistics:
    """Collect the frequency statistics of images.

    The result is the same, to the last bit, in whatever order the images come and on however many processes.

    Parameters
    ----------
    sources : path, bytes, ndarray, CoefficientImage, or an iterable of these
        Files and folders (with their sub-folders, sorted), the bytes of files, uint8 arrays (H, W), (H, W, 3) or
        (N, H, W, 3), or, for the coefficients, what `dnjpeg.read` returned. An iterator is read as it goes.
    every : int
        Take every k-th image of each class, beginning with its first (the sampling of DeepN-JPEG).
    jobs : int, optional
        Processes to work on; None or 1: this one. They are spawned, so that a script which asks for several needs
        ``if __name__ == "__main__":``.
    domain : {"pixels", "coefficients"}
        ``"pixels"``: decode, convert and transform as an encoder would before it quantizes; any file that Pillow
        opens. ``"coefficients"``: the dequantized coefficients of JPEG files as they are stored, faster and without
        the rounding of pixels, but on each file's own sampling and with the zeros of its own quantization.
    color : {"ycbcr", "rgb", "gray"}
        Y, Cb and Cr as coded; R, G and B at full size (what DeepN-JPEG's authors pool); or Y alone. A gray image
        counts in Y alone, or as equal R, G and B.
    subsampling : str, optional
        Chroma subsampling of Y, Cb and Cr from pixels, ``"4:2:0"`` if None. Not to be given otherwise.
    labels : mapping or sequence, optional
        The class of each file name, or of each image in turn. None: a file's class is its folder, and images in
        memory are one class.
    data : str, optional
        A name of the data for the provenance.
    progress : callable, optional
        Called as ``progress(done, total)``; the total is None for an iterator.

    Returns
    -------
    FrequencyStatistics
        Its `failures` name the images that could not be read; the others are counted.

    Raises
    ------
    ValueError
        If an argument is none of the above, or there is no image, or none could be read.
    OSError
        If a path does not exist, or a process died.
    """
    for name, value in (("every", every), ("jobs", jobs or 1)):
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} is a whole number from 1 on, not {value!r}")
    extraction = Extraction(domain, color, subsampling)
    items: Iterable[Item] = every_kth(expand(sources, labels), every)
    total = None
    if not isinstance(sources, Iterator):
        items = list(items)
        total = len(items)
    tally = _Tally(extraction)
    for done in _tally_all(tally, items, jobs or 1, total):
        if progress:
            progress(done, total)
    tally.check()
    return tally.finish("every image" if every == 1 else f"one image in {every} of each class", data)


def collect_items(
    items: Iterable[Item], extraction: Extraction, *, rule: str, data: str | None = None
) -> FrequencyStatistics:
    """Collect the statistics of images that were chosen already; they may be none.

    Parameters
    ----------
    items : iterable of Item
        Read as it goes.
    extraction : Extraction
        What is taken from each.
    rule : str
        How they were chosen, for the provenance.
    data : str, optional
        A name of the data for the provenance.
    """
    tally = _Tally(extraction)
    for item in items:
        tally.take(item)
    return tally.finish(rule, data)


@dataclass
class _Tally:
    """What has been collected so far, by one process or by all."""

    extraction: Extraction
    totals: list[ComponentTotals] = field(init=False)
    images: int = 0
    failures: list[Failure] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.totals = [ComponentTotals() for _ in self.extraction.components]
        self._stream = StreamCounts(self.totals) if self.extraction.domain == "coefficients" else None

    @property
    def done(self) -> int:
        return self.images + len(self.failures)

    def take(self, item: Item) -> None:
        try:
            content = item.content.read_bytes() if isinstance(item.content, Path) else item.content
            streamed = self._stream is not None and isinstance(content, bytes) and self._stream.take(content)
            planes = [] if streamed else self.extraction.planes(content)
        except OSError as error:
            self.failures.append(Failure(item.name, error.strerror or str(error)))
        except (ValueError, JpegError) as error:
            self.failures.append(Failure(item.name, str(error)))
        except MemoryError:
            self.failures.append(Failure(item.name, "out of memory"))
        else:
            for plane in planes:
                self.totals[plane.component].add(plane.coefficients, plane.table)
            self.images += 1

    def settle(self) -> None:
        """Bring the totals up to date."""
        if self._stream is not None:
            self._stream.settle()

    def __getstate__(self) -> dict[str, object]:
        self.settle()
        return {**vars(self), "_stream": None}

    def merge(self, other: _Tally) -> None:
        for total, part in zip(self.totals, other.totals, strict=True):
            total.merge(part)
        self.images += other.images
        self.failures += other.failures

    def check(self) -> None:
        if not self.done:
            raise ValueError("there are no images to collect statistics from")
        if not self.images:
            others = f" (and {self.done - 1} more)" if self.done > 1 else ""
            raise ValueError(f"no image could be read: {min(self.failures)}{others}")

    def finish(self, rule: str, data: str | None) -> FrequencyStatistics:
        self.settle()
        domain, color, subsampling = self.extraction.domain, self.extraction.color, self.extraction.subsampling
        names = () if data is None else (data,)
        origin = Origin(self.images, len(self.failures), domain, color, subsampling, (rule,), names)
        failures = tuple(sorted(self.failures))
        return FrequencyStatistics(self.extraction.components, tuple(self.totals), origin, failures)


def _tally_all(tally: _Tally, items: Iterable[Item], jobs: int, total: int | None) -> Iterator[int]:
    """Take in all items, and yield now and then how many are done."""
    if jobs == 1:
        for item in items:
            tally.take(item)
            yield tally.done
        return
    size = _LARGEST_CHUNK if total is None else min(_LARGEST_CHUNK, max(1, total // (4 * jobs)))
    for part in _on_processes(tally.extraction, _chunks(items, size), jobs):
        tally.merge(part)
        yield tally.done


def _on_processes(extraction: Extraction, chunks: Iterator[list[Item]], jobs: int) -> Iterator[_Tally]:
    """Yield the tally of each chunk as it comes in; never more than two chunks a process are under way."""
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _leave_interrupts_to_parent)
    running: set[Future[_Tally]] = set()
    try:
        while True:
            running |= {
                pool.submit(_tally_chunk, extraction, chunk) for chunk in islice(chunks, 2 * jobs - len(running))
            }
            if not running:
                return
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                yield future.result()
    except BrokenProcessPool:
        raise OSError(
            'a worker process died: out of memory, or a script without if __name__ == "__main__"; try fewer jobs'
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _tally_chunk(extraction: Extraction, chunk: list[Item]) -> _Tally:
    tally = _Tally(extraction)
    for item in chunk:
        tally.take(item)
    return tally


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
