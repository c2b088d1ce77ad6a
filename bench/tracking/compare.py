# SPDX-License-Identifier: Apache-2.0
"""Judges rounds in which two builds were measured in the order ABBA or BAAB.

A round's difference is the mean of B's two values less that of A's two, as logarithms: what drifts
steadily through a round cancels. Then, for each benchmark:

- a regression is a difference that luck does not explain, and of a size that is worth something;
- none is a difference of which we are sure that it is below what must be seen;
- everything else is too noisy to say.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import Mapping, Sequence

from bench.tracking import estimate, modes
from bench.tracking.google_benchmark import COUNTS, Key
from bench.tracking.verdicts import NotEnoughData, Verdict, worst

# What a process measured: its typical value of each benchmark.
Typical = Mapping[Key, float]


@dataclass(frozen=True)
class Round:
    """Two processes of each build."""

    a: tuple[Typical, Typical]
    b: tuple[Typical, Typical]


@dataclass(frozen=True)
class Rules:
    """Chances are of a whole comparison, however many benchmarks it has."""

    false_alarm: float = 0.005
    # Smaller differences are no regression, however sure: of times, and of counts.
    worth: float = 0.02
    worth_of_counts: float = 0.005
    # A regression of this size must be ruled out, and how surely, to say that there is none.
    must_see: float = 0.05
    confidence: float = 0.95
    fewest_rounds: int = 8


@dataclass(frozen=True)
class Row:
    """One benchmark. Change and its bounds are relative: 0.05 is 5 % slower."""

    key: Key
    before: float
    after: float
    change: float
    low: float
    high: float
    p: float
    verdict: Verdict
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    rows: tuple[Row, ...]
    rounds: int
    # Benchmarks of B alone; nobody can say anything about them yet.
    new: tuple[Key, ...] = ()
    # Benchmarks of A alone: a regression could hide by removing its benchmark.
    gone: tuple[Key, ...] = ()
    gone_is_fine: bool = False

    @property
    def verdict(self) -> Verdict:
        verdicts = [row.verdict for row in self.rows]
        if self.gone and not self.gone_is_fine:
            verdicts.append(Verdict.NOT_ENOUGH_DATA)
        return worst(verdicts)


def _log(value: float) -> float:
    """Counts can be 0: then one is as far from it as two is from one."""
    return math.log(value) if value > 0 else -math.log(2)


def _difference(key: Key, one: Round) -> float:
    theirs, ours = (sum(_log(values[key]) for values in side) / 2 for side in (one.a, one.b))
    return ours - theirs


def _everywhere(processes: Sequence[Typical]) -> set[Key]:
    """The benchmarks that every process has; those that only some have are an error."""
    everywhere = set(processes[0]).intersection(*processes[1:])
    for key in set(processes[0]).union(*processes[1:]) - everywhere:
        raise NotEnoughData(f"{key.benchmark}: {key.measure} is missing from some processes")
    return everywhere


def _require_rounds(rounds: int, benchmarks: int, rules: Rules) -> None:
    """NotEnoughData where not even rounds that all agree could prove anything."""
    least = max(rules.fewest_rounds, math.ceil(math.log2(benchmarks / rules.false_alarm)))
    if rounds < least:
        said = f"{benchmarks} benchmarks need {least} rounds to be judged"
        raise NotEnoughData(f"{said}, and there are {rounds}")


def _verdict(key: Key, found: estimate.Estimate, p: float, rules: Rules) -> Verdict:
    worth = rules.worth_of_counts if key.measure in COUNTS else rules.worth
    if p <= rules.false_alarm and math.expm1(found.shift) >= worth:
        return Verdict.REGRESSION
    return Verdict.NONE if math.expm1(found.high) < rules.must_see else Verdict.TOO_NOISY


def judge(
    rounds: Sequence[Round], rules: Rules = Rules(), gone_is_fine: bool = False
) -> Comparison:
    """NotEnoughData where no verdict is possible."""
    _require_rounds(len(rounds), 1, rules)
    a = [values for one in rounds for values in one.a]
    b = [values for one in rounds for values in one.b]
    before, after = _everywhere(a), _everywhere(b)
    keys = sorted(before & after)
    if not keys:
        raise NotEnoughData("the two builds have no benchmark in common")
    _require_rounds(len(rounds), len(keys), rules)
    estimates = [
        estimate.signed_ranks([_difference(key, one) for one in rounds], rules.confidence)
        for key in keys
    ]
    rows = []
    for key, found, p in zip(keys, estimates, estimate.holm([e.p for e in estimates])):
        sides = [[values[key] for values in side] for side in (a, b)]
        change, low, high = (math.expm1(x) for x in (found.shift, found.low, found.high))
        named = zip("AB", map(modes.find, sides))
        notes = tuple(f"{side} has {two}" for side, two in named if two)
        middle_a, middle_b = (statistics.median(side) for side in sides)
        verdict = _verdict(key, found, p, rules)
        rows.append(Row(key, middle_a, middle_b, change, low, high, p, verdict, notes))
    new, gone = tuple(sorted(after - before)), tuple(sorted(before - after))
    return Comparison(tuple(rows), len(rounds), new, gone, gone_is_fine)
