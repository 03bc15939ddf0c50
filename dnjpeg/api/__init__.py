"""The public functions: each resolves what the caller named, then calls the codec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnjpeg.on_use import imported_on_use

if TYPE_CHECKING:
    from dnjpeg.api.choices import TablesLike
    from dnjpeg.api.coefficients import read, transcode, transcoder_for, write
    from dnjpeg.api.decoding import decode, decoder_for
    from dnjpeg.api.encoding import encode, encoder_for
    from dnjpeg.api.headers import inspect, read_header
    from dnjpeg.api.sharing import read_tables, shared_tables, write_tables

__all__ = [
    "TablesLike",
    "decode",
    "decoder_for",
    "encode",
    "encoder_for",
    "inspect",
    "read",
    "read_header",
    "read_tables",
    "shared_tables",
    "transcode",
    "transcoder_for",
    "write",
    "write_tables",
]

_HOME = {
    "TablesLike": "dnjpeg.api.choices",
    "decode": "dnjpeg.api.decoding",
    "decoder_for": "dnjpeg.api.decoding",
    "encode": "dnjpeg.api.encoding",
    "encoder_for": "dnjpeg.api.encoding",
    "inspect": "dnjpeg.api.headers",
    "read": "dnjpeg.api.coefficients",
    "read_header": "dnjpeg.api.headers",
    "read_tables": "dnjpeg.api.sharing",
    "shared_tables": "dnjpeg.api.sharing",
    "transcode": "dnjpeg.api.coefficients",
    "transcoder_for": "dnjpeg.api.coefficients",
    "write": "dnjpeg.api.coefficients",
    "write_tables": "dnjpeg.api.sharing",
}

__getattr__ = imported_on_use(__name__, _HOME)
