"""The benchmark's results: what they look like, and that a slower path is noticed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture(scope="module")
def schema() -> dict[str, object]:
    schema = json.loads((BENCHMARKS / "schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def test_committed_results_are_of_the_schema(schema: dict[str, object]) -> None:
    for path in (BENCHMARKS / "results").glob("*.json"):
        jsonschema.validate(json.loads(path.read_text()), schema)


def test_a_run_is_of_the_schema_and_may_be_told_to_fail(schema: dict[str, object], tmp_path: Path) -> None:
    """On two photos, for fewer instructions than the CPU has."""
    arguments = "--count 2 --rounds 1 --quality 75 --subsampling 4:2:0 --no-large --no-processes --only coefficients"
    words = [*arguments.split(), "--instructions", "sse4.2", "--json", str(tmp_path / "run.json")]
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    found = json.loads((tmp_path / "run.json").read_text())
    jsonschema.validate(found, schema)
    assert found["environment"]["instructions"] == "sse4.2"
    assert [row["path"] for row in found["rows"]] == ["read coefficients"]
    assert "| read coefficients | 0.19 | jpeglib |" in (tmp_path / "run.md").read_text()


def test_two_threads_are_told_apart_from_where_they_were(schema: dict[str, object], tmp_path: Path) -> None:
    arguments = "--count 2 --rounds 1 --quality 75 --subsampling 4:2:0 --no-large --no-processes"
    words = [*arguments.split(), "--only", "decode a batch", "--json", str(tmp_path / "run.json")]
    run = subprocess.run([sys.executable, "-m", "benchmarks", *words], cwd=ROOT, capture_output=True, check=False)
    assert run.returncode == 0, run.stderr
    found = json.loads((tmp_path / "run.json").read_text())
    jsonschema.validate(found, schema)
    (row,) = found["rows"]
    assert list(row["ratios"]) == ["one thread"]
    assert 0 < row["ceiling"] < 4
    assert row["distance"] > 0.5
    assert "| decode a batch, two threads | 0.19 | (additions: one thread) |" in (tmp_path / "run.md").read_text()


def test_the_table_of_stages_is_made() -> None:
    words = ["-m", "benchmarks.stages", "--count", "1", "--rounds", "1"]
    run = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    found = [line.split("|")[1].strip() for line in run.stdout.splitlines()[2:]]
    assert {"tokens", "Huffman decoding", "refinement scans"} <= set(found)
