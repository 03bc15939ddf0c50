"""Every experiment's script, whole, on toy photos and a toy network: its files are there and its figures add up."""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dnjpeg.evaluation import read_rows
from dnjpeg.evaluation.experiment import Experiment
from dnjpeg.evaluation.subjects import parse_subjects
from tests.evaluation import toy

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
TOY = f"{toy.__file__}:make"


def script(name: str, file: str = "run") -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"experiment_{name}_{file}", EXPERIMENTS / name / f"{file}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    toy.write_folder(folder / "test", 12)
    toy.write_folder(folder / "calibration", 9, first=50)
    return folder


def run(name: str, photos: Path, folder: Path, extra: dict[str, Any] | None = None, **settings: Any) -> Path:
    """Run an experiment with its own configuration but for the subject and what is given."""
    config = tomllib.loads((EXPERIMENTS / name / "config.toml").read_text()) | settings
    subject = {"name": "toy", "images": str(photos / "test"), "calibration": str(photos / "calibration")}
    config["subject"] = [{**subject, "classifiers": [TOY], **(extra or {})}]
    results = folder / "results"
    results.mkdir()
    script(name).run(Experiment(config, tuple(parse_subjects(config)), results, folder / "work"))
    return results


def test_band_groups(photos: Path, tmp_path: Path) -> None:
    results = run("band_groups", photos, tmp_path, steps=[5, 255])
    points = pd.read_csv(results / "points.csv")
    assert len(points) == 2 * (1 + 2 * 3 * 2)
    chosen = pd.read_csv(results / "largest_steps.csv")
    assert set(chosen["step"]) <= {1, 5, 255}
    rows = read_rows(results / "rows-toy-mean colour.parquet")
    test = points[points["part"] == "test"].set_index(["group", "by", "step"])
    one = rows[rows["contender"] == "LF by position 255"]
    assert test.loc[("LF", "position", 255), "top1"] == pytest.approx(one["top1"].mean(), abs=1e-5)
    assert (results / "steps.png").stat().st_size > 10_000


def test_the_largest_step_is_the_last_before_the_first_loss() -> None:
    changes = {5: 0.0, 10: -0.004, 20: -0.02, 40: 0.0}
    line = {"subject": "s", "classifier": "c", "by": "position", "group": "HF", "images": 9}
    names = ["bytes", "top1", "change_low", "change_high", "agreement", "kl"]
    points = pd.DataFrame(
        [
            {**line, "part": part, "step": step, "change": change, **dict.fromkeys(names, step)}
            for part in ("calibration", "test")
            for step, change in changes.items()
        ]
    )
    choose = script("band_groups").choose
    assert choose(points, 0.005)["step"].tolist() == [10]
    assert choose(points, 0.001)["step"].tolist() == [5]
    assert choose(points, 0.02)["bytes"].tolist() == [40]
    assert choose(points, -1)["step"].tolist() == [1]


def test_methods(photos: Path, tmp_path: Path) -> None:
    results = run("methods", photos, tmp_path, contenders=["jpeg:100,75,50", "rm-hf:3", "same-q:8", "deepn:literal"])
    summary = pd.read_csv(results / "summary.csv").set_index("contender")
    rows = read_rows(results / "rows-toy-mean colour.parquet")
    size = rows.groupby("contender")["bytes"].sum()
    assert summary.loc["JPEG 50", "CR (QF 100)"] == pytest.approx(size["JPEG 100"] / size["JPEG 50"], abs=1e-4)
    coded = rows.groupby("contender")["entropy_bytes"].mean()
    assert summary.loc["JPEG 50", "entropy_bytes"] == pytest.approx(coded["JPEG 50"], abs=1e-4)
    assert "JPEG" in (results / "verdicts-toy-mean colour.txt").read_text()


