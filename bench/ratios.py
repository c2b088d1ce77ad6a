#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Ratios out of one interleaved Google Benchmark run.

The machines are noisy, so no time stands alone: each row is a median of repetitions, divided by the
other implementation's and by the floor's of the same run.
"""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

ROLES = ("testee", "against", "floor")


class NotComparable(Exception):
    """The run does not hold what a ratio is made of."""


@dataclass(frozen=True)
class Ratio:
    """One benchmark: medians in nanoseconds of CPU time, and how many repetitions each is of."""

    name: str
    testee: float
    against: float
    floor: float
    repetitions: int

    @property
    def to_against(self) -> float:
        return self.testee / self.against

    @property
    def to_floor(self) -> float:
        return self.testee / self.floor


_NANOSECONDS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def _times(benchmarks: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, list[float]]]:
    """CPU times by benchmark and role, errors refused."""
    times: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in benchmarks:
        if row.get("run_type") == "aggregate":
            continue
        if row.get("error_occurred"):
            raise NotComparable(f"{row['name']}: {row.get('error_message', 'failed')}")
        name, _, role = str(row["run_name"]).rpartition("/")
        if role not in ROLES:
            raise NotComparable(f"{row['run_name']}: does not end in one of {', '.join(ROLES)}")
        times[name][role].append(float(row["cpu_time"]) * _NANOSECONDS[row["time_unit"]])
    return times


def ratios(report: Mapping[str, Any]) -> list[Ratio]:
    """The ratios of a report in Google Benchmark's JSON format, in its order."""
    rows = []
    for name, by_role in _times(report.get("benchmarks", [])).items():
        missing = [role for role in ROLES if role not in by_role]
        if missing:
            raise NotComparable(f"{name}: the run has no {' and no '.join(missing)}")
        medians = {role: statistics.median(by_role[role]) for role in ROLES}
        rows.append(Ratio(name, **medians, repetitions=min(map(len, by_role.values()))))
    if not rows:
        raise NotComparable("the run measured nothing")
    return rows
