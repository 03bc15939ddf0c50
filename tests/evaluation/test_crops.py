"""Several views of a picture: where they lie, how answers become one, and that the border counts."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
import toy
from PIL import Image

from dnjpeg.evaluation.cache import MeasurementCache
from dnjpeg.evaluation.classifiers import Classifier, hash_weights, load_classifier
from dnjpeg.evaluation.classifiers.torchvision_models import _kept
from dnjpeg.evaluation.crops import mean_log_probabilities, views
from dnjpeg.evaluation.datasets import load_dataset
from dnjpeg.evaluation.measure import judge
from dnjpeg.evaluation.sweeping import sweep


def centre(pixels: np.ndarray, side: int) -> np.ndarray:
    top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
    return pixels[top : top + side, left : left + side]


@pytest.mark.parametrize("shape", [(40, 64, 3), (64, 40)])
def test_windows_lie_in_the_corners(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    shown = views(pixels, "five", 0.5)
    assert [view.shape for view in shown] == [shape] * 5
    assert shown[0] is pixels
    windows = [centre(view, 20) for view in shown[1:]]
    for window, expected in zip(
        windows, (pixels[:20, :20], pixels[:20, -20:], pixels[-20:, :20], pixels[-20:, -20:]), strict=True
    ):
        assert np.array_equal(window, expected)


def test_a_preprocessing_that_keeps_all_of_a_square_sees_one_picture() -> None:
    pixels = toy.photo(0, 1, (30, 30))
    assert all(np.array_equal(view, pixels) for view in views(pixels, "five", 1.0))


def test_what_cannot_be_had() -> None:
    with pytest.raises(ValueError, match="unknown crops 'nine': choose from center, five"):
        views(toy.photo(0, 1), "nine", 0.5)
    with pytest.raises(ValueError, match="does not say which part of the shorter side"):
        views(toy.photo(0, 1), "five", None)
    assert len(views(toy.photo(0, 1), "center", None)) == 1


def test_answers_become_one() -> None:
    """The mean of probabilities decides; divergences are averaged, view by view."""
    logits = torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    before, after = torch.softmax(3 * logits, 2)
    found = judge(after.log().float().numpy(), 2, before.log().float().numpy())
    mean = after.mean(0)
    assert found.prediction == int(mean.argmax())
    assert found.agreement == (int(mean.argmax()) == int(before.mean(0).argmax()))
    assert found.probability == pytest.approx(float(mean[2]), rel=1e-5)
    assert found.confidence == pytest.approx(float(mean.max()), rel=1e-5)
    assert found.kl == pytest.approx(float((before * (before / after).log()).sum(1).mean()), rel=1e-4)
    assert found.top5 == (2 in mean.topk(5).indices.tolist())
    assert np.exp(mean_log_probabilities(after.log().float().numpy())).sum() == pytest.approx(1, abs=1e-6)


def cropping() -> Classifier:
    """A classifier that sees the inner half of a picture."""

    def preprocess(image: Image.Image) -> torch.Tensor:
        side = min(image.size) // 2
        return torch.from_numpy(centre(np.array(image), side)).permute(2, 0, 1).float() / 255

    model = toy.MeanColor()
    return Classifier("half", model, preprocess, "inner half", hash_weights(model), toy.CLASSES, kept=0.5)


def test_starving_the_border_costs_only_with_several_views(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(3):
        Image.fromarray(toy.photo(index, index, (40, 40))).save(folder / f"{index}.png")
    (folder / "labels.csv").write_text("file,label\n0.png,0\n1.png,1\n2.png,2\n")

    def starve(data: bytes) -> toy.Pixels:
        pixels = toy.pillow_decode(data).copy()
        inner = centre(pixels, 22).copy()
        pixels[...] = 0
        pixels[9:31, 9:31] = inner
        return pixels

    good = toy.pillow_contenders([95])[0]
    starved = dataclasses.replace(good, name="starved", settings={"starved": True}, decode=starve)
    data = load_dataset(str(folder))
    for crops, costs in (("center", False), ("five", True)):
        rows = sweep(data, cropping(), [good, starved], crops=crops, fidelity=False).rows
        kl = rows.groupby("contender")["kl"].mean()
        assert (kl["starved"] > 10 * kl["JPEG 95"] + 1e-4) == costs
        assert rows["crops"].unique().tolist() == [crops]
        assert len(rows) == 3 * 3  # one row an image and contender all the same


def test_several_views_are_cached_apart(tmp_path: Path) -> None:
    toy.write_folder(tmp_path / "photos", 4)
    data = load_dataset(str(tmp_path / "photos"))
    cache = MeasurementCache(tmp_path / "cache.sqlite")
    contenders = toy.pillow_contenders([50, 5])
    sweep(data, cropping(), contenders, cache=cache, crops="center")
    assert sweep(data, cropping(), contenders[:1], cache=cache, crops="five").measured == 8
    more = sweep(data, cropping(), contenders, cache=cache, crops="five", batch_size=10)
    assert (more.cached, more.measured) == (8, 4)
    direct = sweep(data, cropping(), contenders, crops="five", batch_size=1, jobs=3)
    pd.testing.assert_frame_equal(more.rows, direct.rows, rtol=1e-4)


def test_who_says_what_it_keeps(tmp_path: Path) -> None:
    assert _kept(SimpleNamespace(crop_size=[224], resize_size=[256])) == 224 / 256
    assert _kept(SimpleNamespace(crop_size=[224], resize_size=[232, 300])) is None
    assert _kept(object()) is None
    file = tmp_path / "mine.py"
    file.write_text(Path(toy.__file__).read_text().replace("class_names=CLASSES", "class_names=CLASSES, kept=0.75"))
    assert load_classifier(f"{file}:make", device="cpu").kept == 0.75
    file.write_text(file.read_text().replace("kept=0.75", "kept=1.5"))
    with pytest.raises(ValueError, match=r"kept is 1\.5, must be a part of the shorter side"):
        load_classifier(f"{file}:make", device="cpu")
