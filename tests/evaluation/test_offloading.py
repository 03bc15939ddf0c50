"""What sending costs: the paper's example, and links of one's own."""

from __future__ import annotations

import pytest

from dnjpeg.evaluation.offloading import LINKS, PAPER_BYTES, parse_link


def test_the_papers_example_is_met() -> None:
    """152 KB take 870, 180 and 95 ms (DeepN-JPEG, DAC 2018)."""
    assert [(link.name, round(1000 * link.seconds(PAPER_BYTES), 9)) for link in LINKS] == [
        ("3G", 870),
        ("LTE", 180),
        ("Wi-Fi", 95),
    ]
    assert [round(8 * link.rate / 1e6, 2) for link in LINKS] == [1.4, 6.76, 12.8]


def test_energy_is_power_times_time() -> None:
    """Huang et al.: 1288.04 mW and 438.39 mW for each Mbit/s sent; at 6.756 Mbit/s that is 4.25 W, for 180 ms."""
    lte = next(link for link in LINKS if link.name == "LTE")
    assert lte.joules(PAPER_BYTES) == pytest.approx((1.28804 + 0.43839 * 152_000 * 8 / 0.18 / 1e6) * 0.18)
    assert lte.joules(PAPER_BYTES / 2) == pytest.approx(lte.joules(PAPER_BYTES) / 2)


def test_links_of_ones_own() -> None:
    link = parse_link("5G:50:2.1:10")
    assert link.seconds(50_000_000 / 8) == pytest.approx(1.01)
    assert link.joules(50_000_000 / 8) == pytest.approx(2.1 * 1.01)
    bare = parse_link("satellite:0.5")
    assert bare.seconds(62_500) == pytest.approx(1)
    assert bare.joules(62_500) is None


@pytest.mark.parametrize("text", ["", "5G", ":5", "5G:", "5G:x", "5G:0", "5G:-1", "5G:nan", "5G:1:inf", "5G:1:2:3:4"])
def test_bad_links(text: str) -> None:
    with pytest.raises(ValueError, match="write NAME:MBIT_S"):
        parse_link(text)
