"""One row per image and contender: what it holds, and its files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pandas as pd

__all__ = ["COLUMNS", "ORIGINAL", "Row", "read_rows", "to_frame", "write_rows"]

# Name and family of the contender that is not compressed
ORIGINAL = "uncompressed"


@dataclass(frozen=True, slots=True)
class Row:
    """What one contender did to one image, and what the classifier then saw.

    Parameters
    ----------
    image : str
        Its name within the dataset.
    image_hash : str
        SHA-256 of its file, or of its pixels where it has none.
    height, width, channels : int
        Size in pixels; 3 channels (RGB) or 1 (gray).
    file_bytes : int or None
        Size of the image's own file.
    contender, family, setting, settings, table_hash
        See `dnjpeg.evaluation.contenders.Contender`; `settings` is JSON.
    bytes : int
        Size of the contender's whole file; of the raw samples for the uncompressed image.
    header_bytes, entropy_bytes : int or None
        Its two parts: entropy-coded segments, and everything else.
    photo_decoder, encoder, decoder : str or None
        Names and versions: what read the image's own file, and the contender's two directions.
    classifier, weights_hash, preprocessing : str
        See `dnjpeg.evaluation.classifiers.Classifier`.
    label, prediction : int
        True class and most probable class.
    top1, top5 : bool
        Whether the label is the most probable class, and among the five most probable.
    probability, confidence : float
        Probability of the label, and of the prediction.
    agreement : bool
        Whether the prediction is that for the uncompressed image.
    kl : float
        Kullback-Leibler divergence from the class probabilities for the uncompressed image to these, in nats.
    psnr, ssim, ms_ssim : float or None
        See `dnjpeg.evaluation.fidelity.Fidelity`; None for the uncompressed image.
    fidelity : str or None
        Which variants these three are.
    crops : str
        What the classifier was shown, see `dnjpeg.evaluation.crops.views`. With several views, prediction, top1,
        top5, probability, confidence and agreement are those of the mean of the views' class probabilities, and kl is
        the mean of the views' divergences, each from the same view of the uncompressed image.
    engine : str
        What ran the network, see `dnjpeg.evaluation.classifiers.Classifier`.
    """

    image: str
    image_hash: str
    height: int
    width: int
    channels: int
    file_bytes: int | None
    contender: str
    family: str
    setting: float | None
    settings: str
    table_hash: str | None
    bytes: int
    header_bytes: int | None
    entropy_bytes: int | None
    photo_decoder: str
    encoder: str | None
    decoder: str | None
    classifier: str
    weights_hash: str
    preprocessing: str
    label: int
    prediction: int
    top1: bool
    top5: bool
    probability: float
    confidence: float
    agreement: bool
    kl: float
    psnr: float | None
    ssim: float | None
    ms_ssim: float | None
    fidelity: str | None
    crops: str
    engine: str


COLUMNS = tuple(field.name for field in fields(Row))
# What rows of earlier versions don't have: missing, but for the crops, which were all centre crops.
_LATER = {"psnr": None, "ssim": None, "ms_ssim": None, "fidelity": None, "crops": "center", "engine": None}
_INTEGERS_OR_NONE = ("file_bytes", "header_bytes", "entropy_bytes")
_SINGLES = ("probability", "confidence", "kl", "psnr", "ssim", "ms_ssim")  # no network answers with more digits
_TEXTS = {field.name: "string" for field in fields(Row) if str(field.type).startswith("str")}


def to_frame(rows: Iterable[Row]) -> pd.DataFrame:
    """Make a data frame of rows, with `COLUMNS` in their order."""
    frame = pd.DataFrame([asdict(row) for row in rows], columns=list(COLUMNS))
    return _typed(frame)


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the columns that may be empty a type that does not depend on whether they are."""
    types: dict[str, str] = {
        **_TEXTS,
        **dict.fromkeys(_INTEGERS_OR_NONE, "Int64"),
        **dict.fromkeys(_SINGLES, "float32"),
        "setting": "float64",
    }
    return frame.astype(types)


def write_rows(frame: pd.DataFrame, path: Path) -> None:
    """Write rows as Parquet or CSV, by the file's suffix."""
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False, compression="zstd")
    elif path.suffix == ".csv":
        frame.to_csv(path, index=False, lineterminator="\n")
    else:
        raise ValueError(f"{path}: rows are kept in .parquet or .csv files")


def read_rows(path: Path) -> pd.DataFrame:
    """Read rows that `write_rows` wrote.

    Raises
    ------
    ValueError
        If the file does not hold such rows.
    OSError
        If it cannot be read.
    """
    if path.suffix not in (".parquet", ".csv"):
        raise ValueError(f"{path}: rows are kept in .parquet or .csv files")
    with path.open("rb") as stream:
        try:
            frame = pd.read_parquet(stream) if path.suffix == ".parquet" else pd.read_csv(stream)
        except (ValueError, OSError, pd.errors.ParserError) as error:  # PyArrow's errors are ValueErrors and OSErrors
            raise ValueError(f"{path}: not a file of rows ({' '.join(str(error).split())})") from None
    frame = frame.assign(**{name: value for name, value in _LATER.items() if name not in frame.columns})
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing or frame.empty:
        raise ValueError(f"{path}: " + (f"no column {missing[0]!r}" if missing else "no rows"))
    return _typed(frame[list(COLUMNS)])
