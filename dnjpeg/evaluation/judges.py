"""The threads on which a classifier answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from dnjpeg.evaluation.classifiers import Classifier

__all__ = ["Judges", "judges_for"]


@dataclass(frozen=True)
class Judges:
    """Threads that classify batches, each a batch at a time.

    Parameters
    ----------
    classifier : Classifier
        What they ask.
    executor : ThreadPoolExecutor
        The threads.
    count : int
        How many there are.
    batch_size : int
        How many images they should be given at a time.
    """

    classifier: Classifier
    executor: ThreadPoolExecutor
    count: int
    batch_size: int

    def classify(self, batch: Sequence[torch.Tensor]) -> Future[npt.NDArray[np.float32]]:
        """Ask for the answers to a batch; see `Classifier.log_probabilities`."""
        return self.executor.submit(self.classifier.log_probabilities, batch)


@contextmanager
def judges_for(classifier: Classifier, threads: int) -> Iterator[Judges]:
    """Provide threads that suit the device: several on a CPU, one that feeds an accelerator.

    On a CPU each thread works by itself. PyTorch's own threads wait for each other after every layer, and small
    networks spend most of their time waiting as soon as other threads compress beside them. Batches are small, so that
    a layer's output fits into memory that the allocator keeps: beyond 32 MB, glibc returns it to the system after every
    layer, and clearing new pages takes as long as the arithmetic.
    """
    on_cpu = torch.device(classifier.device).type == "cpu"
    before = torch.get_num_threads()
    count = threads if on_cpu else 1
    executor = ThreadPoolExecutor(
        count,
        thread_name_prefix="dnjpeg-judge",
        initializer=lambda: torch.set_num_threads(1 if on_cpu else before),
    )
    try:
        yield Judges(classifier, executor, count, batch_size=4 if on_cpu else 32)
    finally:
        executor.shutdown(cancel_futures=True)
        torch.set_num_threads(before)
