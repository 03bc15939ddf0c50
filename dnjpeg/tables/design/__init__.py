"""Designs: ways to make quantization tables, one file each.

A design is a function that returns `QuantizationTables`, with a `Design` beside it that tells the command line its
options. To add one, write its file and add its `DESIGN` to `DESIGNS` here; `registry` says what that holds.
"""

from dnjpeg.tables.design.deepn import DESIGN as _DEEPN
from dnjpeg.tables.design.deepn import deepn
from dnjpeg.tables.design.deltas import BandStatistics, Statistics
from dnjpeg.tables.design.distillation import FD_CODE as _FD_CODE
from dnjpeg.tables.design.distillation import FD_V1 as _FD_V1
from dnjpeg.tables.design.distillation import fd_code, fd_v1
from dnjpeg.tables.design.grace import GRACE as _GRACE
from dnjpeg.tables.design.grace import INVERSE_ROOT as _INVERSE_ROOT
from dnjpeg.tables.design.grace import grace, inverse_root
from dnjpeg.tables.design.histograms import BandHistograms
from dnjpeg.tables.design.opts import DESIGN as _OPTS
from dnjpeg.tables.design.opts import opts
from dnjpeg.tables.design.rate_distortion import DESIGN as _RATE_DISTORTION
from dnjpeg.tables.design.rate_distortion import rate_distortion
from dnjpeg.tables.design.registry import Design, Option
from dnjpeg.tables.design.rm_hf import DESIGN as _RM_HF
from dnjpeg.tables.design.rm_hf import rm_hf
from dnjpeg.tables.design.same_q import DESIGN as _SAME_Q
from dnjpeg.tables.design.same_q import same_q
from dnjpeg.tables.design.sensitivities import BandSensitivity
from dnjpeg.tables.design.standard import DESIGN as _STANDARD
from dnjpeg.tables.design.standard import standard

__all__ = [
    "DESIGNS",
    "BandHistograms",
    "BandSensitivity",
    "BandStatistics",
    "Design",
    "Option",
    "Statistics",
    "deepn",
    "fd_code",
    "fd_v1",
    "grace",
    "inverse_root",
    "opts",
    "rate_distortion",
    "rm_hf",
    "same_q",
    "standard",
]

DESIGNS = {
    design.name: design
    for design in (
        _STANDARD,
        _SAME_Q,
        _RM_HF,
        _DEEPN,
        _FD_V1,
        _FD_CODE,
        _GRACE,
        _INVERSE_ROOT,
        _OPTS,
        _RATE_DISTORTION,
    )
}
"""The designs by name, in the order in which they are listed."""
