"""Folders of images, one sub-folder a class, that take corrupt files in their stride."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import torch
from torchvision.datasets import ImageFolder

from dnjpeg.api import read_header
from dnjpeg.errors import JpegError
from dnjpeg.vision.datasets.batches import BatchSample, batch_memory
from dnjpeg.vision.datasets.failures import Failure, FailureLog
from dnjpeg.vision.decoding import DecodeJpeg, ReadCoefficients
from dnjpeg.vision.decoding.pixels import PixelDecoder

__all__ = ["ON_ERROR", "CoefficientFolder", "Decoder", "JpegFolder", "OnError", "blank_for"]

OnError = Literal["raise", "skip", "gray"]
ON_ERROR = ("raise", "skip", "gray")
Decoder = Callable[..., Any]

UNKNOWN_SIZE = (256, 256)  # of a gray image in the place of a file whose header cannot be read


class JpegFolder(ImageFolder):  # type: ignore[misc]
    """torchvision's ``ImageFolder``, decoding with dnjpeg, and no more than is needed.

    Classes, their order, and the list of samples are those of ``ImageFolder``; so are `classes`, `class_to_idx`,
    `samples`, `targets` and `imgs`.

    Parameters
    ----------
    root : str or path
        One sub-folder a class.
    transform, target_transform : callable, optional
        Of what was decoded, and of the class.
    decode : callable
        From a file's bytes to what `transform` takes: `DecodeJpeg` by default, a uint8 tensor (3, H, W);
        `DecodeRandomResizedCrop` for training, `DecodeResizedCenterCrop` for evaluation, `ReadCoefficients`, or any
        function.
    on_error : {"raise", "skip", "gray"}
        What becomes of a file that cannot be decoded. ``"raise"``: an error that names it. ``"skip"``: a ``DataLoader``
        leaves it out, so that its batch is smaller; where one item must come (``dataset[i]``, a batch of nothing but
        such files), the next good one takes its place. ``"gray"``: a mid-gray image of the size in its header takes
        its place, with its label.
    failures : FailureLog, str or path, optional
        Where such files are listed, from all workers; see `failures`.
    **options
        Of ``ImageFolder``: ``is_valid_file``, ``allow_empty``.

    Raises
    ------
    ValueError
        If `on_error` is none of these, or ``"gray"`` with a `decode` that has no method ``blank``.
    FileNotFoundError
        If there is no class, or one without images.
    """

    def __init__(
        self,
        root: str | PathLike[str],
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        *,
        decode: Decoder | None = None,
        on_error: OnError = "raise",
        failures: FailureLog | str | PathLike[str] | None = None,
        **options: Any,
    ) -> None:
        self.decode = DecodeJpeg() if decode is None else decode
        if on_error not in ON_ERROR:
            raise ValueError(f"unknown on_error {on_error!r}: choose from {', '.join(ON_ERROR)}")
        if on_error == "gray" and not hasattr(self.decode, "blank"):
            raise ValueError("on_error='gray' needs a decoder with a method blank(size)")
        super().__init__(root, transform=transform, target_transform=target_transform, **options)
        self.on_error = on_error
        self.failure_log = failures if isinstance(failures, FailureLog) else FailureLog(failures)

    @property
    def failures(self) -> list[Failure]:
        """Files that could not be decoded so far, in this process and all workers: path and reason."""
        return self.failure_log.read()

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """Decode one image; returns what `transform` made of it, and its class."""
        for offset in range(len(self)):
            sample = self._attempt((index + offset) % len(self) if offset else index)
            if sample is not None:
                return sample
        raise JpegError(f"none of the {len(self)} images can be decoded")

    def __getitems__(self, indices: Sequence[int]) -> Sequence[tuple[Any, Any]]:
        """Decode a batch, as a ``DataLoader`` asks for it: the files that are skipped are not in it.

        Images that come out of decoding with one size, and have no `transform`, are decoded into one tensor.
        """
        shape = self.decode.shape if isinstance(self.decode, PixelDecoder) and self.transform is None else None
        samples: Sequence[tuple[Any, Any]]
        if shape is not None:
            samples = self._decoded_in_place(indices, shape)
        else:
            samples = [sample for sample in map(self._attempt, indices) if sample is not None]
        return samples or [self[indices[0]]]

    def _decoded_in_place(self, indices: Sequence[int], shape: tuple[int, ...]) -> list[BatchSample]:
        memory = batch_memory((len(indices), *shape))
        samples: list[tuple[Any, Any]] = []
        for index in indices:
            sample = self._attempt(index, memory[len(samples)])
            if sample is not None:
                samples.append(sample)
        batch = memory[: len(samples)]
        return [BatchSample(image, target, batch, place) for place, (image, target) in enumerate(samples)]

    def _attempt(self, index: int, out: torch.Tensor | None = None) -> tuple[Any, Any] | None:
        """Decode one image, to `out` if that is given; None if it is to be skipped."""
        path, target = self.samples[index]
        data = b""
        place = {} if out is None else {"out": out}
        try:
            data = Path(path).read_bytes()
            image = self.decode(data, **place)
        except (JpegError, OSError) as error:
            self.failure_log.add(path, error)
            if self.on_error == "raise":
                error.add_note(f"in {path}")
                raise
            if self.on_error == "skip":
                return None
            image = blank_for(self.decode, data, **place)
        # Errors of the user's own functions are not the file's.
        if self.transform is not None:
            image = self.transform(image)
        return image, target if self.target_transform is None else self.target_transform(target)


def blank_for(decode: Any, data: bytes, **place: Any) -> Any:
    """Give what a decoder makes of a mid-gray image in the place of a broken file, as large as its header says."""
    try:
        frame = read_header(data).frame
        size = (frame.height, frame.width)
    except JpegError:
        size = UNKNOWN_SIZE
    return decode.blank(size, **place)


class CoefficientFolder(JpegFolder):
    """A `JpegFolder` of DCT coefficients: tuples of tensors Y, Cb, Cr, instead of pixels.

    Parameters
    ----------
    root, transform, target_transform, on_error, failures
        As for `JpegFolder`; `transform` takes the tuple.
    layout, dequantize, subsampling, size, crop
        As for `ReadCoefficients`. For batches images must be of one `size`.
    **options
        Of ``ImageFolder``.
    """

    def __init__(
        self,
        root: str | PathLike[str],
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        *,
        layout: Literal["channels", "channels-last", "blocks", "planes"] = "channels",
        dequantize: bool = True,
        subsampling: str = "4:2:0",
        size: int | tuple[int, int] | None = None,
        crop: Literal["center", "random"] = "center",
        on_error: OnError = "raise",
        failures: FailureLog | str | PathLike[str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            root,
            transform,
            target_transform,
            decode=ReadCoefficients(layout, dequantize, subsampling, size, crop),
            on_error=on_error,
            failures=failures,
            **options,
        )
