"""Networks that look at pictures, from 8-bit pixels on, with gradients: what sensitivities and rounding ask."""

from __future__ import annotations

from dnjpeg.vision.networks.network import Network, frozen
from dnjpeg.vision.networks.resampling import FILTERS, resampling_matrix
from dnjpeg.vision.networks.view import Box, View

__all__ = ["FILTERS", "Box", "Network", "View", "frozen", "resampling_matrix"]
