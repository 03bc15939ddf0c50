"""`WebDatasetDecoder` in WebDataset itself."""

from __future__ import annotations

import io
import pickle
import tarfile

import numpy as np
import pytest
import torch
import webdataset

import dnjpeg
from dnjpeg.vision import DecodeResizedCenterCrop, WebDatasetDecoder


@pytest.fixture
def shard(tmp_path, photo):
    """Six samples of an image, a class and a text; the fourth image is cut off."""
    path = tmp_path / "shard-000000.tar"
    with tarfile.open(path, "w") as tar:
        for index in range(6):
            data = dnjpeg.encode(photo(48, 64, seed=index))
            members = {"jpg": data[:-300] if index == 3 else data, "cls": str(index).encode(), "txt": b"a photo"}
            for extension, content in members.items():
                info = tarfile.TarInfo(f"{index:04}.{extension}")
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return str(path)


def samples(shard: str, decoder: WebDatasetDecoder, **options: object) -> list[dict[str, object]]:
    return list(webdataset.WebDataset(shard, shardshuffle=False).decode(decoder, **options))


def test_images_are_decoded_and_all_else_is_left_to_webdataset(shard, photo):
    decoder = WebDatasetDecoder()
    found = samples(shard, decoder, handler=webdataset.ignore_and_continue)
    assert [sample["cls"] for sample in found] == [0, 1, 2, 4, 5]
    for sample in found:
        expected = dnjpeg.decode(dnjpeg.encode(photo(48, 64, seed=sample["cls"])))
        np.testing.assert_array_equal(sample["jpg"].permute(1, 2, 0).numpy(), expected)
        assert sample["txt"] == "a photo"
    assert len(decoder.failed) == 1


def test_a_broken_member_is_an_error_by_default(shard):
    with pytest.raises(webdataset.autodecode.DecodingError) as caught:
        samples(shard, WebDatasetDecoder())
    cause = caught.value.__cause__ or caught.value.__context__
    assert isinstance(cause, dnjpeg.JpegError)
    assert cause.__notes__ == ["in a member .jpg"]


def test_gray_takes_its_place(shard):
    found = samples(shard, WebDatasetDecoder(DecodeResizedCenterCrop(32), on_error="gray"))
    assert [sample["cls"] for sample in found] == [0, 1, 2, 3, 4, 5]
    assert (found[3]["jpg"] == 128).all()
    assert all(sample["jpg"].shape == (3, 32, 32) for sample in found)


def test_workers_share_the_list_of_failures(shard):
    decoder = pickle.loads(pickle.dumps(WebDatasetDecoder(on_error="gray")))
    dataset = webdataset.WebDataset(shard, shardshuffle=False).decode(decoder).to_tuple("jpg", "cls").batched(3)
    loader = torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=1, multiprocessing_context="fork")
    labels = [label for _, batch in loader for label in np.asarray(batch).tolist()]
    assert labels == [0, 1, 2, 3, 4, 5]
    assert len(decoder.failed) == 1


@pytest.mark.parametrize("key", ["jpg", ".jpg", "left.JPG", ".png"])
def test_extensions_are_recognised_however_they_are_named(key, photo):
    assert WebDatasetDecoder()(key, dnjpeg.encode(photo(8, 8))).shape == (3, 8, 8)
    assert WebDatasetDecoder(extensions=["webp"])(key, b"") is None


@pytest.mark.parametrize("options", [{"on_error": "skip"}, {"on_error": "gray", "decode": len}])
def test_bad_arguments_are_refused(options):
    with pytest.raises(ValueError, match="on_error"):
        WebDatasetDecoder(**options)
