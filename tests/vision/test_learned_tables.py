"""Tables learned by gradient, on a network that minds one direction only; judged by real files."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pictures import make_photo

from dnjpeg.table_search import Judge
from dnjpeg.tables import resolve
from dnjpeg.vision.learned_tables import Training, learned_tables
from dnjpeg.vision.networks import Network, View


class VerticalDetail(torch.nn.Module):
    """Logits: sums of differences between neighbouring lines, weighted by chance."""

    def __init__(self):
        super().__init__()
        weights = torch.randn(63 * 64, 12, generator=torch.Generator().manual_seed(0))
        self.weights = torch.nn.Parameter(weights / 8)

    def forward(self, seen):
        return torch.diff(seen.mean(1), dim=1).flatten(1) @ self.weights


@pytest.fixture
def network():
    return Network("toy", VerticalDetail(), View(64))


@pytest.fixture
def judge(network):
    def observe(images):
        stacked = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float()
        with torch.no_grad():
            return network.log_probabilities(stacked).numpy()

    return Judge([make_photo(72, 72, seed=seed) for seed in range(24)], {"toy": observe})


def test_descent_finds_a_better_table_and_tells_directions_apart(judge, network):
    start = judge.scaled(np.stack(resolve("annex-k").arrays).astype(float), judge.measured(resolve(70))[0])
    seen = []
    training = Training(iterations=60, batch=6, rate=0.08, memory=0.9, every=30)
    tables = learned_tables(judge, [network], quality=70, training=training, progress=seen.append)
    assert sum(seen) == 60
    assert judge.verdict(tables).ratio < 0.95 * judge.verdict(start).ratio
    changes = np.log(tables.luma / start.luma.astype(float))
    assert changes[1:5, 1:5].mean() < changes[0, 1:5].mean() - 0.3  # the first row holds no vertical frequencies
    assert judge.size(tables) == pytest.approx(judge.measured(resolve(70))[0], rel=0.02)
    assert tables.provenance["parameters"]["iterations"] == 60


def test_a_stopped_run_goes_on_to_the_same_tables(judge, network, tmp_path):
    training = Training(iterations=30, batch=2, every=10, seed=7)
    whole = learned_tables(judge, [network], quality=70, training=training)

    class Stop(Exception):  # noqa: N818
        pass

    def stop(done, count=[0]):  # noqa: B006
        count[0] += done
        if count[0] == 25:
            raise Stop

    state = tmp_path / "state"
    with pytest.raises(Stop):
        learned_tables(judge, [network], quality=70, training=training, state=state, progress=stop)
    left = []
    again = learned_tables(judge, [network], quality=70, training=training, state=state, progress=left.append)
    assert sum(left) == 10  # saved after 20
    assert again == whole
    with pytest.raises(ValueError, match="of another run"):
        learned_tables(judge, [network], quality=60, training=training, state=state)


def test_images_of_several_sizes_are_learned_from(network):
    images = [make_photo(40, 72), make_photo(72, 40), make_photo(72, 40, seed=1)]

    def observe(shown):
        with torch.no_grad():
            return np.concatenate(
                [network.log_probabilities(torch.from_numpy(i).permute(2, 0, 1)[None].float()).numpy() for i in shown]
            )

    judge = Judge(images, {"toy": observe}, subsampling="4:4:4")
    tables = learned_tables(judge, [network], training=Training(iterations=4, batch=2, every=2))
    assert len(tables.arrays) == 2


def test_what_cannot_be(judge):
    with pytest.raises(ValueError, match="at least one network"):
        learned_tables(judge, [])
    with pytest.raises(ValueError, match="1 or more"):
        Training(iterations=0)
