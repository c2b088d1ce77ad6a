# SPDX-License-Identifier: Apache-2.0
"""From change points to alerts: one for each shift, however many benchmarks it moved."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, replace
from typing import Sequence

import numpy as np

from bench.tracking import change_points, modes
from bench.tracking.acknowledged import Acknowledged
from bench.tracking.google_benchmark import COUNTS, Key
from bench.tracking.history import Commit, Sample, Series
from bench.tracking.verdicts import Verdict, worst

# How far from the commit that did it a change point may lie: the next points can move it so far.
NEAR = 2


@dataclass(frozen=True)
class Rules:
    settings: change_points.Settings = change_points.Settings()
    # Of fewer commits, not even a shift without any noise would be beyond luck.
    fewest: int = 16
    worth: float = 0.03
    worth_of_counts: float = 0.005
    # Where single points scatter this much, shifts that matter stay unseen.
    noisiest: float = 0.10


@dataclass(frozen=True)
class Shift:
    """One benchmark's. `position` is that of the first sample after it."""

    key: Key
    position: int
    commit: Commit
    before: float
    after: float
    # The commits near it, which it may belong to as well.
    near: tuple[str, ...]
    # Every commit near it measured one and the same program: so it was not the code.
    same_program: bool
    acknowledged: str = ""

    @property
    def change(self) -> float:
        return self.after / self.before - 1 if self.before else math.inf

    @property
    def direction(self) -> str:
        return "slower" if self.after > self.before else "faster"


@dataclass(frozen=True)
class Alert:
    """The shifts of one direction at one commit."""

    commit: Commit
    direction: str
    shifts: tuple[Shift, ...]

    @property
    def acknowledged(self) -> str:
        """The reasons, if every shift has one."""
        reasons = [shift.acknowledged for shift in self.shifts]
        return "; ".join(dict.fromkeys(reasons)) if all(reasons) else ""

    @property
    def same_program(self) -> bool:
        return all(shift.same_program for shift in self.shifts)

    @property
    def verdict(self) -> Verdict:
        if self.acknowledged or self.direction == "faster":
            return Verdict.NONE
        return Verdict.TOO_NOISY if self.same_program else Verdict.REGRESSION


@dataclass(frozen=True)
class Analysed:
    """One series with what was found in it."""

    series: Series
    shifts: tuple[Shift, ...]
    # The scatter around the segments' medians, relative.
    noise: float
    verdict: Verdict
    notes: tuple[str, ...]

    @property
    def segments(self) -> list[tuple[int, int]]:
        """Beginning and end of what lies between the shifts."""
        return _segments(len(self.series.samples), [shift.position for shift in self.shifts])


def _segments(count: int, cuts: Sequence[int]) -> list[tuple[int, int]]:
    edges = [0, *cuts, count]
    return list(zip(edges, edges[1:]))


def _middles(samples: Sequence[Sample]) -> list[float]:
    return [sample.middle for sample in samples]


def _levels(middles: Sequence[float], cuts: Sequence[int]) -> list[float]:
    """The median of each segment."""
    return [statistics.median(middles[a:b]) for a, b in _segments(len(middles), cuts)]


def _same_program(samples: Sequence[Sample]) -> bool:
    programs: frozenset[str] = frozenset().union(*(sample.programs for sample in samples))
    return len(programs) == 1 and "" not in programs


def _kept(middles: Sequence[float], cuts: Sequence[int], worth: float) -> list[int]:
    """Without the cuts between segments that hardly differ: the smallest goes first."""
    kept = list(cuts)
    while kept:
        levels = _levels(middles, kept)
        sizes = [abs(b / a - 1) if a else float(b != a) for a, b in zip(levels, levels[1:])]
        smallest = min(range(len(sizes)), key=lambda index: sizes[index])
        if sizes[smallest] >= worth:
            break
        del kept[smallest]
    return kept


def _shifts(series: Series, cuts: Sequence[int]) -> list[Shift]:
    samples = series.samples
    levels = _levels(_middles(samples), cuts)
    return [
        Shift(
            key=series.key,
            position=cut,
            commit=samples[cut].commit,
            before=before,
            after=after,
            near=tuple(s.commit.hash for s in samples[max(0, cut - NEAR) : cut + NEAR + 1]),
            same_program=_same_program(samples[max(0, cut - NEAR - 1) : cut + NEAR + 1]),
        )
        for cut, before, after in zip(cuts, levels, levels[1:])
    ]


def _noise(middles: Sequence[float], cuts: Sequence[int]) -> float:
    """The scatter of a bell as wide, from the median of what points are off their level."""
    off: list[float] = []
    levels = _levels(middles, cuts)
    for (start, end), level in zip(_segments(len(middles), cuts), levels):
        off += [abs(value / level - 1) for value in middles[start:end] if level]
    return 1.4826 * statistics.median(off) if off else 0.0


def _quietened(shift: Shift, known: Sequence[Acknowledged]) -> Shift:
    fitting = (e for e in known if e.fits(shift.near, shift.key.benchmark, shift.direction))
    return replace(shift, acknowledged=next((entry.reason for entry in fitting), ""))


def analyse(series: Series, known: Sequence[Acknowledged], rules: Rules = Rules()) -> Analysed:
    """Finds the shifts of one series."""
    middles = _middles(series.samples)
    if len(middles) < rules.fewest:
        said = f"{len(middles)} commits, and {rules.fewest} are the least"
        return Analysed(series, (), 0.0, Verdict.NOT_ENOUGH_DATA, (said,))
    counts = series.key.measure in COUNTS
    # Of logarithms a shift is as large at every level; counts can be 0.
    logs = np.log(np.maximum(middles, 0.5 if counts else 1e-12))
    worth = rules.worth_of_counts if counts else rules.worth
    cuts = _kept(middles, change_points.find([*map(float, logs)], rules.settings), worth)
    shifts = tuple(_quietened(shift, known) for shift in _shifts(series, cuts))
    noise = _noise(middles, cuts)
    newest = series.samples[cuts[-1] if cuts else 0 :]
    two = modes.find([value for sample in newest for value in sample.values])
    notes = [str(two)] if two else []
    verdict = Verdict.NONE
    if noise > rules.noisiest:
        verdict = Verdict.TOO_NOISY
        notes.append(f"too noisy: points scatter by {noise:.0%}")
    return Analysed(series, shifts, noise, verdict, tuple(notes))


def group(analysed: Sequence[Analysed], commits: Sequence[Commit]) -> list[Alert]:
    """Shifts of one direction near each other are one alert, at the commit that most name."""
    order = {commit.hash: position for position, commit in enumerate(commits)}
    alerts: list[Alert] = []
    for direction in ("slower", "faster"):
        shifts = [s for one in analysed for s in one.shifts if s.direction == direction]
        while shifts:
            votes = [shift.commit.hash for shift in shifts]
            # Of those with most votes, the earliest.
            chosen = max(votes, key=lambda one: (votes.count(one), -order[one]))
            taken = [s for s in shifts if abs(order[s.commit.hash] - order[chosen]) <= NEAR]
            shifts = [shift for shift in shifts if shift not in taken]
            alerts.append(Alert(commits[order[chosen]], direction, tuple(taken)))
    return sorted(alerts, key=lambda alert: (order[alert.commit.hash], alert.direction))


def verdict(analysed: Sequence[Analysed], alerts: Sequence[Alert]) -> Verdict:
    return worst([one.verdict for one in analysed] + [alert.verdict for alert in alerts])
