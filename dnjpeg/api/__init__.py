"""The public functions: each resolves what the caller named, then calls the codec."""

from dnjpeg.api.choices import TablesLike
from dnjpeg.api.coefficients import read, transcode, write
from dnjpeg.api.headers import inspect, read_header
from dnjpeg.api.pixels import decode, encode
from dnjpeg.api.sharing import read_tables, shared_tables, write_tables

__all__ = [
    "TablesLike",
    "decode",
    "encode",
    "inspect",
    "read",
    "read_header",
    "read_tables",
    "shared_tables",
    "transcode",
    "write",
    "write_tables",
]
