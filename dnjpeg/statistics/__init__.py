"""Frequency statistics: how the DCT coefficients of a set of images are distributed, band by band.

A few stages, one file each: `sources` (which images), `extraction` (an image's coefficients), `totals` (exact running
sums of one component), `origin` (where they come from), `storage` (their file), `frequency` (the finished value) and
`collect` (all of it, on several processes).
"""

from dnjpeg.statistics.collect import collect_statistics
from dnjpeg.statistics.frequency import FrequencyStatistics
from dnjpeg.statistics.origin import Failure, Origin
from dnjpeg.statistics.totals import histogram_edges

__all__ = ["Failure", "FrequencyStatistics", "Origin", "collect_statistics", "histogram_edges"]
