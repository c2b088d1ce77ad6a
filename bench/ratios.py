#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Ratios out of one interleaved Google Benchmark run.

The machines are noisy, so no time stands alone: each row is a median of repetitions, divided by the
other implementation's or by the floor's of the same run.
"""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

ROLES = ("testee", "against", "floor")
# Roles that some programs have besides, and that no ratio is made of.
_OTHER_ROLES = ("call",)


def number(value: float | None) -> str:
    """Three digits, or all before the point; nothing for None."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


class NotComparable(Exception):
    """The run does not hold what a ratio is made of."""


@dataclass(frozen=True)
class Ratio:
    """One benchmark: medians in nanoseconds, None where the run has none of that role; what nine in
    ten of the testee's repetitions stay below; how many repetitions there are of each at least."""

    name: str
    testee: float
    against: float | None
    floor: float | None
    high: float
    repetitions: int

    @property
    def to_against(self) -> float | None:
        return self.testee / self.against if self.against else None

    @property
    def to_floor(self) -> float | None:
        return self.testee / self.floor if self.floor else None


@dataclass(frozen=True)
class Count:
    """A counter of a benchmark: medians, None where a role does not have it."""

    benchmark: str
    counter: str
    testee: float | None
    against: float | None
    floor: float | None


_NANOSECONDS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
_WAITED = ("/manual_time", "/real_time")
# What Google Benchmark itself says of a benchmark; the rest are its counters.
_FIELDS = frozenset(
    "name family_index per_family_instance_index run_name run_type repetitions repetition_index "
    "threads iterations real_time cpu_time time_unit bytes_per_second items_per_second "
    "label".split()
)
_TUNING = ("iterations:", "repeats:", "min_time:", "manual_time", "real_time")

Row = Mapping[str, Any]


def _rows(benchmarks: Iterable[Row]) -> Iterable[tuple[str, str, Row]]:
    """Benchmark and role of each repetition, errors refused."""
    for row in benchmarks:
        if row.get("run_type") == "aggregate":
            continue
        if row.get("error_occurred"):
            raise NotComparable(f"{row['name']}: {row.get('error_message', 'failed')}")
        words = str(row["run_name"]).split("/")
        kept = [word for word in words if not word.startswith(_TUNING)]
        if kept[-1] in _OTHER_ROLES:
            continue
        if kept[-1] not in ROLES:
            raise NotComparable(f"{row['run_name']}: does not end in one of {', '.join(ROLES)}")
        yield "/".join(kept[:-1]), kept[-1], row


def _time(row: Row) -> float:
    """In nanoseconds: CPU time, but for what was measured by the clock on the wall."""
    waited = str(row["run_name"]).endswith(_WAITED)
    return float(row["real_time" if waited else "cpu_time"]) * _NANOSECONDS[row["time_unit"]]


def _high(times: list[float]) -> float:
    return statistics.quantiles(times, n=10, method="inclusive")[-1] if len(times) > 1 else times[0]


def _place(row: Row) -> tuple[int, int]:
    """Where the program has registered it: repetitions drawn at random come in any order."""
    return int(row.get("family_index", 0)), int(row.get("per_family_instance_index", 0))


def ratios(report: Mapping[str, Any]) -> list[Ratio]:
    """The ratios of a report in Google Benchmark's JSON format, in the program's order. None of
    what was only counted, whose time is 0."""
    times: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for name, role, row in sorted(
        _rows(report.get("benchmarks", [])), key=lambda it: _place(it[2])
    ):
        times[name][role].append(_time(row))
    rows = []
    for name, by_role in times.items():
        if "testee" not in by_role:
            raise NotComparable(f"{name}: the run has no testee")
        if not any(by_role["testee"]):
            continue
        testee, against, floor = (
            statistics.median(by_role[role]) if role in by_role else None for role in ROLES
        )
        assert testee is not None
        least = min(map(len, by_role.values()))
        rows.append(Ratio(name, testee, against, floor, _high(by_role["testee"]), least))
    if not times:
        raise NotComparable("the run measured nothing")
    return rows


def counts(report: Mapping[str, Any]) -> list[Count]:
    """The counters of a report."""
    found: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for name, role, row in _rows(report.get("benchmarks", [])):
        for counter in row.keys() - _FIELDS:
            found[name, counter][role].append(float(row[counter]))
    return [
        Count(
            name, counter, *(statistics.median(by[role]) if role in by else None for role in ROLES)
        )
        for (name, counter), by in sorted(found.items())
    ]
