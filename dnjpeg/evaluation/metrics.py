"""What the rows say about each contender: accuracy with its uncertainty, size, and compression ratios."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnjpeg.evaluation.bootstrap import interval, resampled_means
from dnjpeg.evaluation.curves import Curve, closeness
from dnjpeg.evaluation.rows import ORIGINAL

__all__ = ["JPEG_FAMILY", "RAW", "Pairing", "pair", "reference_bytes", "summarize", "wilson"]

RAW = "raw RGB"
JPEG_FAMILY = "JPEG"
MIN_IMAGES = 100  # for a comparison at equal top-1: with fewer, two accuracies are equal by accident
Z95 = 1.959963984540054  # the normal distribution's 97.5 % point
_QUALITY = re.compile(r"QF (\d+)")

Matrix = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Pairing:
    """Rows as matrices, one line per image and one column per contender, the uncompressed image first.

    Only images that every contender has are in it, so that any two columns can be compared line by line.

    Parameters
    ----------
    contenders : DataFrame
        One line per contender, in order: contender, family, setting, settings, table_hash.
    images : tuple of str
        The images.
    pixels, raw, file_bytes : ndarray, float64, (images,)
        Pixels, bytes of raw samples, and bytes of the image's own file (NaN where there is none).
    bytes, header, top1, top5, agreement, probability, kl, psnr, ssim, ms_ssim : ndarray, float64, (images, contenders)
        The rows' columns of these names; NaN where there is no number.
    """

    contenders: pd.DataFrame
    images: tuple[str, ...]
    pixels: Matrix
    raw: Matrix
    file_bytes: Matrix
    bytes: Matrix
    header: Matrix
    top1: Matrix
    top5: Matrix
    agreement: Matrix
    probability: Matrix
    kl: Matrix
    psnr: Matrix
    ssim: Matrix
    ms_ssim: Matrix

    def column(self, name: str) -> int:
        """Find a contender's column; ValueError if there is none of that name."""
        names = self.contenders["contender"].tolist()
        if name not in names:
            raise ValueError(f"no contender {name!r} in the rows")
        return names.index(name)


def pair(rows: pd.DataFrame) -> Pairing:
    """Arrange the rows of one sweep.

    Raises
    ------
    ValueError
        If the rows come from several classifiers, name an image and contender twice, or lack the uncompressed image.
    """
    for column in ("classifier", "weights_hash", "preprocessing", "crops"):
        if rows[column].nunique() != 1:
            raise ValueError(f"the rows come from several sweeps (they differ in {column})")
    if rows.duplicated(["image", "contender"]).any():
        raise ValueError("the rows name an image and contender twice")
    names = ["contender", "family", "setting", "settings", "table_hash"]
    contenders = rows[names].drop_duplicates("contender").reset_index(drop=True)
    order = contenders["contender"].tolist()
    if ORIGINAL not in order:
        raise ValueError("the rows lack the uncompressed images")
    present = rows.groupby("image", sort=False)["contender"].nunique()
    images = present.index[present == len(order)]
    if images.empty:
        raise ValueError("no image was measured with every contender")
    rows = rows[rows["image"].isin(images)]

    def matrix(column: str) -> Matrix:
        wide = rows.pivot(index="image", columns="contender", values=column).reindex(index=images, columns=order)
        return wide.to_numpy(dtype=np.float64, na_value=np.nan)

    first = rows[rows["contender"] == ORIGINAL].set_index("image").reindex(images)
    pixels = (first["height"] * first["width"]).to_numpy(np.float64)
    return Pairing(
        contenders=contenders,
        images=tuple(images),
        pixels=pixels,
        raw=pixels * first["channels"].to_numpy(np.float64),
        file_bytes=first["file_bytes"].to_numpy(dtype=np.float64, na_value=np.nan),
        bytes=matrix("bytes"),
        header=matrix("header_bytes"),
        top1=matrix("top1"),
        top5=matrix("top5"),
        agreement=matrix("agreement"),
        probability=matrix("probability"),
        kl=matrix("kl"),
        psnr=matrix("psnr"),
        ssim=matrix("ssim"),
        ms_ssim=matrix("ms_ssim"),
    )


def reference_bytes(pairing: Pairing, reference: str) -> Matrix:
    """Bytes of each image in the form that compression ratios refer to, float64 ``(images,)``.

    Parameters
    ----------
    pairing : Pairing
        Rows.
    reference : str
        ``"raw RGB"`` (one byte per sample: H·W·3, or H·W where the image is gray), ``"files"`` (the images' own
        files), ``"QF n"`` (standard JPEG of that quality) or the name of any contender.

    Raises
    ------
    ValueError
        If the rows don't have it.
    """
    if reference.lower() in (RAW.lower(), "raw"):
        return pairing.raw
    if reference.lower() == "files":
        if np.isnan(pairing.file_bytes).any():
            raise ValueError("the images have no files of their own to refer to")
        return pairing.file_bytes
    quality = _QUALITY.fullmatch(reference.upper())
    name = f"{JPEG_FAMILY} {quality[1]}" if quality else reference
    if name not in set(pairing.contenders["contender"]):
        known = ", ".join([RAW, *pairing.contenders["contender"].iloc[1:]])
        raise ValueError(f"the reference {reference!r} is not among the rows: choose from {known}")
    return pairing.bytes[:, pairing.column(name)]


