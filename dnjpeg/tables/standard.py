"""The standard tables at a quality, as nearly every JPEG file has them."""

from __future__ import annotations

import functools

from dnjpeg.tables.catalogue import shipped
from dnjpeg.tables.quantization import QuantizationTables
from dnjpeg.tables.steps import check_quality

__all__ = ["standard"]


def standard(quality: int) -> QuantizationTables:
    """Scale the tables of T.81 Annex K to a quality, as libjpeg does.

    ::

        s = 5000 // quality       quality < 50
            200 - 2 * quality     otherwise
        q = (K * s + 50) // 100, at least 1, at most 255

    50 gives the tables as the standard prints them; 100 gives ones everywhere, whatever the tables.

    Parameters
    ----------
    quality : int
        1..100.

    Returns
    -------
    QuantizationTables
        Luma and chroma.

    Raises
    ------
    ValueError
        If the quality is not an integer from 1 to 100.

    Notes
    -----
    Source: ITU-T T.81 (1992), tables K.1 and K.2; the scaling is that of the Independent JPEG Group's library.
    """
    return _standard(check_quality(quality))


@functools.cache
def _standard(quality: int) -> QuantizationTables:
    return QuantizationTables(
        *shipped("annex-k").scaled(quality).arrays,
        name=f"standard-{quality}",
        provenance={
            "method": "standard",
            "description": f"The standard tables at quality {quality}.",
            "parameters": {"quality": quality},
            "source": "ITU-T T.81 (1992), tables K.1 and K.2, scaled as libjpeg does",
        },
    )
