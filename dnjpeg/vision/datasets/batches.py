"""Batches whose images lie in one tensor from the start, so that collating has nothing left to copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils.data import default_collate, get_worker_info
from torch.utils.data._utils.collate import default_collate_fn_map

__all__ = ["BatchSample", "batch_memory", "collate_samples"]


class BatchSample(tuple[Any, Any]):
    """An image and its class: a tuple like any other, whose image is one of a batch that is in memory already.

    PyTorch's default collate function takes the batch as it is. Whatever else is done with samples finds tuples.
    """

    batch: torch.Tensor
    """uint8, (N, 3, H, W)"""
    place: int
    """Which of the batch the image is."""

    def __new__(cls, image: torch.Tensor, target: Any, batch: torch.Tensor, place: int) -> BatchSample:
        """Make a tuple ``(image, target)``."""
        sample = super().__new__(cls, (image, target))
        sample.batch, sample.place = batch, place
        return sample

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (tuple(self),)  # another process has no use for the rest


def batch_memory(shape: tuple[int, ...]) -> torch.Tensor:
    """Uninitialised tensor of uint8; in the worker of a data loader in memory that it shares, as PyTorch's batches."""
    if get_worker_info() is None:
        return torch.empty(shape, dtype=torch.uint8)
    empty = torch.empty(0, dtype=torch.uint8)
    storage = empty.untyped_storage()._new_shared(torch.Size(shape).numel())  # type: ignore[no-untyped-call]
    return empty.set_(storage, 0, shape)  # type: ignore[call-overload,no-any-return]


def collate_samples(
    samples: Sequence[BatchSample], *, collate_fn_map: dict[Any, Callable[..., Any]] | None = None
) -> list[Any]:
    """Collate as `default_collate` does tuples: a list of the images and the classes."""
    batch = samples[0].batch
    if len(samples) == len(batch) and all(
        sample.batch is batch and sample.place == place for place, sample in enumerate(samples)
    ):
        return [batch, default_collate([target for _, target in samples])]
    return default_collate([tuple(sample) for sample in samples])  # type: ignore[no-any-return]


default_collate_fn_map[BatchSample] = collate_samples
