"""Feature Distillation as a transform: compression that removes adversarial perturbations (Liu et al., CVPR 2019)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.encoder import transform
from dnjpeg.codec.format.frame import sampling_factors
from dnjpeg.tables import QuantizationTables
from dnjpeg.tables.design import fd_code, fd_v1
from dnjpeg.vision.transforms.compression import through_jpeg
from dnjpeg.vision.transforms.images import Pixels, apply_to_images

__all__ = ["FeatureDistillation", "feature_distillation"]

AnyImage = TypeVar("AnyImage")
Method = Literal["fd-v1", "fd-code"]
Color = Literal["ycbcr", "rgb"]


def feature_distillation(
    image: AnyImage,
    *,
    method: Method = "fd-v1",
    subsampling: str = "4:2:0",
    color: Color = "ycbcr",
    **options: Any,
) -> AnyImage:
    """Defend one image; see `FeatureDistillation`."""
    transform = FeatureDistillation(method, subsampling=subsampling, color=color, options=options)
    return transform(image)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class FeatureDistillation:
    """A transform that compresses images with the tables of Feature Distillation and decompresses them again.

    Parameters
    ----------
    method : {"fd-v1", "fd-code"}
        ``"fd-v1"``, the paper's first version: each image is quantized with tables of its own, step 1 for its 15
        strongest bands and 40 for the others. ``"fd-code"``, the authors' released code: step 30 for all images, 25
        for the 4x4 lowest frequencies. See `dnjpeg.design.fd_v1` and `dnjpeg.design.fd_code`.
    subsampling : str
        Chroma subsampling, as in `dnjpeg.encode`.
    color : {"ycbcr", "rgb"}
        ``"rgb"``: R, G and B are compressed each by itself, as in the authors' code (which, other than here, does not
        shift their level, so that its DC coefficients fall on another grid). `subsampling` has then no meaning.
    options : mapping
        Parameters of the design: ``keep``, ``kept_step``, ``step``, ``components`` of ``fd-v1``, ``step`` and
        ``corner_step`` of ``fd-code``.

    Raises
    ------
    ValueError, TypeError
        If an argument is none of the above.

    Notes
    -----
    One-pass defence is this transform at the network's side of images that were compressed before; two-pass is the
    same transform at the sensor too. An attacker who knows of it attacks through `DifferentiableJpeg`.

    Examples
    --------
    >>> defend = FeatureDistillation("fd-v1", options={"step": 50})
    >>> defend(np.full((8, 16, 3), 128, dtype=np.uint8)).shape
    (8, 16, 3)
    """

    method: Method = "fd-v1"
    subsampling: str = "4:2:0"
    color: Color = "ycbcr"
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.method not in {"fd-v1", "fd-code"}:
            raise ValueError(f"unknown method {self.method!r}: choose fd-v1 or fd-code")
        if self.color not in {"ycbcr", "rgb"}:
            raise ValueError(f"unknown color {self.color!r}: choose ycbcr or rgb")
        sampling_factors(self.subsampling)
        self.tables_for(np.zeros((8, 8, 3), np.uint8))  # a wrong option is an error here, not in a worker

    def __call__(self, *inputs: Any) -> Any:
        """Defend one image, or those of a sample; each image of a batch by itself.

        Arguments, result and errors are those of `JpegCompression.__call__`.
        """
        return apply_to_images(self._defend, inputs)

    def tables_for(self, pixels: Pixels) -> QuantizationTables:
        """Tables with which an image is quantized.

        Parameters
        ----------
        pixels : ndarray, uint8, (H, W, 3) or (H, W)
            The image. Of ``color="rgb"``, one channel of it.
        """
        if self.method == "fd-code":
            return fd_code(**self.options)
        planes = transform(pixels, subsampling=self.subsampling)
        return fd_v1(np.stack([_deviations(plane) for plane in planes]), **self.options)

    def _defend(self, pixels: Pixels) -> Pixels:
        if self.color == "rgb" and pixels.ndim == 3:
            channels = [np.ascontiguousarray(pixels[..., channel]) for channel in range(3)]
            return np.stack([through_jpeg(plane, self.tables_for(plane), "4:4:4") for plane in channels], axis=2)
        return through_jpeg(pixels, self.tables_for(pixels), self.subsampling)


def _deviations(coefficients: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    """δ of one plane, (8, 8): what `collect_statistics` finds, in a hundredth of the time; that is for many images."""
    values = coefficients.reshape(-1, 64).astype(np.int64)
    count, total, squares = len(values), values.sum(axis=0), np.square(values).sum(axis=0)
    deltas: npt.NDArray[np.float64] = np.sqrt(count * squares - total**2) / (8 * count)  # 8 times orthonormal
    return deltas.reshape(8, 8)
