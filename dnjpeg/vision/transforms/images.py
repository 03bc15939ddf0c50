"""Images in whatever type they come, alone or in a sample beside labels and boxes, without importing PyTorch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import numpy.typing as npt
from PIL import Image

if TYPE_CHECKING:
    import torch

__all__ = ["PixelFunction", "Pixels", "apply_to_images", "is_tensor"]

Pixels = npt.NDArray[np.uint8]
PixelFunction = Callable[[Pixels], Pixels]
"""From uint8 (H, W, 3) or (H, W), C-contiguous, to an array of the same shape."""


def apply_to_images(function: PixelFunction, inputs: tuple[Any, ...]) -> Any:
    """Replace the images among what a transform was called with, and leave the rest as it is.

    The rules are those of torchvision's v2 transforms: all Pillow images and ``tv_tensors.Image`` and ``Video`` are
    images; if there are none, the first plain tensor or array is. Tuples, lists and dictionaries are searched.

    Parameters
    ----------
    function : callable
        What to do with each image.
    inputs : tuple
        The arguments; the structure of the result is that of the only one, or the tuple of all.

    Raises
    ------
    TypeError
        If there is no image, or one that is not uint8.
    ValueError
        If an image's shape or mode cannot be compressed.
    """
    torch = sys.modules.get("torch")
    if torch is not None and torch.compiler.is_compiling():
        return torch.compiler.disable(_apply_to_sample)(function, inputs)  # the codec is no graph of tensors
    return _apply_to_sample(function, inputs)


def _apply_to_sample(function: PixelFunction, inputs: tuple[Any, ...]) -> Any:
    sample = inputs[0] if len(inputs) == 1 else inputs
    leaves = list(_leaves(sample))
    chosen = {id(leaf) for leaf in leaves if _is_image(leaf)}
    if not chosen:
        plain = [leaf for leaf in leaves if isinstance(leaf, np.ndarray) or _is_plain_tensor(leaf)]
        if not plain:
            raise TypeError(f"a tensor, a Pillow image or an array is needed, not {type(sample).__name__}")
        chosen = {id(plain[0])}
    return _replaced(sample, lambda leaf: _apply(function, leaf) if id(leaf) in chosen else leaf)


def _leaves(sample: Any) -> Iterator[Any]:
    if isinstance(sample, dict):
        for value in sample.values():
            yield from _leaves(value)
    elif isinstance(sample, tuple | list):
        for value in sample:
            yield from _leaves(value)
    else:
        yield sample


def _replaced(sample: Any, replace: Callable[[Any], Any]) -> Any:
    if isinstance(sample, dict):
        return type(sample)({key: _replaced(value, replace) for key, value in sample.items()})
    if isinstance(sample, tuple | list):
        values = [_replaced(value, replace) for value in sample]
        return type(sample)(*values) if hasattr(sample, "_fields") else type(sample)(values)
    return replace(sample)


def _is_image(leaf: object) -> bool:
    tv_tensors = sys.modules.get("torchvision.tv_tensors")
    return isinstance(leaf, Image.Image) or (
        tv_tensors is not None and isinstance(leaf, tv_tensors.Image | tv_tensors.Video)
    )


def _is_plain_tensor(leaf: object) -> bool:
    tv_tensors = sys.modules.get("torchvision.tv_tensors")
    return is_tensor(leaf) and not (tv_tensors is not None and isinstance(leaf, tv_tensors.TVTensor))


def is_tensor(value: object) -> TypeGuard[torch.Tensor]:
    """Tell whether it is a tensor; if PyTorch was not imported, nothing is."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _apply(function: PixelFunction, image: Any) -> Any:
    if isinstance(image, Image.Image):
        return _to_pillow(function, image)
    if isinstance(image, np.ndarray):
        return _to_array(function, image)
    return _to_tensor(function, image)


def _to_pillow(function: PixelFunction, image: Image.Image) -> Image.Image:
    if image.mode not in {"L", "RGB"}:
        raise ValueError(f"a Pillow image of mode {image.mode} cannot be compressed: convert it to RGB or L first")
    return Image.fromarray(function(np.asarray(image)))


def _to_array(function: PixelFunction, image: npt.NDArray[Any]) -> Pixels:
    _check_dtype(image.dtype, np.uint8)
    if image.ndim not in {2, 3} or (image.ndim == 3 and image.shape[2] not in {1, 3}):
        raise ValueError(f"an array must be (H, W, 3), (H, W, 1) or (H, W), not {image.shape}")
    pixels = image[..., 0] if image.shape[2:] == (1,) else image
    return function(np.ascontiguousarray(pixels)).reshape(image.shape)


def _to_tensor(function: PixelFunction, image: torch.Tensor) -> torch.Tensor:
    import torch  # noqa: PLC0415 - there is a tensor, so it is imported already

    _check_dtype(image.dtype, torch.uint8)
    if image.ndim < 3 or image.shape[-3] not in {1, 3}:
        raise ValueError(f"a tensor must be (C, H, W) or (N, C, H, W) with C 1 or 3, not {tuple(image.shape)}")
    images = image.detach().cpu().numpy().reshape(-1, *image.shape[-3:])
    result = np.empty_like(images)
    for source, target in zip(images, result, strict=True):
        target[...] = np.moveaxis(_to_array(function, np.moveaxis(source, 0, 2)), 2, 0)
    return torch.from_numpy(result.reshape(image.shape)).to(image.device).as_subclass(type(image))


def _check_dtype(found: object, needed: object) -> None:
    if found != needed:
        raise TypeError(
            f"uint8 values 0..255 are needed, not {found}: compress before the conversion to floating point"
        )
