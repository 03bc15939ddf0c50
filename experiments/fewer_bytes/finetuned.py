"""A judge that was trained on: EfficientNet-Lite0 whose last blocks and classes were fine-tuned on calibration photos.

The same classes and photos as in the other calibrations, but compressed, noisy, mirrored and cut out by chance: what a
user does who adapts a network to his pictures. Files that were fitted to Lite0 never met these weights.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from PIL import Image

import dnjpeg
from dnjpeg.evaluation import load_classifier

HERE = Path(__file__).parent
WEIGHTS = HERE / "work/finetuned.pt"
STEPS, BATCH, RATE, SEED = 60, 8, 5e-4, 1
TRAINED = ("_blocks.13", "_blocks.14", "_blocks.15", "_conv_head", "_bn1", "_fc")
NOISE = 8.0  # standard deviation of the strongest, in levels


def _examples(chance: np.random.Generator, images: list[np.ndarray], count: int) -> torch.Tensor:
    """Compress, add noise and mirror photos drawn by chance, float32 (count, 3, H, W), and their places."""
    chosen = chance.integers(len(images), size=count)
    made = []
    for index in chosen:
        pixels = dnjpeg.decode(dnjpeg.encode(images[index], quality=int(chance.integers(15, 96))))
        noisy = pixels + chance.normal(0, chance.uniform(0, NOISE), pixels.shape)
        made.append(np.clip(noisy[:, :: chance.choice([-1, 1])], 0, 255).transpose(2, 0, 1))
    return torch.from_numpy(np.stack(made).astype(np.float32)), torch.from_numpy(chosen)


def train() -> None:
    """Fine-tune the last weights by Adam on the cross-entropy of true classes, batch statistics held."""
    torch.manual_seed(SEED)
    chance = np.random.default_rng(SEED)
    base = load_classifier("efficientnet-lite0", device="cpu")
    model, view = base.model, base.network().view
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(TRAINED))
    with (Path(os.environ["DNJPEG_DATA"]) / "photos/calibration/labels.csv").open() as file:
        classes = {Path(row["file"]).stem: int(row["label"]) for row in csv.DictReader(file)}
    files = sorted((HERE / "work/calibration").glob("*.png"))
    images = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    labels = torch.tensor([classes[file.stem] for file in files])
    descent = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=RATE)
    for step in range(STEPS):
        pixels, chosen = _examples(chance, images, BATCH)
        down, right, zoom = chance.uniform(-1, 1, 3)
        seen = view(pixels, view.moved(*pixels.shape[2:], down, right, 1 + 0.15 * zoom))
        with torch.autocast("cpu", torch.bfloat16):
            loss = torch.nn.functional.cross_entropy(model(seen).float(), labels[chosen], label_smoothing=0.1)
        descent.zero_grad()
        loss.backward()
        descent.step()
        if step % 20 == 19:
            print(f"{step + 1} steps: {loss.item():.3f}", flush=True)
    stream = io.BytesIO()
    torch.save(model.state_dict(), stream)
    WEIGHTS.write_bytes(stream.getvalue())


def load() -> SimpleNamespace:
    """Return what `dnjpeg evaluate --classifier finetuned.py:load` takes; trains if nobody has."""
    if not WEIGHTS.exists():
        train()
    content = WEIGHTS.read_bytes()
    base = load_classifier("efficientnet-lite0", device="cpu")
    base.model.load_state_dict(torch.load(io.BytesIO(content)))
    return SimpleNamespace(
        name="efficientnet-lite0-finetuned",
        model=base.model.eval(),
        preprocess=base.preprocess,
        preprocessing=base.preprocessing,
        weights_hash=hashlib.sha256(content).hexdigest(),
        kept=base.kept,
    )


if __name__ == "__main__":
    train()
