"""Where the files of a dataset lie: a folder of this machine, or a URL that fsspec knows."""

from __future__ import annotations

from pathlib import Path

from dnjpeg.shards.stores.base import Digest, Listing, OccupiedError, StillOurs, Store, digest_file, digest_of
from dnjpeg.shards.stores.local import LocalStore
from dnjpeg.shards.stores.remote import RemoteStore, find_remote

__all__ = [
    "Digest",
    "Listing",
    "LocalStore",
    "OccupiedError",
    "RemoteStore",
    "StillOurs",
    "Store",
    "digest_file",
    "digest_of",
    "find_remote",
    "is_url",
    "open_store",
    "split_name",
]


def is_url(name: str) -> bool:
    """Tell a URL from a path."""
    return "://" in name


def open_store(name: str) -> Store:
    """Open the folder that a path or URL names; it need not exist.

    Raises
    ------
    ModuleNotFoundError
        If it is a URL and fsspec, or what fsspec needs for it, is not installed.
    ValueError
        If it is a URL of an unknown kind.
    """
    if name.startswith("file://"):
        name = name.removeprefix("file://")
    return RemoteStore(name.rstrip("/")) if is_url(name) else LocalStore(Path(name))


def split_name(name: str) -> tuple[str, str]:
    """Divide a path or URL into its folder and the last part."""
    if is_url(name):
        folder, _, last = name.rpartition("/")
        return folder, last
    path = Path(name)
    return str(path.parent), path.name
