"""Many items on several threads: results in order, each error in its turn, memory bounded, a stop at once."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

import pytest

from dnjpeg.parallel import AHEAD, TASK_SECONDS, TOGETHER, ordered_map
from dnjpeg.steps import Steps, whole
from dnjpeg.team import ordered_steps

JOBS = [1, 2, 5]

Ordered = Callable[..., Generator[Any]]


def as_second_step(function: Callable[[Any], Any], items: Iterable[Any], jobs: int) -> Generator[Any]:
    """As `ordered_map`, but for what the lead takes itself."""

    def begin(item: Any) -> Steps[Any]:
        yield
        result = function(item)
        yield
        return result

    return ordered_steps(begin, items, jobs)


both = pytest.mark.parametrize("ordered", [ordered_map, as_second_step])


@pytest.mark.parametrize(("seconds", "together"), [(1.5 * TASK_SECONDS, 1), (0, TOGETHER)])
@pytest.mark.parametrize("jobs", JOBS)
@both
def test_an_endless_source_is_read_no_further_than_needed(
    ordered: Ordered, jobs: int, seconds: float, together: int
) -> None:
    read = 0

    def double(number: int) -> int:
        time.sleep(seconds)
        return 2 * number

    def source() -> Iterator[int]:
        nonlocal read
        while True:
            read += 1
            yield read

    results = ordered(double, source(), jobs)
    assert [next(results) for _ in range(10)] == list(range(2, 22, 2))
    assert read <= 10 + AHEAD * jobs * together
    results.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("dnjpeg")]


@both
def test_of_items_that_are_done_together_those_before_an_error_come_first(
    ordered: Ordered,
) -> None:
    def inverse(number: int) -> float:
        return 1 / (number - 500)

    results, taken = ordered(inverse, range(1000), 2), []
    with pytest.raises(ZeroDivisionError):
        taken.extend(result for result in results)
    assert taken == [inverse(number) for number in range(500)]


@both
def test_what_has_not_begun_is_dropped_when_one_fails(ordered: Ordered) -> None:
    done = []

    def work(number: int) -> int:
        if number == 0:
            raise KeyError(number)
        time.sleep(0.01)
        done.append(number)
        return number

    with pytest.raises(KeyError):
        list(ordered(work, range(1000), 2))
    assert len(done) < 20


@both
def test_threads_that_found_nothing_to_do_go_on_when_there_is(ordered: Ordered) -> None:
    def source() -> Iterator[int]:
        for number in range(40):
            time.sleep(0.02 if number % 10 == 0 else 0)  # while all that is under way is done
            yield number

    taken = []
    for result in ordered(str, source(), 3):
        time.sleep(0.01 if result.endswith("5") else 0)
        taken.append(result)
    assert taken == [str(number) for number in range(40)]


@pytest.mark.parametrize("jobs", JOBS)
def test_what_is_no_error_but_ends_a_program_is_passed_on_as_well(jobs: int) -> None:
    results = ordered_map(lambda number: sys.exit(number) if number == 3 else number, range(100), jobs)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(SystemExit):
        next(results)


@pytest.mark.parametrize("jobs", JOBS)
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_ends_a_program_comes_at_once_from_the_lead(kind: type[BaseException], jobs: int) -> None:
    """A signal comes to the main thread, which may be taking a step of any image."""
    lead, begun = threading.get_ident(), []

    def begin(number: int) -> Steps[int]:
        begun.append(number)
        yield
        time.sleep(0.005)
        if number >= 10 and threading.get_ident() == lead:
            raise kind
        return number

    with pytest.raises(kind):
        list(ordered_steps(begin, range(1000), jobs))
    assert len(begun) < 200
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("dnjpeg")]


@pytest.mark.parametrize("jobs", [2, 3])
def test_what_ends_a_program_comes_from_a_helper_in_its_turn(jobs: int) -> None:
    lead, taken = threading.get_ident(), []

    def begin(number: int) -> Steps[int]:
        yield
        time.sleep(0.001)
        if number >= 10 and threading.get_ident() != lead:
            sys.exit(number)
        return number

    with pytest.raises(SystemExit) as ended:
        taken.extend(number for number in ordered_steps(begin, range(1000), jobs))
    assert taken == list(range(ended.value.code))


@pytest.mark.parametrize("jobs", [2, 4])
def test_while_results_are_used_the_others_have_something_to_do(jobs: int) -> None:
    """For each result that is taken another item is begun."""
    waiting = []

    def begin(number: int) -> Steps[int]:
        waiting.append(number)
        yield
        time.sleep(0.001)
        waiting.remove(number)
        return number

    fewest = []
    for number in ordered_steps(begin, range(100), jobs):
        fewest.append(len(waiting))  # before the others have had time
        time.sleep(0.003)
        assert number == len(fewest) - 1
    assert min(fewest[5:60]) > 0


@pytest.mark.parametrize("daemon", [False, True])
@both
def test_a_program_ends_in_the_middle_of_a_batch(ordered: Ordered, daemon: bool) -> None:
    """Also if a thread takes results for ever that is not waited for."""
    program = f"""
