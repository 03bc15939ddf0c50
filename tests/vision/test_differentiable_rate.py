"""The rate estimate against what the entropy coder spends."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from test_differentiable_values import as_batch

from dnjpeg.tables import design
from dnjpeg.vision import differentiable as d


def coded_bytes(file: bytes) -> int:
    """Entropy-coded bytes of a baseline file: all behind the scan header, up to EOI."""
    start = file.index(b"\xff\xda")
    return len(file) - start - 2 - int.from_bytes(file[start + 2 : start + 4], "big") - 2


@pytest.fixture(scope="module")
def photos(data_folder) -> torch.Tensor:
    """Photos on which the formula was not fitted."""
    paths = sorted((data_folder / "photos" / "eval").glob("*.*"))
    pictures = [np.asarray(Image.open(path).convert("RGB")) for path in paths[7:400:40] if path.suffix != ".csv"]
    return as_batch(*(pixels[:160, :160] for pixels in pictures if min(pixels.shape[:2]) >= 160))


CONTENDERS = [
    *[pytest.param(quality, 0.05, id=f"quality {quality}") for quality in (5, 25, 75, 95)],
    pytest.param(design.same_q(12), 0.08, id="same-q"),
    pytest.param("deepn-literal", 0.08, id="deepn"),
]


@pytest.mark.parametrize(("tables", "bias"), CONTENDERS)
def test_the_estimate_follows_the_coder(photos, tables, bias):
    assert len(photos) >= 8
    for subsampling in ("4:2:0", "4:4:4"):
        jpeg = d.DifferentiableJpeg(tables, subsampling=subsampling)
        with torch.no_grad():
            estimated = jpeg.compress(photos).bits.numpy() / 8
        spent = np.array([coded_bytes(file) for file in jpeg.encode(photos)])
        _assert_follows(estimated, spent, bias)


def _assert_follows(estimated: np.ndarray, spent: np.ndarray, bias: float) -> None:
    assert np.corrcoef(estimated, spent)[0, 1] > 0.98
    assert abs((estimated / spent).mean() - 1) < bias
    assert (estimated / spent).std() < 0.08


def test_the_gradient_foretells_what_other_steps_save(photos):
    """The derivative of the expected number of coefficients that are not zero is not that of any single one."""
    jpeg = d.DifferentiableJpeg(quality=50)
    steps = torch.from_numpy(np.stack(jpeg.tables().arrays).astype(np.float32)).requires_grad_()
    bits = jpeg.compress(photos, steps).bits.sum()
    (gradient,) = torch.autograd.grad(bits, steps)
    foretold = 0.1 * (gradient * steps).sum().item()
    ends = [jpeg.compress(photos, steps.detach() * factor).bits.sum().item() for factor in (1.05, 0.95)]
    assert foretold < 0
    assert foretold == pytest.approx(ends[0] - ends[1], rel=0.2)


def test_the_value_is_the_formula():
    luma = torch.zeros(1, 1, 2, 8, 8)
    luma[0, 0, 0, 0, 0] = 3.2  # DC 3, then 3 - 7
    luma[0, 0, 1, 0, 0] = 7.4
    luma[0, 0, 1, 2, 5] = -0.6  # not zero: 1
    luma[0, 0, 1, 7, 7] = 0.4  # zero
    expected = 3.32 * 1 + 1.18 * np.log2(2) + 2.13 * (np.log2(1 + 3) + np.log2(1 + 4)) + 2.08 * 2
    assert d.estimate_bits([luma]).item() == pytest.approx(expected, rel=1e-6)
    assert d.estimate_bits([luma, torch.zeros(1, 1, 1, 8, 8)]).item() == pytest.approx(expected + 2.08, rel=1e-6)
