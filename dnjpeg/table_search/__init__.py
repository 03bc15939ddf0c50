"""Tables found by search: candidates are judged by files of the real codec and by what networks say of them.

`judging` weighs one candidate; `journal` remembers what was weighed, so that a run goes on after an interruption;
`proxy` ranks many candidates from sensitivities and statistics before any network is asked. `sorted_random` and
`evolution` propose.
"""

from __future__ import annotations

from dnjpeg.table_search.evolution import evolution
from dnjpeg.table_search.journal import Journal
from dnjpeg.table_search.judging import Judge, Verdict
from dnjpeg.table_search.proxy import Proxy
from dnjpeg.table_search.sorted_random import sorted_random

__all__ = ["Journal", "Judge", "Proxy", "Verdict", "evolution", "sorted_random"]
