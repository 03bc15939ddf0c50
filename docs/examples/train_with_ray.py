"""Train from a folder of JPEG files that Ray Data reads: ``python train_with_ray.py FOLDER``.

Files are listed and read by Ray's workers, on as many machines as there are, which decode with dnjpeg no more of them
than the network sees; batches come to this process.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import ray
import torch
from training import accuracy, arguments, small_network, train

from dnjpeg.vision import DecodeResizedCenterCrop


def main() -> None:
    """Train, and print loss and accuracy of each epoch."""
    chosen = arguments(__doc__).parse_args()
    classes = sorted(path.name for path in Path(chosen.folder).iterdir() if path.is_dir())
    decode = DecodeResizedCenterCrop(chosen.size)

    def prepare(row: dict[str, object]) -> dict[str, object]:
        label = classes.index(Path(row["path"]).parent.name)
        return {"image": np.ascontiguousarray(decode(row["bytes"]).numpy()), "label": label}

    files = ray.data.read_binary_files(chosen.folder, include_paths=True, file_extensions=["jpg", "jpeg"])
    images = files.map(prepare).materialize()

    def batches() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for batch in images.iter_batches(batch_size=chosen.batch, local_shuffle_buffer_size=1000, local_shuffle_seed=0):
            yield torch.tensor(batch["image"]), torch.tensor(batch["label"])

    torch.manual_seed(0)
    network = small_network(len(classes))
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3)
    for epoch in range(chosen.epochs):
        loss = train(network, batches(), optimizer)
        print(f"epoch {epoch + 1}: loss {loss:.3f}, accuracy {accuracy(network, batches()):.3f}")


if __name__ == "__main__":
    main()
