"""Datasets: which photos and labels are found, which classes they are, and what is refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import toy
from PIL import Image

from dnjpeg.evaluation.classes import align, imagenet_synsets
from dnjpeg.evaluation.datasets import load_dataset
from dnjpeg.evaluation.photos import Dataset, FilePhoto, decode_photo, to_pixels


def class_folders(root: Path, names: list[str]) -> Path:
    for name in names:
        (root / name).mkdir(parents=True)
        for index in range(2):
            Image.fromarray(toy.photo(0, index)).save(root / name / f"{index}.png")
    return root


def labels_of(dataset: Dataset) -> dict[str, int]:
    return {photo.identifier: photo.label for photo in dataset.photos}


def test_labels_file(tmp_path: Path) -> None:
    entries = toy.write_folder(tmp_path, 5)
    dataset = load_dataset(str(tmp_path))
    assert labels_of(dataset) == dict(entries)
    assert dataset.class_names is None


@pytest.mark.parametrize("header", ["file,label", "Filename, class_index", "author,image,target"])
def test_columns_of_the_labels_file_have_several_names(tmp_path: Path, header: str) -> None:
    toy.write_folder(tmp_path, 2)
    author = "somebody," if header.startswith("author") else ""
    (tmp_path / "labels.csv").write_text(f"\ufeff{header}\n{author}000.png,2\n{author}001.png, 0\n", "utf-8")
    assert labels_of(load_dataset(str(tmp_path))) == {"000.png": 2, "001.png": 0}


def test_labels_by_name_are_matched_to_the_classifier(tmp_path: Path) -> None:
    toy.write_folder(tmp_path, 2)
    (tmp_path / "labels.csv").write_text("file,label\n000.png,green\n001.png,Blue\n")
    assert labels_of(align(load_dataset(str(tmp_path)), 3, toy.CLASSES)) == {"000.png": 1, "001.png": 2}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("file,label\n000.png,0\nnone.png,1\n", r"labels.csv names 1 missing file: none.png"),
        ("file,label\n" + "".join(f"x{i},0\n" for i in range(5)), r"names 5 missing files: x0, x1, x2 and 2 more"),
        ("file,label\n000.png,0\n000.png,1\n", "line 3: 000.png is labelled twice"),
        ("file,label\n000.png,\n", "line 2: a file and a label are needed"),
        ("file,label\n000.png\n", "line 2: a file and a label are needed"),
        ("000.png,0\n", "names no column file or"),
        ("file,colour\n000.png,0\n", "names no column label or"),
        ("file,label\n", "no photo is labelled"),
        ("", "names no column file or"),
    ],
)
def test_wrong_labels_file(tmp_path: Path, content: str, message: str) -> None:
    toy.write_folder(tmp_path, 1)
    (tmp_path / "labels.csv").write_text(content)
    with pytest.raises(ValueError, match=message):
        load_dataset(str(tmp_path))


def test_labels_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes(bytes(range(128, 256)))
    with pytest.raises(ValueError, match="not a CSV file"):
        load_dataset(str(tmp_path))


def test_class_folders_are_numbered_as_torchvision_does(tmp_path: Path) -> None:
    import torchvision

    root = class_folders(tmp_path / "data", ["b", "a", "c"])
    (root / ".hidden").mkdir()
    (root / "a" / "notes.txt").write_text("not a photo")
    (root / "a" / "deep").mkdir()
    Image.fromarray(toy.photo(0, 3)).save(root / "a" / "deep" / "x.JPEG", "JPEG")
    dataset = load_dataset(str(root))
    (root / ".hidden").rmdir()
    oracle = torchvision.datasets.ImageFolder(root)
    assert labels_of(dataset) == {Path(path).relative_to(root).as_posix(): label for path, label in oracle.samples}
    assert dataset.class_names == tuple(oracle.classes)


def test_synset_folders_are_imagenet_classes(tmp_path: Path) -> None:
    dataset = load_dataset(str(class_folders(tmp_path / "data", ["n02510455", "n01440764", "n15075141"])))
    aligned = align(dataset, 1000, None)
    assert sorted({photo.label for photo in aligned.photos}) == [0, 388, 999]
    assert {photo.label for photo in aligned.photos if photo.identifier.startswith("n02510455")} == {388}


def test_synsets_are_those_of_the_data(data_folder: Path) -> None:
    lines = (data_folder / "photos" / "imagenet_classes.csv").read_text().splitlines()[1:]
    assert imagenet_synsets() == tuple(line.split(",")[1] for line in lines)


def test_class_folders_match_by_name_or_else_by_number(tmp_path: Path) -> None:
    named = load_dataset(str(class_folders(tmp_path / "named", ["red", "blue"])))
    assert {p.identifier[:3]: p.label for p in align(named, 3, toy.CLASSES).photos} == {"red": 0, "blu": 2}
    numbered = load_dataset(str(class_folders(tmp_path / "numbered", ["x", "y", "z"])))
    assert {p.identifier[:1]: p.label for p in align(numbered, 3, toy.CLASSES).photos} == {"x": 0, "y": 1, "z": 2}
    few = load_dataset(str(class_folders(tmp_path / "few", ["x", "y"])))
    with pytest.raises(ValueError, match=r"has 2 classes .* not among the classifier's 3"):
        align(few, 3, toy.CLASSES)


def test_label_beyond_the_classifier(tmp_path: Path) -> None:
    toy.write_folder(tmp_path, 3)
    with pytest.raises(ValueError, match=r"002.png has label 2, and the classifier's classes are 0 to 1"):
        align(load_dataset(str(tmp_path)), 2, None)


def test_nothing_to_find(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="neither a folder nor a torchvision dataset"):
        load_dataset(str(tmp_path / "absent"))
    with pytest.raises(ValueError, match="the folder is empty"):
        load_dataset(str(tmp_path))
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(ValueError, match="no labelled photos"):
        load_dataset(str(tmp_path))
    with pytest.raises(ValueError, match="not a folder"):
        load_dataset(str(tmp_path / "a.png"))


def test_a_limit_takes_photos_from_everywhere() -> None:
    photos = tuple(FilePhoto(str(i), i // 10, Path(str(i))) for i in range(100))
    dataset = Dataset("sorted", photos)
    assert [photo.label for photo in dataset.limited(10).photos] == list(range(10))
    assert dataset.limited(None) is dataset
    assert len(dataset.limited(1000).photos) == 100
    with pytest.raises(ValueError, match="at least one"):
        dataset.limited(0)


@pytest.mark.parametrize("spec", ["CIFAR10", "cifar-10", "torchvision:CIFAR10", "torchvision:cifar10:test"])
def test_torchvision_dataset_by_name(tmp_path: Path, spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import torchvision

    opened = []

    class CIFAR10:
        classes = ("airplane", "automobile")

        def __init__(self, root: Path, train: bool = True, download: bool = False) -> None:
            opened.append((train, download))
            if not download:
                raise RuntimeError("Dataset not found or corrupted.")
            self.targets = [1, 0, 1]

        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> tuple[Image.Image, int]:
            return Image.fromarray(toy.photo(0, index)), self.targets[index]

    monkeypatch.setattr(torchvision.datasets, "CIFAR10", CIFAR10)
    dataset = load_dataset(spec, root=tmp_path)
    assert opened == [(False, False), (False, True)]  # the test images; downloaded only because they are not there
    assert dataset.class_names == ("airplane", "automobile")
    assert [photo.label for photo in dataset.photos] == [1, 0, 1]
    assert np.array_equal(dataset.photos[2].open().pixels(), toy.photo(0, 2))
    assert dataset.photos[2].open().digest != dataset.photos[1].open().digest


def test_torchvision_dataset_that_cannot_be_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torchvision.datasets.cifar

    def offline(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(torchvision.datasets.cifar, "download_and_extract_archive", offline)
    with pytest.raises(ValueError, match=r"CIFAR10: not found below .* \(no route to host\)"):
        load_dataset("CIFAR10", root=tmp_path)


@pytest.mark.parametrize("spec", ["torchvision:Nonsense", "torchvision:CIFAR10:valid", "torchvision:Imagenette:nope"])
def test_unknown_torchvision_dataset_or_split(tmp_path: Path, spec: str) -> None:
    with pytest.raises(ValueError, match=r"no dataset|split"):
        load_dataset(spec, root=tmp_path)


def test_pixels_of_unusual_files() -> None:
    rgba = np.dstack([toy.photo(1, 1), np.full((24, 40), 7, np.uint8)])
    assert np.array_equal(to_pixels(Image.fromarray(rgba)), toy.photo(1, 1))
    assert to_pixels(Image.new("1", (3, 2), 1)).shape == (2, 3, 3)
    with pytest.raises(ValueError, match="not an image"):
        decode_photo(b"GIF? no")
    with pytest.raises(ValueError, match="cannot be decoded"):
        decode_photo(toy.pillow_encode(toy.photo(0, 0), 90)[:400])


def test_photos_pickle(tmp_path: Path) -> None:
    toy.write_folder(tmp_path, 1)
    dataset = load_dataset(str(tmp_path))
    assert pickle.loads(pickle.dumps(dataset)) == dataset