def wilson(successes: float, n: int) -> tuple[float, float]:
    """95 % confidence interval of a proportion (Wilson, JASA 22, 1927)."""
    p = successes / n
    scale = 1 + Z95**2 / n
    centre = (p + Z95**2 / (2 * n)) / scale
    half = Z95 / scale * math.sqrt(p * (1 - p) / n + Z95**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def summarize(
    rows: pd.DataFrame, *, references: Sequence[str] = (RAW,), baseline: str = JPEG_FAMILY, draws: int = 2000
) -> pd.DataFrame:
    """Condense the rows of one sweep to one line per contender.

    Parameters
    ----------
    rows : DataFrame
        See `dnjpeg.evaluation.rows`.
    references : sequence of str
        What the compression ratios refer to, see `reference_bytes`; each becomes a column ``"CR (name)"``: all images'
        bytes in that form, divided by all images' bytes in the contender's.
    baseline : str
        The family whose curve the others are compared with at equal bytes and at equal accuracy.
    draws : int
        Bootstrap samples.

    Returns
    -------
    DataFrame
        Columns, proportions being 0 to 1 and 95 % intervals ending in ``_low`` and ``_high``:

        - contender, family, setting; images (how many);
        - bytes (mean), header_share, bpp, and one CR column per reference;
        - top1, top5 with Wilson intervals;
        - top1_change: the difference to the uncompressed images, with its paired bootstrap interval;
        - agreement, probability, kl, psnr, ssim, ms_ssim: means;
        - top1_gain_at_equal_bytes, bytes_ratio_at_equal_top1, bytes_ratio_at_equal_kl: comparison with the baseline's
          curve (see `dnjpeg.evaluation.curves.Curve`), with paired bootstrap intervals; NaN where the curve does not
          reach, and for top-1 with fewer than 100 images.

    Raises
    ------
    ValueError
        See `pair` and `reference_bytes`.
    """
    pairing = pair(rows)
    n = len(pairing.images)
    summary = pairing.contenders[["contender", "family", "setting"]].copy()
    summary["images"] = n
    summary["bytes"] = pairing.bytes.mean(axis=0)
    summary["header_share"] = pairing.header.sum(axis=0) / pairing.bytes.sum(axis=0)
    summary["bpp"] = 8 * pairing.bytes.sum(axis=0) / pairing.pixels.sum()
    for reference in references:
        summary[f"CR ({reference})"] = reference_bytes(pairing, reference).sum() / pairing.bytes.sum(axis=0)
    for name, values in (("top1", pairing.top1), ("top5", pairing.top5)):
        summary[name] = values.mean(axis=0)
        summary[f"{name}_low"], summary[f"{name}_high"] = zip(*(wilson(x, n) for x in values.sum(axis=0)), strict=True)
    change = pairing.top1 - pairing.top1[:, [pairing.column(ORIGINAL)]]
    summary["top1_change"] = change.mean(axis=0)
    summary["top1_change_low"], summary["top1_change_high"] = interval(resampled_means(change, draws))
    for name in ("agreement", "probability", "kl", "psnr", "ssim", "ms_ssim"):
        summary[name] = getattr(pairing, name).mean(axis=0)
    return summary.assign(**_comparisons(pairing, baseline, draws))


_COMPARISONS = ("top1_gain_at_equal_bytes", "bytes_ratio_at_equal_top1", "bytes_ratio_at_equal_kl")


def _comparisons(pairing: Pairing, baseline: str, draws: int) -> dict[str, Matrix]:
    """Compare each contender with the baseline's curve; NaN for the baseline itself and the uncompressed images."""
    families = pairing.contenders["family"].to_numpy()
    on_curve = np.flatnonzero(families == baseline)
    others = np.flatnonzero((families != baseline) & (families != ORIGINAL))
    columns = {name + end: np.full(len(families), np.nan) for name in _COMPARISONS for end in ("", "_low", "_high")}
    if len(on_curve) < 2 or not len(others):
        return columns
    values = np.hstack([pairing.bytes, pairing.top1, pairing.kl])
    measured = _compare(values.mean(axis=0, keepdims=True), on_curve, others)
    resampled = _compare(resampled_means(values, draws), on_curve, others)
    for name, one, many in zip(_COMPARISONS, measured, resampled, strict=True):
        if name == "bytes_ratio_at_equal_top1" and len(values) < MIN_IMAGES:
            continue
        low, high = interval(many)
        columns[name][others], columns[f"{name}_low"][others], columns[f"{name}_high"][others] = one[0], low, high
    return columns


def _compare(means: Matrix, on_curve: Indices, others: Indices) -> Matrix:
    """Three comparisons for each sample of means, float64 ``(3, samples, others)``.

    `means` is ``(samples, 3 * contenders)``: mean bytes, top-1 and divergence.
    """
    size, top1, divergence = np.split(means, 3, axis=1)
    close = closeness(divergence)
    result = np.empty((3, len(means), len(others)))
    for sample in range(len(means)):
        by_top1 = Curve.through(size[sample, on_curve], top1[sample, on_curve])
        by_kl = Curve.through(size[sample, on_curve], close[sample, on_curve])
        for place, other in enumerate(others):
            own = size[sample, other]
            result[0, sample, place] = top1[sample, other] - by_top1.score_at(own)
            result[1, sample, place] = own / by_top1.bytes_at(top1[sample, other])
            result[2, sample, place] = own / by_kl.bytes_at(close[sample, other])
    return result
