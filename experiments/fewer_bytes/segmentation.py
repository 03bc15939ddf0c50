"""A judge of another task: MediaPipe's selfie segmentation, on files that `run.py` made.

    DNJPEG_DATA=... python segmentation.py MODEL [--count N] [--work FOLDER] [--set NAME]...

MODEL is ``mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite`` out of the wheel of ``mediapipe`` 0.10.21.
Its mask tells for each of 256 x 256 pixels how sure it is that a person or what it takes for one stands there. What is
measured is the mean over pixels of the divergence of these certainties from those for uncompressed pixels. It takes the
place of the first judge's divergence in its rows, so that `summarise.py` compares them alike.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from contenders import entries
from PIL import Image
from run import HERE, SETS

import dnjpeg
from dnjpeg.evaluation import load_dataset, read_rows, write_rows

SIDE = 256
LEAST = 1e-4  # certainties are kept so far from 0 and 1


def main() -> None:
    """Judge the files of the sets."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    parser.add_argument("--set", action="append", choices=SETS, dest="sets")
    asked = parser.parse_args()
    network = Interpreter(str(asked.model), num_threads=1)
    network.allocate_tensors()
    dataset = load_dataset(str(Path(os.environ["DNJPEG_DATA"]) / "photos/eval")).limited(asked.count)
    for chosen in asked.sets or ("tables", "networks"):
        found = {}
        wanted = [entry for entry in entries(None, []) if entry.family in SETS[chosen]]
        for photo in dataset.photos:
            name = Path(photo.identifier).stem
            before = _mask(network, photo.open().pixels())
            for entry in wanted:
                file = asked.work / "files" / entry.name.replace(" ", "-").replace(":", "") / name
                found[entry.name, photo.identifier] = _apart(before, _mask(network, dnjpeg.decode(file.read_bytes())))
        rows = read_rows(HERE / f"results/{chosen}-efficientnet-lite0.parquet")
        rows["kl"] = [
            0.0 if name == "uncompressed" else found.get((name, image), np.nan)
            for name, image in zip(rows["contender"], rows["image"], strict=True)
        ]
        write_rows(rows.dropna(subset="kl"), HERE / f"results/{chosen}-selfie-segmentation.parquet")


def _mask(network: Interpreter, pixels: np.ndarray) -> np.ndarray:
    resized = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    network.set_tensor(network.get_input_details()[0]["index"], np.asarray(resized, np.float32)[None] / 255)
    network.invoke()
    return np.clip(network.get_tensor(network.get_output_details()[0]["index"])[0], LEAST, 1 - LEAST).astype(float)


def _apart(p: np.ndarray, q: np.ndarray) -> float:
    return float(np.mean(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))))


if __name__ == "__main__":
    main()
