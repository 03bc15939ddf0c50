"""JPEG compression at a random quality, as an augmentation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from dnjpeg.api import TablesLike
from dnjpeg.codec.format.frame import sampling_factors
from dnjpeg.tables import QuantizationTables, resolve
from dnjpeg.tables.steps import check_quality
from dnjpeg.vision.transforms.compression import JpegCompression

if TYPE_CHECKING:
    import torch

__all__ = ["RandomJpegCompression", "random_jpeg_compression"]

AnyImage = TypeVar("AnyImage")


def random_jpeg_compression(
    image: AnyImage,
    *,
    quality: tuple[int, int] = (25, 95),
    tables: TablesLike = "annex-k",
    subsampling: str | tuple[str, ...] = "4:2:0",
    p: float = 1.0,
    generator: torch.Generator | None = None,
) -> AnyImage:
    """Compress and decompress one image at a random quality; see `RandomJpegCompression`."""
    transform = RandomJpegCompression(quality, tables=tables, subsampling=subsampling, p=p, generator=generator)
    return transform(image)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class RandomJpegCompression:
    """A transform that compresses images with JPEG at a random quality and decompresses them again.

    Chance comes from PyTorch's own generator, which ``torch.manual_seed`` seeds and a ``DataLoader`` seeds differently
    in each worker and epoch; the same seed gives the same images.

    Parameters
    ----------
    quality : (int, int)
        Lowest and highest quality, 1..100, both of which occur; all between are equally likely.
    tables : QuantizationTables, str, path or int
        What the quality scales, as libjpeg scales; the standard tables by default.
    subsampling : str, or tuple of str
        Chroma subsampling as in `dnjpeg.encode`; of several, one is chosen at random.
    p : float
        Probability with which anything is done at all, 0..1.
    generator : torch.Generator, optional
        Another source of chance. Beware of it in a ``DataLoader``: each worker gets a copy, and all copies draw the
        same.

    Raises
    ------
    ValueError
        If an argument is none of the above.

    Examples
    --------
    >>> transform = RandomJpegCompression((30, 90), p=0.5)
    >>> transform(torch.zeros(3, 32, 32, dtype=torch.uint8)).shape
    torch.Size([3, 32, 32])
    """

    quality: tuple[int, int] = (25, 95)
    tables: TablesLike = "annex-k"
    subsampling: str | tuple[str, ...] = "4:2:0"
    p: float = 1.0
    generator: torch.Generator | None = field(default=None, compare=False)
    _chosen: QuantizationTables = field(init=False, repr=False, compare=False)
    _made: dict[tuple[int, str], JpegCompression] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        low, high = (check_quality(quality) for quality in self.quality)
        if low > high:
            raise ValueError(f"the lowest quality, {low}, is above the highest, {high}")
        if not 0 <= self.p <= 1:
            raise ValueError(f"a probability is 0 to 1, not {self.p!r}")
        for name in self._subsamplings:
            sampling_factors(name)
        object.__setattr__(self, "_chosen", resolve(self.tables))
        object.__setattr__(self, "_made", {})

    @property
    def _subsamplings(self) -> tuple[str, ...]:
        names = (self.subsampling,) if isinstance(self.subsampling, str) else tuple(self.subsampling)
        if not names:
            raise ValueError("at least one subsampling is needed")
        return names

    def __call__(self, *inputs: Any) -> Any:
        """Compress and decompress one image, or those of a sample, all at the same quality.

        Arguments, result and errors are those of `JpegCompression.__call__`; with probability ``1 - p`` the inputs
        come back as they are. A batch counts as one image.
        """
        import torch  # noqa: PLC0415 - all but the chance works without

        if torch.compiler.is_compiling():  # one break of the graph instead of several
            return torch.compiler.disable(self._apply)(*inputs)  # type: ignore[no-untyped-call]
        return self._apply(*inputs)

    def _apply(self, *inputs: Any) -> Any:
        transform = self.draw()
        if transform is not None:
            return transform(*inputs)
        return inputs[0] if len(inputs) == 1 else inputs

    def draw(self) -> JpegCompression | None:
        """Draw what the next call would do: a transform with a fixed quality, or None for nothing."""
        import torch  # noqa: PLC0415 - as above

        # As many numbers each time, so that what comes after does not depend on the outcome.
        applied = torch.rand((), generator=self.generator).item() < self.p
        low, high = self.quality
        quality = int(torch.randint(low, high + 1, (), generator=self.generator))
        names = self._subsamplings
        subsampling = names[int(torch.randint(len(names), (), generator=self.generator))]
        if not applied:
            return None
        if (quality, subsampling) not in self._made:
            transform = JpegCompression(tables=self._chosen, quality=quality, subsampling=subsampling)
            self._made[quality, subsampling] = transform
        return self._made[quality, subsampling]
