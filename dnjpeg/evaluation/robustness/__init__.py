"""Attacks on classifiers and compression as a defence against them: what Feature Distillation is judged by.

`victim` is the network from 8-bit pixels on, `attacks` come from Foolbox, `defences` are transforms of 8-bit images
with a differentiable twin for the attacker who knows them, `accuracy` turns predictions into figures with intervals.
"""

from __future__ import annotations

from dnjpeg.evaluation.robustness.accuracy import accuracies
from dnjpeg.evaluation.robustness.attacks import ATTACKS, AttackSettings, attack
from dnjpeg.evaluation.robustness.defences import Defence, parse_defence
from dnjpeg.evaluation.robustness.victim import Victim, as_seen, victim_of

__all__ = [
    "ATTACKS",
    "AttackSettings",
    "Defence",
    "Victim",
    "accuracies",
    "as_seen",
    "attack",
    "parse_defence",
    "victim_of",
]
