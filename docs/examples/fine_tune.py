"""Fine-tune a network on compressed images: ``python fine_tune.py FOLDER --tables mine.json``.

A network of torchvision, pretrained unless --random says otherwise, gets a new last layer, which is trained on the
images as they are. Then all of it is trained on images compressed with the tables. Accuracy before and after that.
"""

from __future__ import annotations

import torch
import torchvision
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2
from training import accuracy, arguments, train

from dnjpeg.vision import JpegCompression, load_image

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def main() -> None:
    """Train twice, and print three accuracies."""
    parser = arguments(__doc__)
    parser.set_defaults(size=224, epochs=2, batch=32)
    parser.add_argument("--model", default="resnet18", help="of torchvision (default resnet18)")
    parser.add_argument("--random", action="store_true", help="random weights, so that nothing is downloaded")
    parser.add_argument("--tables", help="shipped name, table file or quality")
    parser.add_argument("--quality", type=int)
    chosen = parser.parse_args()
    torch.manual_seed(0)

    def loader(*transforms: object, shuffle: bool = True) -> DataLoader:
        steps = [v2.Resize(chosen.size), v2.CenterCrop(chosen.size), *transforms, v2.ToImage()]
        prepared = v2.Compose([*steps, v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)])
        dataset = ImageFolder(chosen.folder, loader=load_image, transform=prepared)
        return DataLoader(dataset, chosen.batch, shuffle=shuffle, num_workers=chosen.workers)

    network = torchvision.models.get_model(chosen.model, weights=None if chosen.random else "DEFAULT")
    network.fc = nn.Linear(network.fc.in_features, len(loader().dataset.classes))
    head = torch.optim.AdamW(network.fc.parameters(), lr=1e-2)
    for _ in range(chosen.epochs):
        train(network, loader(), head)
    compression = JpegCompression(tables=chosen.tables, quality=chosen.quality)
    print(f"images as they are: {accuracy(network, loader(shuffle=False)):.3f}")
    print(f"compressed: {accuracy(network, loader(compression, shuffle=False)):.3f}")
    everything = torch.optim.AdamW(network.parameters(), lr=1e-4)
    for _ in range(chosen.epochs):
        train(network, loader(compression), everything)
    print(f"compressed, after training on such: {accuracy(network, loader(compression, shuffle=False)):.3f}")


if __name__ == "__main__":
    main()
