"""What is done to one image: a function from the bytes of a file to those of another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import PurePosixPath
from typing import Any, Protocol

import numpy as np

from dnjpeg import api
from dnjpeg.folders import IMAGE_SUFFIXES, JPEG_SUFFIXES
from dnjpeg.images import metadata_of, open_image, pixels_of
from dnjpeg.shards.selection import kind_of
from dnjpeg.tables import QuantizationTables, resolve

__all__ = ["Encode", "Operation", "Transcode"]


class Operation(Protocol):
    """What is done to one image. It can be pickled, and may be called from several threads."""

    @property
    def suffixes(self) -> frozenset[str]:
        """Which files it is for, in lower case with their dots."""

    def __call__(self, data: bytes) -> bytes:
        """Convert a file; a `JpegError` or `ValueError` says why it cannot be."""

    def renamed(self, name: str) -> str:
        """Give the name that the converted file has."""

    def settings(self) -> dict[str, Any]:
        """Say all that the result depends on, as JSON can hold it."""


@dataclass(frozen=True)
class Transcode:
    """JPEG to JPEG without pixels in between, see `dnjpeg.transcode`.

    Parameters
    ----------
    options : mapping
        Keywords of `dnjpeg.transcode`.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    suffixes: frozenset[str] = JPEG_SUFFIXES

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", _resolved(self.options))

    def __call__(self, data: bytes) -> bytes:
        """Transcode a file."""
        kind = kind_of(data)
        if kind not in (None, "JPEG"):
            raise ValueError(f"this is a {kind} file, whatever its name says")
        return api.transcode(data, **self.options)

    def renamed(self, name: str) -> str:
        """Give the name that it has already."""
        return name

    def settings(self) -> dict[str, Any]:
        """Say all that the result depends on."""
        return {"operation": "transcode", **_described(self.options)}


@dataclass(frozen=True)
class Encode:
    """Images of any format to JPEG, see `dnjpeg.encode` and ``dnjpeg encode``.

    Parameters
    ----------
    options : mapping
        Keywords of `dnjpeg.encode`.
    copy : {"none", "comments", "icc", "all"}
        What is kept of the image's metadata.
    background : tuple of int, optional
        RGB colour that transparent pixels are laid on; without it they are an error.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    copy: str = "none"
    background: tuple[int, ...] | None = None
    suffixes: frozenset[str] = IMAGE_SUFFIXES

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", _resolved(self.options))

    def __call__(self, data: bytes) -> bytes:
        """Encode an image."""
        image = open_image(data)
        pixels = pixels_of(image, background=self.background, color=self.options.get("color"))
        return api.encode(pixels, **{**metadata_of(image, pixels, self.copy), **self.options})

    def renamed(self, name: str) -> str:
        """Give it the suffix of a JPEG file, if it has none."""
        path = PurePosixPath(name)
        return name if path.suffix.lower() in JPEG_SUFFIXES else str(path.with_suffix(".jpg"))

    def settings(self) -> dict[str, Any]:
        """Say all that the result depends on."""
        background = None if self.background is None else list(self.background)
        return {"operation": "encode", "copy": self.copy, "background": background, **_described(self.options)}


def _resolved(options: Mapping[str, Any]) -> dict[str, Any]:
    """Look up tables here, since other machines may not have the file; leave out what was not given."""
    given = {name: value for name, value in options.items() if value is not None}
    if "tables" in given:
        given["tables"] = resolve(given["tables"])
    return given


def _described(options: Mapping[str, Any]) -> dict[str, Any]:
    described = {name: _describe(value) for name, value in sorted(options.items())}
    return dict(json.loads(json.dumps(described)))  # tuples become lists, as they will when it is read again


def _describe(value: Any) -> Any:
    """Give a value of an option as JSON can hold it; what is long becomes its hash."""
    match value:
        case QuantizationTables():
            described: Any = f"sha256:{value.digest}"
        case bytes():
            described = f"sha256:{hashlib.sha256(value).hexdigest()}"
        case np.ndarray():
            described = value.tolist()
        case Mapping():
            described = {str(key): _describe(item) for key, item in value.items()}
        case list() | tuple():
            described = [_describe(item) for item in value]
        case str() | int() | float() | None:
            described = value
        case _ if is_dataclass(value) and not isinstance(value, type):
            described = {one.name: _describe(getattr(value, one.name)) for one in fields(value)}
        case _:
            described = repr(value)
    return described
