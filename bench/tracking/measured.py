# SPDX-License-Identifier: Apache-2.0
"""Makes points of commits' programs."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Sequence

from bench.tracking import fingerprint
from bench.tracking.history import Commit, Point
from bench.tracking.program import Effort, Program, measure


@dataclass(frozen=True)
class Built:
    commit: Commit
    program: Program


def turns(built: Sequence[Built], starts: int, draw: random.Random) -> list[Built]:
    """Every program once in each turn, in an order drawn for it: what the machine does in the
    meantime falls on all commits alike."""
    found: list[Built] = []
    for _ in range(starts):
        found += draw.sample(list(built), len(built))
    return found


def point(one: Built, effort: Effort, build: str, now: str) -> Point:
    """Runs the program once."""
    report = measure(one.program, effort, random.Random())
    return Point(
        commit=one.commit,
        measured=now,
        machine=fingerprint.of_this_machine(),
        program=one.program.digest(),
        build=build,
        counts_by=report.counts_by,
        values=report.values,
    )