def test_constants(photos: Path, tmp_path: Path) -> None:
    results = run("deepn_constants", photos, tmp_path, jpeg="jpeg:100,50,10,2", k3=[2, 3], thresholds=[[20, 60]])
    points = pd.read_csv(results / "points.csv")
    assert set(points["part"]) == {"calibration", "test"}
    choice = pd.read_csv(results / "choice.csv")
    assert set(choice["role"]) <= {"paper", "chosen on calibration"}
    assert {"k3, literal", "k3, rank", "T1, T2", "ranks"} == set(choice["study"])


def test_sampling(photos: Path, tmp_path: Path) -> None:
    results = run("sampling", photos, tmp_path, every=[1, 3], draws=4, modes=["literal"])
    samples = pd.read_csv(results / "samples.csv")
    assert samples["sampling"].tolist() == ["every k-th", "every k-th", "random"]
    assert samples["images"].tolist() == [9, 3, 3]
    assert samples.loc[0, "luma error, worst band (mean)"] == 0
    assert (samples.loc[1:, "luma error, worst band (mean)"] > 0).all()


def test_small_images(photos: Path, tmp_path: Path) -> None:
    results = run("small_images", photos, tmp_path, fixed=["jpeg:100,50"], designed=[], sample=4)
    sizes = pd.read_csv(results / "sizes.csv").set_index(["contender", "way"])["bytes"]
    whole, coded, shared = (sizes["JPEG 50"].iloc[place] for place in (1, 2, 3))
    assert coded < shared < whole < sizes["JPEG 100"].iloc[1]


def test_loop_on_cifar(photos: Path, tmp_path: Path) -> None:
    settings = {"qualities": [90, 60, 30], "compared_at": [60], "steps": [20, 60], "rungs": [10, 100], "drawn": 4}
    seen = {"classifiers": [f"{toy.__file__}:make_edges"]}
    results = run("loop_on_cifar", photos, tmp_path, extra=seen, search={"iterations": 2}, **settings)
    ratios = pd.read_csv(results / "ratios.csv")
    assert set(ratios["size"]) == {"whole file", "entropy-coded part"}
    assert set(ratios["family"]) == {"tables for edges", "loop with edges"}
    rows = read_rows(results / "rows-toy-edges.parquet")
    assert rows.groupby("family")["image"].count().to_dict() == {
        "JPEG": 36,
        "loop with edges": 24,
        "tables for edges": 24,
        "uncompressed": 12,
    }
    files = rows.pivot(index="image", columns="contender", values="bytes")
    assert (files["JPEG @90"] > files["JPEG @30"]).all()
    asked = rows[rows["contender"].str.endswith("@60")].groupby("contender")["kl"].mean()
    assert asked["loop with edges @60"] <= asked["tables for edges @60"]


def test_feature_distillation(photos: Path, tmp_path: Path) -> None:
    plan: dict[str, Any] = {
        "seeds": 4,
        "two_pass_attacks": ["deepfool"],
        "attacks": ["fgsm:40", "deepfool"],
        "adaptive": ["pgd:4"],
        "settings": {"steps": 3},
    }
    few = {"few": {"deepfool": 2, "two passes": 1}}
    settings = {"defences": ["none", "jpeg:75", "fd-v1"], "two_pass": ["fd-v1"], "adaptive": ["fd-v1"]}
    results = run("feature_distillation", photos, tmp_path, extra={"attacks": plan | few}, **settings)
    table = pd.read_csv(results / "adversarial.csv")
    found = {tuple(line) for line in table[["attacker", "passes", "attack", "images"]].to_numpy()}
    assert found == {
        ("unaware", "one", "fgsm:40", 4),
        ("unaware", "one", "deepfool", 2),
        ("unaware", "two, attack between", "deepfool", 1),
        ("unaware", "two, attack before both", "deepfool", 1),
        ("unaware", "one", "pgd:4", 4),
        ("adaptive", "one", "pgd:4", 4),
    }
    rows = pd.read_parquet(results / "rows-toy-mean colour.parquet")
    assert rows.loc[rows["attack"] == "fgsm:40", "linf"].eq(40).all()
    assert rows.loc[rows["attack"] == "pgd:4", "linf"].le(4).all()
    benign = pd.read_csv(results / "benign.csv")
    assert set(benign["images"]) == {9, 12}


