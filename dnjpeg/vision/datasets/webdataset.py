"""Tar shards read by WebDataset, which is not needed to import this."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal

from dnjpeg.errors import JpegError
from dnjpeg.vision.datasets.failures import Failure, FailureLog
from dnjpeg.vision.datasets.folder import Decoder, blank_for
from dnjpeg.vision.decoding import DecodeJpeg

__all__ = ["WebDatasetDecoder"]


@dataclass
class WebDatasetDecoder:
    """A handler for WebDataset's ``decode``: ``WebDataset(urls).decode(WebDatasetDecoder(...))``.

    Parameters
    ----------
    decode : callable
        From bytes to what a sample shall hold, as for `JpegFolder`.
    on_error : {"raise", "gray"}
        What becomes of a file that cannot be decoded: an error, or a mid-gray image in its place. To skip the sample
        is WebDataset's own business: ``.decode(..., handler=webdataset.warn_and_continue)``.
    failures : FailureLog, str or path, optional
        Where such files are listed; see `failed`. WebDataset tells a decoder only the extension and not the sample's
        key: the list says how many there were and why.
    extensions : collection of str
        Which members are decoded; all others are left to the next handler.

    Raises
    ------
    ValueError
        If `on_error` is none of these, or ``"gray"`` with a `decode` that has no method ``blank``.
    """

    decode: Decoder = field(default_factory=DecodeJpeg)
    on_error: Literal["raise", "gray"] = "raise"
    failures: Any = None
    extensions: Collection[str] = ("jpg", "jpeg", "jpe", "jfif", "png", "webp", "ppm")

    def __post_init__(self) -> None:
        if self.on_error not in {"raise", "gray"}:
            raise ValueError(f"unknown on_error {self.on_error!r}: choose raise or gray")
        if self.on_error == "gray" and not hasattr(self.decode, "blank"):
            raise ValueError("on_error='gray' needs a decoder with a method blank(size)")
        if not isinstance(self.failures, FailureLog):
            self.failures = FailureLog(self.failures)

    @property
    def failed(self) -> list[Failure]:
        """Members that could not be decoded so far, in all workers: key and reason."""
        return self.failures.read()  # type: ignore[no-any-return]

    def __call__(self, key: str, data: bytes) -> Any:
        """Decode a member of a sample if it is an image; None otherwise, for the next handler."""
        if key.rpartition(".")[2].lower() not in self.extensions:
            return None
        try:
            return self.decode(data)
        except (JpegError, OSError) as error:
            self.failures.add(key, error)
            if self.on_error == "raise":
                error.add_note(f"in a member {key}")
                raise
            return blank_for(self.decode, data)
