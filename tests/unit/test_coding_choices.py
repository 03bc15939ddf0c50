"""The choices of entropy coding as values: what equals another one must do the same."""

import pickle
import subprocess
import sys

import pytest
from pictures import make_photo

from dnjpeg import encode, transcode
from dnjpeg.codec.format.coding import Coding
from dnjpeg.codec.format.frame import Component, Frame
from dnjpeg.codec.format.limits import Limits


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


@pytest.mark.parametrize("value", [Coding(), Limits(), Frame(8, 9, (Component(1, 2, 1, 0),))])
def test_values_from_another_process_are_equal_and_have_an_equal_hash(value):
    """Such as that of None, a hash may be another one there."""
    take = "import pickle, sys; value = pickle.loads(sys.stdin.buffer.read()); hash(value)"
    give = "; sys.stdout.buffer.write(pickle.dumps(value))"
    hash(value)
    run = subprocess.run(
        [sys.executable, "-c", take + give], input=pickle.dumps(value), capture_output=True, check=True
    )
    other = pickle.loads(run.stdout)
    assert other == value
    assert hash(other) == hash(value)