def write_arrays(folder: Path) -> dict[str, str]:
    """Images of one size, in the files that a training's subject names."""
    for name, first in (("test", 0), ("train", 20)):
        labels = np.arange(15) % 3
        images = np.stack([toy.photo(int(label), first + index, (8, 8)) for index, label in enumerate(labels)])
        np.savez(folder / f"{name}.npz", images=images, labels=labels)
    return {"images": str(folder / "test.npz"), "calibration": str(folder / "train.npz")}


@pytest.mark.parametrize("scratch", [True, False])
def test_training(photos: Path, tmp_path: Path, scratch: bool) -> None:
    trained = {"uncompressed": 2, "JPEG 50": 1, "DeepN literal": 1}
    plan = {"versions": ["jpeg:50", "deepn:literal"], "trained": trained, "training": {"epochs": 1, "pad": 1}}
    networks = {"networks": [f"{toy.__file__}:untrained"], "classifiers": []} if scratch else {}
    results = run("training", photos, tmp_path, extra=write_arrays(tmp_path) | plan | networks)
    table = pd.read_csv(results / "accuracies.csv").set_index(["trained", "seed", "tested"])
    assert len(table) == 4 * 4
    kept = pd.read_parquet(next(results.glob("predictions-toy-*.parquet")))
    for trained_on in ("uncompressed", "JPEG 50"):
        correct = kept[f"trained {trained_on}, seed 0, tested JPEG 50"] == kept["label"]
        assert table.loc[(trained_on, 0, "JPEG 50"), "accuracy"] == pytest.approx(correct.mean(), abs=1e-5)
    seeds = [table.loc[("uncompressed", seed, "JPEG 50"), "accuracy"] for seed in (0, 1)]
    clean = [table.loc[("uncompressed", seed, "uncompressed"), "accuracy"] for seed in (0, 1)]
    cases = pd.read_csv(results / "cases.csv").set_index(["case", "version"])
    assert cases.loc[("CASE 1", "JPEG 50"), "change"] == pytest.approx(np.mean(seeds) - np.mean(clean), abs=1e-5)
    assert set(cases.index) >= {("CASE 2", "JPEG 50"), ("alike", "DeepN literal")}
    assert (results / "training.png").stat().st_size > 10_000


def test_images_of_several_sizes_are_not_trained_on(photos: Path, tmp_path: Path) -> None:
    toy.write_folder(tmp_path / "test", 3)
    Image.fromarray(toy.photo(1, 3, (9, 9))).save(tmp_path / "test" / "000.png")
    plan = {"versions": ["jpeg:50"], "trained": {"uncompressed": 1}, "training": {}, "networks": ["small-resnet"]}
    plan["images"] = str(tmp_path / "test")
    with pytest.raises(ValueError, match="give the subject a side"):
        run("training", photos, tmp_path, extra=plan)


def test_oracle_of_fewer_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the committed rows; by activity it is what `summarise.py` finds."""
    oracle = script("fewer_bytes", "oracle")
    committed = EXPERIMENTS / "fewer_bytes/results"
    (tmp_path / "results").mkdir()
    for judge in oracle.NETWORKS:
        name = f"tables-{judge}.parquet"
        (tmp_path / "results" / name).symlink_to(committed / name)
    monkeypatch.setattr(oracle, "HERE", tmp_path)
    oracle.main()
    found = pd.read_csv(tmp_path / "results/oracle.csv")
    pd.testing.assert_frame_equal(found, pd.read_csv(committed / "oracle.csv"))
    asked = found[found["step by"] == found["judge"]]
    assert (asked["by the network"] < asked["by activity"]).all()
    ratios = pd.read_csv(committed / "ratios.csv").query(
        "set == 'tables' and measure == 'kl' and family == 'per image'"
    )
    both = asked.merge(ratios, left_on=["judge", "kl"], right_on=["judge", "value"])
    assert len(both) == len(asked)
    np.testing.assert_allclose(both["by activity"], both["ratio"], rtol=0.005)
