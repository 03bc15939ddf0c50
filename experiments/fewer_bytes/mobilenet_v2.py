"""The judge of another architecture: MobileNetV2 of 8-bit integers, from the data folder, run by LiteRT.

Its last layer is a softmax rounded to 1/256, from which no divergence can be told; the logits before it are taken.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

SIDE, KEPT = 224, 0.875
PREPROCESSING = f"centre crop {KEPT} of the shorter side, Pillow bilinear to {SIDE}x{SIDE}, 8 bits"


def prepare(image: Image.Image) -> torch.Tensor:
    """Return the pixels, float32 (3, 224, 224), whole numbers."""
    width, height = image.size
    side = min(width, height) * KEPT
    left, top = (width - side) / 2, (height - side) / 2
    resized = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=(left, top, left + side, top + side))
    return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float()


class Quantized:
    """The network, one interpreter a thread."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._local = threading.local()

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of 1,000 classes, one image after the other."""
        if not hasattr(self._local, "interpreter"):
            made = Interpreter(model_content=self._content, num_threads=1, experimental_preserve_all_tensors=True)
            made.allocate_tensors()
            (softmax,) = (op for op in made._get_ops_details() if op["op_name"] == "SOFTMAX")
            self._local.logits = next(
                tensor for tensor in made.get_tensor_details() if tensor["index"] == softmax["inputs"][0]
            )
            self._local.interpreter = made
        network, logits = self._local.interpreter, self._local.logits
        scale, zero = logits["quantization"]
        answers = []
        for image in images:
            network.set_tensor(network.get_input_details()[0]["index"], image.permute(1, 2, 0).byte().numpy()[None])
            network.invoke()
            answers.append((network.get_tensor(logits["index"])[0].astype(np.float32) - zero) * scale)
        return torch.from_numpy(np.stack(answers)[:, 1:])  # class 0 is the background


def load() -> SimpleNamespace:
    """Return what `dnjpeg evaluate --classifier mobilenet_v2.py:load` takes."""
    content = (Path(os.environ["DNJPEG_DATA"]) / "models/tflite/mobilenet_v2_1.0_224_quant.tflite").read_bytes()
    return SimpleNamespace(
        name="mobilenet-v2-quantized",
        model=Quantized(content),
        preprocess=prepare,
        preprocessing=PREPROCESSING,
        weights_hash=hashlib.sha256(content).hexdigest(),
        kept=KEPT,
    )
