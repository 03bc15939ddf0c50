"""The Ray engine, on a real cluster of two nodes on this machine: the same bytes as the local engine's."""

from __future__ import annotations

import os
import runpy
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from making import QUALITY, Deadly, Slow, contents, jpeg, samples, task, write_tar

import dnjpeg
from dnjpeg.shards import Collect, Convert, collect_shards, convert_shards
from dnjpeg.statistics.extraction import Extraction

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'dnjpeg[ray]'")

pytestmark = pytest.mark.xdist_group("ray")  # one cluster


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of one core each; the driver's has none."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    here = Path(__file__).parent  # where the workers find `making`
    os.environ["PYTHONPATH"] = os.pathsep.join([str(here), str(here.parent), os.environ.get("PYTHONPATH", "")])
    memory = {"object_store_memory": 80 << 20}
    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False, **memory})
    started.add_node(num_cpus=1, **memory)
    ray.init(address=started.address, log_to_driver=False, logging_level="ERROR")
    yield started
    ray.shutdown()
    started.shutdown()


@pytest.fixture
def source(tmp_path):
    for shard in range(6):
        write_tar(tmp_path / f"in/{shard}.tar", samples(range(2 * shard, 2 * shard + 2)))
    pq.write_table(pa.table({"jpg": [jpeg(seed) for seed in range(20, 23)]}), tmp_path / "in/7.parquet")
    (tmp_path / "in/cat").mkdir()
    (tmp_path / "in/cat/1.jpg").write_bytes(jpeg(30))
    return tmp_path / "in"


def convert(source, target, chosen=None, engine="ray"):
    return convert_shards(
        [str(source)], str(target), chosen or task(), engine=engine, jobs=None if engine == "ray" else 1
    )


def test_the_same_files_as_from_the_local_engine(cluster, source, tmp_path):
    report = convert(source, tmp_path / "ray")
    assert (report.failures, report.discrepancies, report.totals.made) == ([], [], 8)
    convert(source, tmp_path / "local", engine="local")
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")
    (tmp_path / "local/3.tar").unlink()
    report = convert(source, tmp_path / "local")  # what one engine began the other goes on with
    assert (report.totals.made, report.totals.resumed) == (1, 7)


def test_statistics_do_not_depend_on_the_engine(cluster, source, tmp_path):
    chosen = Collect(Extraction())
    found, report = collect_shards([str(source)], str(tmp_path / "ray"), chosen, engine="ray")
    assert report.totals.made == 8
    local, _ = collect_shards([str(source)], str(tmp_path / "local"), chosen, jobs=1)
    assert (found, found.hash) == (local, local.hash)


def test_workers_that_are_killed_in_the_middle(cluster, source, tmp_path):
    deadly = Convert(Deadly.times(4, jpeg(5), tmp_path / "lives"))
    report = convert(source, tmp_path / "ray", deadly)
    assert [str(failure) for failure in report.failures] == ["2.tar: 3 workers died on it; out of memory?"]
    assert (report.totals.shards, report.totals.made, report.totals.failed_shards) == (8, 7, 1)

    report = convert(source, tmp_path / "ray", deadly)  # one is killed, and the next one does it
    assert not list((tmp_path / "lives").iterdir())
    assert (report.failures, report.totals.made, report.totals.resumed) == ([], 1, 7)
    convert(source, tmp_path / "local", engine="local")
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")


def test_the_example_trains_from_a_folder_that_ray_reads(cluster, tmp_path, monkeypatch, capsys, photo):
    for name, channel in (("red", 0), ("blue", 2)):
        (tmp_path / "in" / name).mkdir(parents=True)
        for seed in range(6):
            pixels = photo(40, 48, seed=seed) // 4
            pixels[..., channel] += 160
            (tmp_path / f"in/{name}/{seed}.jpg").write_bytes(dnjpeg.encode(pixels))
    example = Path(__file__).parents[2] / "docs/examples/train_with_ray.py"
    monkeypatch.syspath_prepend(str(example.parent))
    monkeypatch.setattr(sys, "argv", [example.name, str(tmp_path / "in"), "--epochs", "2", "--batch", "4"])
    runpy.run_path(str(example), run_name="__main__")
    assert float(capsys.readouterr().out.split()[-1]) > 0.9


@pytest.mark.skipif(os.environ.get("DNJPEG_SLOW") != "1", reason="takes half a minute; DNJPEG_SLOW=1 runs it")
def test_a_node_that_goes_away(cluster, source, tmp_path):
    _, node = cluster.list_all_nodes()

    def remove() -> None:
        while not list(tmp_path.glob("ray/*.tar")):
            time.sleep(0.01)
        cluster.remove_node(node, allow_graceful=False)

    remover = threading.Thread(target=remove)
    remover.start()
    report = convert(source, tmp_path / "ray", Convert(Slow({"quality": QUALITY}, seconds=0.1)))
    remover.join()
    assert len(cluster.list_all_nodes()) == 1
    # A unit that was finished, but not reported when its node went away, was found finished by the next attempt.
    assert (report.failures, report.totals.made + report.totals.resumed) == ([], 8)
    convert(source, tmp_path / "local", engine="local")
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")
