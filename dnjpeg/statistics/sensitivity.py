"""How much networks mind an error in each band of each component: sums of gradients, and their file.

The file is JSON that says what it holds::

    {"format": "dnjpeg sensitivities", "version": 1, "hash": "...", "provenance": {...}, "images": ["a.jpg", ...],
     "components": ["Y", "Cb", "Cr"], "blocks": [n, n, n],
     "networks": [{"name": "...", "weights_hash": "...", "squares": [8x8, ...], "magnitudes": [8x8, ...]}]}
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dnjpeg.files import write_text

__all__ = ["LOSSES", "NetworkGradients", "Sensitivity"]

Bands = npt.NDArray[np.float64]

FORMAT = "dnjpeg sensitivities"
VERSION = 1
LOSSES = {
    "kl": "divergence from the prediction (the diagonal of its Fisher matrix); needs no labels",
    "labels": "cross-entropy of the true classes",
}


@dataclass(frozen=True, eq=False)
class NetworkGradients:
    """One network's gradients, added up.

    Parameters
    ----------
    name, weights_hash : str
        Which network.
    squares, magnitudes : ndarray, float64, (components, 8, 8)
        Sums over all blocks of all images of ``(dL/dc)**2`` and ``abs(dL/dc)``, natural order; c an orthonormal DCT
        coefficient of 8-bit samples.
    """

    name: str
    weights_hash: str
    squares: Bands
    magnitudes: Bands

    def plus(self, squares: Bands, magnitudes: Bands) -> NetworkGradients:
        """Add what other images gave."""
        return replace(self, squares=self.squares + squares, magnitudes=self.magnitudes + magnitudes)


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """How much networks mind an error in each band of each component.

    Parameters
    ----------
    components : tuple of str
        ``("Y", "Cb", "Cr")``, or Y alone.
    subsampling : str
        At which the components were coded.
    loss : str
        One of `LOSSES`.
    draws : int
        Random directions an image, for the divergence.
    networks : tuple of NetworkGradients
        Whose gradients.
    blocks : tuple of int
        How many blocks of each component were seen.
    images : tuple of str
        Names of the images that were taken in.
    data : str or None
        What the images are called together.
    """

    components: tuple[str, ...]
    subsampling: str
    loss: str
    draws: int
    networks: tuple[NetworkGradients, ...]
    blocks: tuple[int, ...]
    images: tuple[str, ...] = field(default=(), repr=False)
    data: str | None = None

    def mean_square(self, component: int) -> Bands:
        """Mean over blocks of ``(dL/dc)**2``, float64 (8, 8), natural order.

        Several networks are averaged after each was divided by its own mean over all coefficients, so that one with
        large gradients does not decide alone; the result is on the scale of the geometric mean of these means.

        Raises
        ------
        ValueError
            If no image was seen.
        """
        mean: Bands = self._mean([network.squares for network in self.networks])[component]
        return mean

    def mean_abs(self, component: int) -> Bands:
        """Mean over blocks of ``abs(dL/dc)``, float64 (8, 8), natural order; several networks as in `mean_square`."""
        mean: Bands = self._mean([network.magnitudes for network in self.networks])[component]
        return mean

    def _mean(self, sums: Sequence[Bands]) -> Bands:
        blocks = np.array(self.blocks, dtype=np.float64)
        if not blocks.all():
            raise ValueError("these sensitivities are of no image, or of gray images alone")
        maps = np.stack(sums) / blocks[:, None, None]
        overall = np.array([each.sum() / (64 * blocks.sum()) for each in sums])
        if not (np.isfinite(maps).all() and (overall > 0).all()):
            raise ValueError("a network has no gradients, or they are not finite numbers")
        averaged: Bands = (maps / overall[:, None, None, None]).mean(axis=0) * np.exp(np.log(overall).mean())
        return averaged

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Where they come from; JSON can hold it."""
        return {
            "networks": [{"name": network.name, "weights_hash": network.weights_hash} for network in self.networks],
            "loss": self.loss,
            "draws": self.draws,
            "subsampling": self.subsampling,
            "images": len(self.images),
            "data": self.data,
        }

    @property
    def hash(self) -> str:
        """SHA-256 of the numbers, 64 hexadecimal digits."""
        digest = hashlib.sha256(b"dnjpeg sensitivities 1")
        digest.update(f"{self.components} {self.blocks} {self.subsampling} {self.loss}".encode())
        for network in self.networks:
            digest.update(f"{network.name} {network.weights_hash}".encode())
            digest.update(network.squares.astype("<f8").tobytes() + network.magnitudes.astype("<f8").tobytes())
        return digest.hexdigest()

    def continues(self, other: Sensitivity) -> bool:
        """Whether both were taken in one way of the same networks, so that one run can go on with the other's sums."""
        return self._settings == other._settings

    @property
    def _settings(self) -> tuple[object, ...]:
        networks = tuple((network.name, network.weights_hash) for network in self.networks)
        return self.components, self.subsampling, self.loss, self.draws, networks, self.data

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write a file, whole or not at all.

        Raises
        ------
        FileExistsError
            If there is one and `overwrite` is False.
        OSError
            If it cannot be written.
        """
        content = {
            "format": FORMAT,
            "version": VERSION,
            "hash": self.hash,
            "provenance": self.provenance,
            "images": list(self.images),
            "components": list(self.components),
            "blocks": list(self.blocks),
            "networks": [
                {
                    "name": network.name,
                    "weights_hash": network.weights_hash,
                    "squares": network.squares.tolist(),
                    "magnitudes": network.magnitudes.tolist(),
                }
                for network in self.networks
            ],
        }
        write_text(path, json.dumps(content, indent=1) + "\n", overwrite=overwrite)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Sensitivity:
        """Read a file that `save` wrote.

        Raises
        ------
        ValueError
            If it holds no sensitivities, or was changed.
        OSError
            If it cannot be read.
        """
        data = Path(path).read_bytes()
        try:
            return cls._from_json(json.loads(data))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            reason = f"there is no {error}" if isinstance(error, KeyError) else str(error)
            raise ValueError(f"{path}: not a file of sensitivities: {reason}") from None

    @classmethod
    def _from_json(cls, content: Any) -> Sensitivity:
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError(f'"format" is not "{FORMAT}"')
        if content["version"] != VERSION:
            raise ValueError(f"its version is {content['version']}, and only version {VERSION} can be read")
        provenance, components = content["provenance"], tuple(map(str, content["components"]))
        found = cls(
            components=components,
            subsampling=str(provenance["subsampling"]),
            loss=str(provenance["loss"]),
            draws=int(provenance["draws"]),
            networks=tuple(_network_from_json(network, len(components)) for network in content["networks"]),
            blocks=tuple(int(count) for count in content["blocks"]),
            images=tuple(map(str, content["images"])),
            data=provenance["data"],
        )
        if not found.networks or len(found.blocks) != len(components) or found.hash != content["hash"]:
            raise ValueError("the numbers do not give its hash: the file was changed or damaged")
        return found


def _network_from_json(content: Any, components: int) -> NetworkGradients:
    squares, magnitudes = (np.array(content[name], dtype=np.float64) for name in ("squares", "magnitudes"))
    for sums in (squares, magnitudes):
        if sums.shape != (components, 8, 8) or not np.isfinite(sums).all() or sums.min() < 0:
            raise ValueError("the sums of a network are not 8x8 positive numbers for each component")
    return NetworkGradients(str(content["name"]), str(content["weights_hash"]), squares, magnitudes)
