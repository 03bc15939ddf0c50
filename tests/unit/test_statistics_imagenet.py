"""Agreement with the published ImageNet statistics, as experiments/imagenet_statistics shows it."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "experiments" / "imagenet_statistics" / "compare.py"


@pytest.fixture(scope="module")
def experiment():
    pytest.importorskip("matplotlib")
    if not SCRIPT.is_file():
        pytest.skip("the experiments are not part of a source distribution")
    spec = importlib.util.spec_from_file_location("imagenet_statistics_compare", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_photos_prepared_as_for_training_agree_with_the_published_values(data_folder, experiment):
    photos = sorted((data_folder / "photos" / "calibration").glob("*.JPEG"))
    published = json.loads((data_folder / "reference" / "dct_stats_jpegdl.json").read_text())
    variant = next(one for one in experiment.VARIANTS if one.name == "training crops, 4:4:4")
    comparisons = experiment.compare(photos, published, variant)
    deviation = {one.component: one for one in comparisons if one.measure == "std"}
    # the share of the bands that the sampling of 250 photos explains, at 95 %
    assert deviation["Y"].explained >= 0.95
    assert deviation["CbCr"].explained >= 0.85
    for one in deviation.values():
        assert 0.88 < one.ratio.min() < one.ratio.max() < 1.12
        ours, theirs = (np.argsort(np.argsort(-grid.ravel())) for grid in (one.value, one.published))
        assert np.abs(ours - theirs).max() <= 4  # the bands' order of importance
