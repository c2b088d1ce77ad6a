#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the reference is to reach (targets.yaml), held against what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench import ratios

FILE = Path(__file__).with_name("targets.yaml")
_BOUNDS = ("at_most", "at_least")
_WORDS = frozenset({"id", "what", "benchmark", "quantity", "per", "in_the_way"})
_FIELDS = _WORDS | {*_BOUNDS, "if_floor_misses"}
_OPTIONAL = frozenset({"per", *_BOUNDS, "in_the_way", "if_floor_misses"})
_PER = ("against", "floor", "")
_NANOSECONDS_PER_MICROSECOND = 1e3


@dataclass(frozen=True)
class Target:
    """One aim: a bound of a benchmark's quantity."""

    id: str
    what: str
    benchmark: str
    # "time", or the name of a counter.
    quantity: str
    bound: float
    # "against" or "floor", whose share it is; "" for the quantity as it is, times in microseconds.
    per: str = ""
    is_least: bool = False
    # Why it is missed, where that is known.
    in_the_way: str = ""
    # Whether that holds only where the floor misses the aim as well.
    if_floor_misses: bool = False

    def allows(self, value: float) -> bool:
        """Whether a value reaches the aim."""
        return value >= self.bound if self.is_least else value <= self.bound

    @property
    def said(self) -> str:
        """The bound, as a person reads it."""
        return f"{'≥' if self.is_least else '≤'} {self.bound:,g}"


@dataclass(frozen=True)
class Values:
    """A quantity as the three roles have it; None where a role has none."""

    testee: float | None
    against: float | None
    floor: float | None


@dataclass(frozen=True)
class Outcome:
    """A target, what was measured for it, and the value that the bound is about."""

    target: Target
    values: Values
    value: float

    @property
    def said(self) -> str:
        """The value with what it is a share of."""
        per = {"against": " of liblxc's", "floor": " floors"}.get(self.target.per, "")
        return ratios.number(self.value) + per

    @property
    def is_reached(self) -> bool:
        return self.target.allows(self.value)

    @property
    def is_known(self) -> bool:
        """Whether it is reached, or known to be missed and why."""
        return self.is_reached or self.is_explained

    @property
    def is_explained(self) -> bool:
        """Whether what the target says to be in the way is there."""
        if not self.target.if_floor_misses:
            return bool(self.target.in_the_way)
        if not self.values.floor or not self.values.against:
            return False
        return not self.target.allows(self.values.floor / self.values.against)


def _target(value: Any) -> Target:
    if not isinstance(value, dict):
        raise ValueError("not a list of targets")
    wrong = sorted(value.keys() - _FIELDS) or sorted(_FIELDS - _OPTIONAL - value.keys())
    if wrong:
        raise ValueError(f"{value.get('id', 'a target')}: what about '{wrong[0]}'?")
    bounds = [name for name in _BOUNDS if name in value]
    if len(bounds) != 1:
        raise ValueError(f"{value['id']}: one of {' and '.join(_BOUNDS)}")
    words = {name: str(value.get(name, "")).strip() for name in _WORDS}
    (name,) = bounds
    target = Target(
        bound=float(value[name]),
        is_least=name == "at_least",
        if_floor_misses=value.get("if_floor_misses") is True,
        **words,
    )
    if target.per not in _PER:
        raise ValueError(f"{target.id}: per '{target.per}' is neither against nor floor")
    if target.if_floor_misses and (target.per != "against" or not target.in_the_way):
        raise ValueError(f"{target.id}: if_floor_misses is about an in_the_way of per: against")
    if target.bound <= 0:
        raise ValueError(f"{target.id}: {name} is above 0")
    return target


def parse(text: str) -> list[Target]:
    """Raises ValueError, which says of which target what is wrong."""
    values = yaml.safe_load(text)
    if not isinstance(values, list):
        raise ValueError("not a list of targets")
    return [_target(value) for value in values]


def load(file: Path = FILE) -> list[Target]:
    return parse(file.read_text(encoding="utf-8"))


def _values(reports: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Values]:
    """By benchmark and quantity; times in microseconds."""

    def micro(nanoseconds: float | None) -> float | None:
        return None if nanoseconds is None else nanoseconds / _NANOSECONDS_PER_MICROSECOND

    found = {}
    for report in reports:
        for row in ratios.ratios(report):
            times = (micro(row.testee), micro(row.against), micro(row.floor))
            found[row.name, "time"] = Values(*times)
        for count in ratios.counts(report):
            found[count.benchmark, count.counter] = Values(count.testee, count.against, count.floor)
    return found


def judge(targets: Sequence[Target], reports: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """Outcomes in the order of the targets. Raises NotComparable where one was not measured."""
    measured = _values(reports)
    outcomes = []
    for target in targets:
        values = measured.get((target.benchmark, target.quantity))
        if values is None or values.testee is None:
            raise ratios.NotComparable(f"{target.benchmark}: no {target.quantity} was measured")
        share = {"against": values.against, "floor": values.floor, "": 1.0}[target.per]
        if not share:
            raise ratios.NotComparable(f"{target.benchmark}: nothing to divide by: {target.per}")
        outcomes.append(Outcome(target, values, values.testee / share))
    return outcomes


def table(outcomes: Sequence[Outcome]) -> str:
    """Markdown: a row for each target, and then what stands in the way of those that are missed."""
    lines = [
        "| | what | reference | liblxc | floor | measured | aim | |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for outcome in outcomes:
        target, values = outcome.target, outcome.values
        cells = [
            target.id,
            target.what + (", µs" if target.quantity == "time" else ""),
            ratios.number(values.testee),
            ratios.number(values.against),
            ratios.number(values.floor),
            outcome.said,
            outcome.target.said,
            "reached" if outcome.is_reached else "**missed**",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    reasons = dict.fromkeys(
        f"- {outcome.target.id}, {outcome.target.what}: {outcome.target.in_the_way}"
        for outcome in outcomes
        if not outcome.is_reached and outcome.is_explained
    )
    if reasons:
        lines += ["", "What stands in the way of those that are missed:", "", *reasons]
    return "\n".join(lines) + "\n"


_DOCUMENT = """\
<!-- SPDX-License-Identifier: Apache-2.0 -->
# What the reference is to reach, and what was measured

Made by `./lxcspec bench targets --markdown bench/RESULTS.md`; the aims are those of `targets.yaml`.
Times are medians, in microseconds, of repetitions drawn at random in one run of each program, the
reference built with optimisation. `README.md` says what each benchmark does, and its floor.

"""


def document(outcomes: Sequence[Outcome], facts: Mapping[str, str]) -> str:
    """The table as a document, with what the figures are of."""
    about = "\n".join(f"- {name}: {fact}" for name, fact in facts.items())
    reached = sum(outcome.is_reached for outcome in outcomes)
    said = f"{reached} of {len(outcomes)} are reached."
    return f"{_DOCUMENT}{about}\n\n{said}\n\n{table(outcomes)}"
