"""collect_statistics: which images are taken, from what, and what happens to those that cannot be read."""

from __future__ import annotations

import io
import operator

import numpy as np
import pytest
from PIL import Image

from dnjpeg import collect_statistics, encode, read


def encoded(pixels, kind="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def flat(level, size=8):
    """Make a gray image that is recognised in the mean of DC: (level - 128) x 8."""
    return np.full((size, size), level, dtype=np.uint8)


def levels_taken(statistics):
    """Which gray levels of `flat` were counted, and how often."""
    # a level L has the stored DC 8(L - 128), or the bin 16(L - 128) half-wide bins from the middle
    bins = np.repeat(np.arange(-2048, 2049), statistics.histogram("Y")[0, 0])
    return sorted((bins // 16 + 128).tolist())


@pytest.fixture
def classes(tmp_path):
    """Two folders of 5 and 3 images, with the gray levels 10.. and 200..."""
    for name, first, count in (("cat", 10, 5), ("dog", 200, 3)):
        (tmp_path / name).mkdir()
        for index in range(count):
            (tmp_path / name / f"{index}.png").write_bytes(encoded(flat(first + index)))
    return tmp_path


def test_every_kth_image_of_each_class_is_taken(classes):
    assert levels_taken(collect_statistics(classes)) == [10, 11, 12, 13, 14, 200, 201, 202]
    assert levels_taken(collect_statistics(classes, every=2)) == [10, 12, 14, 200, 202]
    assert levels_taken(collect_statistics(classes, every=4)) == [10, 14, 200]


def test_a_mapping_gives_the_classes_by_file_name(classes):
    labels = {f"{folder}/{n}.png": n % 2 for folder in ("cat", "dog") for n in range(5)}
    assert levels_taken(collect_statistics(classes, every=10, labels=labels)) == [10, 11]
    bare = {f"{n}.png": 0 for n in range(5)}
    assert levels_taken(collect_statistics(classes, every=4, labels=bare)) == [10, 14]
    with pytest.raises(ValueError, match=r"4\.png: there is no label"):
        collect_statistics(classes, labels={f"{n}.png": 0 for n in range(4)})


def test_a_sequence_gives_the_classes_of_images_in_memory():
    images = [flat(level) for level in range(6)]
    assert levels_taken(collect_statistics(images, every=2, labels=[0, 1, 1, 0, 0, 1])) == [0, 1, 4, 5]
    assert levels_taken(collect_statistics(images, every=2)) == [0, 2, 4]
    for labels, message in (([0] * 5, "5 labels for more images"), ([0] * 7, "7 labels for 6 images")):
        with pytest.raises(ValueError, match=message):
            collect_statistics(images, labels=labels)


def test_sources_of_all_kinds_give_the_same(tmp_path, photo):
    pixels = photo(24, 40)
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(pixels))
    expected = collect_statistics(pixels)
    for source in (path, str(path), tmp_path, [path], path.read_bytes(), [pixels], pixels[None], iter([pixels])):
        assert collect_statistics(source) == expected


def test_only_images_of_a_folder_are_taken_but_a_named_file_always(tmp_path):
    (tmp_path / "photo.PNG").write_bytes(encoded(flat(50)))
    (tmp_path / "labels.csv").write_text("file,label\n")
    (tmp_path / "._photo.png").write_bytes(b"a resource fork")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "other.png").write_bytes(encoded(flat(51)))
    odd = tmp_path / "picture.dat"
    odd.write_bytes(encoded(flat(52)))
    assert levels_taken(collect_statistics(tmp_path)) == [50]
    assert levels_taken(collect_statistics([tmp_path, odd])) == [50, 52]


def test_unreadable_images_are_named_and_the_rest_is_counted(classes):
    (classes / "cat" / "1.png").write_bytes(b"not an image")
    (classes / "dog" / "2.png").write_bytes((classes / "dog" / "1.png").read_bytes()[:-30])
    statistics = collect_statistics(classes)
    assert statistics.provenance["images"] == 6
    assert statistics.provenance["failed"] == 2
    assert [failure.name for failure in statistics.failures] == [
        str(classes / "cat" / "1.png"),
        str(classes / "dog" / "2.png"),
    ]
    assert "not an image" in statistics.failures[0].reason
    assert collect_statistics([classes / "dog", classes / "cat"]).failures == statistics.failures
    assert len(levels_taken(statistics)) == 6


def test_nothing_to_collect_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no image in this folder"):
        collect_statistics(tmp_path)
    with pytest.raises(FileNotFoundError):
        collect_statistics(tmp_path / "missing.png")
    with pytest.raises(ValueError, match="there are no images"):
        collect_statistics([])
    with pytest.raises(ValueError, match=r"no image could be read: image 0: .* \(and 1 more\)"):
        collect_statistics([b"no", b"image"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every": 0}, "every is a whole number"),
        ({"every": 1.5}, "every is a whole number"),
        ({"jobs": -1}, "jobs is a whole number"),
        ({"domain": "wavelets"}, "unknown domain"),
        ({"color": "cmyk"}, "unknown colour"),
        ({"subsampling": "4:2:1"}, "unknown subsampling"),
        ({"color": "rgb", "subsampling": "4:2:0"}, "only chroma has any"),
        ({"domain": "coefficients", "subsampling": "4:2:0"}, "as stored"),
        ({"domain": "coefficients", "color": "rgb"}, "need the domain pixels"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        collect_statistics(flat(1), **options)


@pytest.mark.parametrize(
    "source",
    [np.zeros((8, 8)), np.zeros((8, 8, 4), np.uint8), np.zeros((0, 8), np.uint8), np.zeros(8, np.uint8), 5, None],
)
def test_arrays_that_are_no_image_are_refused(source):
    with pytest.raises(ValueError, match=r"pixels|sources"):
        collect_statistics(source)


def test_gray_images_among_colour_ones_count_in_luma_only(photo):
    colour, gray = photo(16, 16), photo(16, 24, gray=True)
    mixed = collect_statistics([colour, gray])
    assert [mixed.count(index) for index in range(3)] == [4 + 6, 1, 1]
    as_rgb = collect_statistics([colour, gray], color="rgb")
    assert [as_rgb.count(index) for index in range(3)] == [10, 10, 10]
    only_gray = collect_statistics(gray)
    assert only_gray.count("Cb") == 0
    with pytest.raises(ValueError, match="component Cb is empty"):
        only_gray.std("Cb")


def test_luma_alone_is_the_luma_of_colour_images(photo):
    pixels = photo(24, 24)
    alone = collect_statistics(pixels, color="gray")
    np.testing.assert_array_equal(alone.std("Y"), collect_statistics(pixels).std("Y"))


def test_stored_coefficients_are_taken_as_they_are(photo):
    data = encoded(photo(40, 56), "JPEG", quality=60, subsampling="4:2:2")
    image = read(data)
    statistics = collect_statistics(data, domain="coefficients")
    for index, name in enumerate(("Y", "Cb", "Cr")):
        stored = image.dequantized(index).reshape(-1, 8, 8)
        assert statistics.count(name) == len(stored)
        np.testing.assert_allclose(statistics.std(name), stored.std(axis=0), rtol=1e-12)
    assert collect_statistics(image, domain="coefficients") == statistics
    assert statistics.provenance["subsampling"] is None


def test_pixels_of_a_fine_jpeg_nearly_give_its_coefficients(photo):
    data = encoded(photo(64, 64), "JPEG", quality=98, subsampling="4:4:4")
    stored = collect_statistics(data, domain="coefficients")
    decoded = collect_statistics(data, subsampling="4:4:4")
    np.testing.assert_allclose(decoded.std("Y"), stored.std("Y"), rtol=0.02, atol=0.5)


def test_pixels_hold_no_stored_coefficients(photo):
    with pytest.raises(ValueError, match="hold no JPEG coefficients"):
        collect_statistics(photo(8, 8), domain="coefficients")
    image = read(encoded(photo(8, 8), "JPEG"))
    with pytest.raises(ValueError, match="use the domain coefficients"):
        collect_statistics(image)
    with pytest.raises(ValueError, match="no image could be read"):
        collect_statistics(encoded(photo(8, 8)), domain="coefficients")


def test_files_of_unusual_modes_are_converted():
    palette = Image.fromarray(np.dstack([flat(102)] * 3)).convert("P")
    sixteen_bits = Image.fromarray(np.full((8, 8), 102 * 256 + 7, dtype=np.uint16))
    transparent = Image.merge("LA", [Image.fromarray(flat(102)), Image.fromarray(flat(0))])
    for image in (palette, sixteen_bits, transparent):
        file = io.BytesIO()
        image.save(file, "PNG")
        assert levels_taken(collect_statistics(file.getvalue(), color="gray")) == [102]
    file = io.BytesIO()
    Image.fromarray(np.ones((8, 8), np.float32)).save(file, "TIFF")
    with pytest.raises(ValueError, match="32-bit samples"):
        collect_statistics(file.getvalue())


def test_exif_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    stripes = np.tile(np.repeat([50, 200], 4).astype(np.uint8), (8, 1))
    turned = collect_statistics(encoded(stripes, "PNG", exif=exif.tobytes())).mean_abs("Y")
    assert turned[0, 1:].max() == 0
    assert turned[1, 0] > 100


def test_processes_give_the_same_as_one(classes, photo):
    for index in range(7):
        (classes / "dog" / f"photo{index}.png").write_bytes(encoded(photo(20 + index, 31, seed=index)))
    (classes / "cat" / "broken.png").write_bytes(b"broken")
    calls = []
    one = collect_statistics(classes)
    two = collect_statistics(classes, jobs=2, progress=lambda done, total: calls.append((done, total)))
    assert two == one
    assert two.hash == one.hash
    assert two.failures == one.failures
    assert calls == sorted(calls)
    assert calls[-1] == (16, 16)


def test_progress_has_no_total_for_an_iterator():
    calls = []
    collect_statistics((flat(level) for level in range(3)), progress=lambda *args: calls.append(args))
    assert calls == [(1, None), (2, None), (3, None)]


def test_provenance_says_how_and_names_no_path(classes):
    provenance = collect_statistics(classes, every=3, data="two classes").provenance
    assert provenance == {
        "images": 3,
        "failed": 0,
        "domain": "pixels",
        "color": "ycbcr",
        "subsampling": "4:2:0",
        "sampling": ["one image in 3 of each class"],
        "data": ["two classes"],
    }


def test_files_that_are_counted_while_they_are_decoded_count_as_their_coefficients() -> None:
    rng = np.random.default_rng(7)
    files = [
        encode(
            rng.integers(0, 256, (int(rng.integers(1, 70)), int(rng.integers(1, 70)), 3), np.uint8),
            quality=quality,
            subsampling=subsampling,
            restart=restart,
        )
        for quality in (3, 75, 75, 100)
        for subsampling in ("4:2:0", "4:4:4")
        for restart in (None, 2)
    ]
    counted = collect_statistics(files, domain="coefficients")
    added = collect_statistics([read(data) for data in files], domain="coefficients")
    assert all(map(operator.eq, counted.totals, added.totals))


def test_a_file_that_breaks_off_leaves_no_trace_in_the_counts() -> None:
    pixels = np.random.default_rng(8).integers(0, 256, (64, 64, 3), np.uint8)
    whole = encode(pixels)
    with_broken = collect_statistics([whole, whole[: len(whole) // 2], whole], domain="coefficients")
    assert len(with_broken.failures) == 1
    assert all(map(operator.eq, with_broken.totals, collect_statistics([whole] * 2, domain="coefficients").totals))
