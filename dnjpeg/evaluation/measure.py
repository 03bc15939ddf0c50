"""The two halves of a measurement: what a contender makes of an image, and what the classifier then says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dnjpeg.evaluation.contenders import Contender
from dnjpeg.evaluation.crops import mean_log_probabilities

__all__ = ["Compressed", "Judgement", "compress", "entropy_coded_bytes", "judge", "uncompressed"]

Pixels = npt.NDArray[np.uint8]
LogProbabilities = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Compressed:
    """Sizes in bytes of a whole file and its two parts (None where there are none)."""

    bytes: int
    header_bytes: int | None
    entropy_bytes: int | None


@dataclass(frozen=True)
class Judgement:
    """What a classifier said about one image; see `dnjpeg.evaluation.rows.Row` for the fields."""

    prediction: int
    top1: bool
    top5: bool
    probability: float
    confidence: float
    agreement: bool
    kl: float


def uncompressed(pixels: Pixels) -> tuple[Compressed, Pixels]:
    """Return the size of an image's raw samples, and the image as it is."""
    return Compressed(pixels.size, None, None), pixels


def compress(pixels: Pixels, contender: Contender) -> tuple[Compressed, Pixels]:
    """Encode and decode an image: return the size of its file, and the pixels that came back."""
    data = contender.encode(pixels)
    entropy = entropy_coded_bytes(data) if data[:2] == b"\xff\xd8" else None
    header = None if entropy is None else len(data) - entropy
    return Compressed(len(data), header, entropy), contender.decode(data)


def entropy_coded_bytes(data: bytes) -> int:
    """Bytes of a JPEG file's entropy-coded segments (T.81 B.1.1.5), with stuffed zeros and restart markers."""
    total = 0
    position = 2
    while position + 4 <= len(data):
        code = data[position + 1]
        if code == 0xD9:  # EOI
            break
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if code == 0xDA:  # SOS: what follows, up to a marker that is neither RSTn nor a stuffed zero
            begin = position
            position = data.find(b"\xff", position)
            while position >= 0 and (data[position + 1] == 0 or 0xD0 <= data[position + 1] <= 0xD7):
                position = data.find(b"\xff", position + 2)
            if position < 0:
                return total + len(data) - begin
            total += position - begin
    return total


def judge(log_probabilities: LogProbabilities, label: int, original: LogProbabilities) -> Judgement:
    """Read a classifier's answer.

    Parameters
    ----------
    log_probabilities : ndarray, float32, (views, classes)
        The answers for the views of the image at hand. The prediction is that of their mean.
    label : int
        Its true class.
    original : ndarray, float32, (views, classes)
        The answers for the same views of the uncompressed image. The divergence is the mean of the views': that of
        the mean would let one view make up for another.
    """
    p = np.exp(original.astype(np.float64))
    # A class of probability 0 adds nothing to the divergence, and its logarithm may be minus infinity.
    terms = np.where(p > 0, p * (original.astype(np.float64) - log_probabilities), 0.0)
    log_probabilities = mean_log_probabilities(log_probabilities)
    prediction = int(log_probabilities.argmax())
    ahead = int((log_probabilities > log_probabilities[label]).sum())
    return Judgement(
        prediction=prediction,
        top1=prediction == label,
        top5=ahead < 5,
        probability=float(np.exp(log_probabilities[label], dtype=np.float64)),
        confidence=float(np.exp(log_probabilities[prediction], dtype=np.float64)),
        agreement=prediction == int(mean_log_probabilities(original).argmax()),
        kl=max(0.0, float(terms.sum(axis=1).mean())),
    )
