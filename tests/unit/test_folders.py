from pathlib import Path

import pytest

from dnjpeg.folders import image_files


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_image_files_are_sorted_by_their_paths_whatever_separates_the_parts(tmp_path: Path) -> None:
    touch(tmp_path, "a-b/x.png", "a/x.png", "a/b/y.JPG", "z.webp")
    found = [path.relative_to(tmp_path).as_posix() for path in image_files(tmp_path)]
    assert found == ["a/b/y.JPG", "a/x.png", "a-b/x.png", "z.webp"]


def test_hidden_files_and_folders_and_other_suffixes_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", ".b.png", ".c/d.png", "labels.csv", "noext")
    assert image_files(tmp_path) == [tmp_path / "a.png"]


def test_sub_folders_and_suffixes_are_the_callers_choice(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "b.jpg", "c/d.png")
    assert image_files(tmp_path, recursive=False, suffixes={".png"}) == [tmp_path / "a.png"]


def test_a_link_that_makes_a_folder_its_own_descendant_does_not_repeat_it(tmp_path: Path) -> None:
    touch(tmp_path, "a/x.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    assert image_files(tmp_path) == [tmp_path / "a" / "x.png"]


def test_linked_folders_are_followed(tmp_path: Path) -> None:
    touch(tmp_path, "elsewhere/x.png")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert image_files(tmp_path / "here") == [tmp_path / "here" / "link" / "x.png"]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        image_files(tmp_path / "none")
