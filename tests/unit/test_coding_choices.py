"""The choices of entropy coding as values: what equals another one must do the same."""

import pickle
import subprocess
import sys

import pytest
from pictures import make_photo

from dnjpeg import encode, transcode
from dnjpeg.codec.format.coding import Coding


@pytest.mark.parametrize("name", ["restart", "restart_rows"])
def test_a_number_that_is_not_whole_is_refused_and_not_remembered(name):
    data = encode(make_photo(24, 24))
    for number in (2.0, 2.5, "2"):
        with pytest.raises(TypeError):
            transcode(data, **{name: number})
        with pytest.raises(TypeError):
            encode(make_photo(24, 24), **{name: number})
    assert b"\xff\xdd" in transcode(data, **{name: 2})
    assert b"\xff\xdd" in encode(make_photo(24, 24), **{name: 2})


def test_choices_from_another_process_are_equal_and_have_an_equal_hash():
    make = "import pickle, sys; from dnjpeg.codec.format.coding import Coding; c = Coding(); hash(c)"
    write = "; sys.stdout.buffer.write(pickle.dumps(c))"
    run = subprocess.run([sys.executable, "-c", make + write], capture_output=True, check=True)
    other = pickle.loads(run.stdout)
    assert other == Coding()
    assert hash(other) == hash(Coding())
