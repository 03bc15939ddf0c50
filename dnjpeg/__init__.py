"""dnjpeg: a JPEG codec for machine eyes.

>>> import dnjpeg
>>> data = dnjpeg.encode(pixels, tables="deepn-literal")  # doctest: +SKIP
>>> pixels = dnjpeg.decode(data)  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnjpeg.errors import FormatError, JpegError, JpegWarning, LimitError, TruncatedError, UnsupportedError
from dnjpeg.on_use import imported_on_use

if TYPE_CHECKING:
    from dnjpeg.api import decode, encode, inspect, read, read_header, transcode, write
    from dnjpeg.api.sharing import read_tables, shared_tables, write_tables
    from dnjpeg.batch import decode_batch, encode_batch, transcode_batch
    from dnjpeg.codec import lossless
    from dnjpeg.codec.format.coding_tables import CodingTables
    from dnjpeg.codec.format.coefficients import CoefficientImage
    from dnjpeg.codec.format.headers import Headers
    from dnjpeg.codec.format.limits import Limits
    from dnjpeg.codec.format.script import ScriptScan
    from dnjpeg.codec.pixels.window import scale_for
    from dnjpeg.codec.trellis.choice import RateDistortion
    from dnjpeg.inspection import Inspection
    from dnjpeg.machine import encode_for_machines
    from dnjpeg.statistics import FrequencyStatistics, collect_statistics
    from dnjpeg.tables import QuantizationTables, design
    from dnjpeg.warm import warmup

__version__ = "0.1.0"

__all__ = [
    "CodingTables",
    "CoefficientImage",
    "FormatError",
    "FrequencyStatistics",
    "Headers",
    "Inspection",
    "JpegError",
    "JpegWarning",
    "LimitError",
    "Limits",
    "QuantizationTables",
    "RateDistortion",
    "ScriptScan",
    "TruncatedError",
    "UnsupportedError",
    "__version__",
    "collect_statistics",
    "decode",
    "decode_batch",
    "design",
    "encode",
    "encode_batch",
    "encode_for_machines",
    "inspect",
    "lossless",
    "read",
    "read_header",
    "read_tables",
    "scale_for",
    "shared_tables",
    "transcode",
    "transcode_batch",
    "warmup",
    "write",
    "write_tables",
]

_HOME = {
    "CodingTables": "dnjpeg.codec.format.coding_tables",
    "CoefficientImage": "dnjpeg.codec.format.coefficients",
    "FrequencyStatistics": "dnjpeg.statistics",
    "Headers": "dnjpeg.codec.format.headers",
    "Inspection": "dnjpeg.inspection",
    "Limits": "dnjpeg.codec.format.limits",
    "QuantizationTables": "dnjpeg.tables.quantization",
    "RateDistortion": "dnjpeg.codec.trellis.choice",
    "ScriptScan": "dnjpeg.codec.format.script",
    "collect_statistics": "dnjpeg.statistics",
    "decode": "dnjpeg.api",
    "decode_batch": "dnjpeg.batch",
    "design": "dnjpeg.tables.design",
    "encode": "dnjpeg.api",
    "encode_batch": "dnjpeg.batch",
    "encode_for_machines": "dnjpeg.machine",
    "inspect": "dnjpeg.api",
    "lossless": "dnjpeg.codec.lossless",
    "read": "dnjpeg.api",
    "read_header": "dnjpeg.api",
    "read_tables": "dnjpeg.api.sharing",
    "scale_for": "dnjpeg.codec.pixels.window",
    "shared_tables": "dnjpeg.api.sharing",
    "transcode": "dnjpeg.api",
    "transcode_batch": "dnjpeg.batch",
    "warmup": "dnjpeg.warm",
    "write": "dnjpeg.api",
    "write_tables": "dnjpeg.api.sharing",
}


__getattr__ = imported_on_use(__name__, _HOME)


def __dir__() -> list[str]:
    return __all__