import threading, time
from collections import deque
from itertools import count
from dnjpeg.parallel import ordered_map
from dnjpeg.team import ordered_steps
def begin(number):
    yield
    return number
if "{ordered.__name__}" == "ordered_map":
    results = ordered_map(lambda number: number, count(), 2)
else:
    results = ordered_steps(begin, count(), 2)
print(next(results))
if {daemon}:
    threading.Thread(target=deque, args=(results, 0), daemon=True).start()
    time.sleep(0.1)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "0\n")
    assert daemon or done.stderr == ""


@pytest.mark.parametrize("jobs", JOBS)
def test_the_lead_takes_first_and_last_steps(jobs: int) -> None:
    seen: list[list[int]] = [[], [], []]

    def begin(number: int) -> Steps[int]:
        seen[0].append(threading.get_ident())
        yield
        seen[1].append(threading.get_ident())
        time.sleep(0.001)
        yield
        seen[2].append(threading.get_ident())
        return number

    assert list(ordered_steps(begin, range(200), jobs)) == list(range(200))
    assert set(seen[0]) == set(seen[2]) == {threading.get_ident()}
    assert 1 <= len(set(seen[1])) <= jobs
    assert jobs == 1 or len(set(seen[1])) > 1


@pytest.mark.parametrize("jobs", JOBS)
@pytest.mark.parametrize("step", range(4))
def test_an_error_in_any_step_comes_in_its_turn(jobs: int, step: int) -> None:
    def begin(number: int) -> Steps[int]:
        for taken in range(4):
            if number == 50 and step == taken:
                raise ZeroDivisionError
            yield
        return number

    taken = []
    with pytest.raises(ZeroDivisionError):
        taken.extend(number for number in ordered_steps(begin, range(1000), jobs))
    assert taken == list(range(50))


@pytest.mark.parametrize("jobs", JOBS)
@pytest.mark.parametrize("steps", range(6))
def test_there_may_be_fewer_steps_or_more(jobs: int, steps: int) -> None:
    def begin(number: int) -> Steps[int]:
        for _ in range(steps):
            yield
        return number

    assert whole(begin(7)) == 7
    assert list(ordered_steps(begin, range(300), jobs)) == list(range(300))


@pytest.mark.parametrize("jobs", JOBS)
def test_an_error_of_the_source_comes_behind_what_it_gave(jobs: int) -> None:
    def source() -> Iterator[int]:
        yield from range(20)
        raise OSError("no more")

    taken = []
    with pytest.raises(OSError, match="no more"):
        taken.extend(number for number in as_second_step(lambda number: number, source(), jobs))
    assert taken == list(range(20))


@pytest.mark.parametrize("jobs", [2, 3, 5])
def test_items_of_any_length_and_pauses_on_either_side(jobs: int) -> None:
    pauses = [0, 0, 0, 0.0003, 0.002, 0, 0.0001, 0.004]

    def work(number: int) -> int:
        time.sleep(pauses[number * 7 % 8])
        return number

    def source() -> Iterator[int]:
        for number in range(400):
            time.sleep(pauses[number * 5 // 3 % 8] if number % 3 == 0 else 0)
            yield number

    taken = []
    for number in as_second_step(work, source(), jobs):
        time.sleep(pauses[number // 7 % 8] if number % 4 == 0 else 0)
        taken.append(number)
    assert taken == list(range(400))


def test_steps_that_were_not_taken_are_closed() -> None:
    begun, closed = [], []

    def begin(number: int) -> Steps[int]:
        begun.append(number)
        try:
            yield
            time.sleep(0.01)
            yield
        except GeneratorExit:
            closed.append(number)
            raise
        return number

    results = ordered_steps(begin, range(1000), 2)
    assert next(results) == 0
    results.close()
    assert len(begun) <= AHEAD * 2 * TOGETHER
    assert closed
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("dnjpeg")]
