# SPDX-License-Identifier: Apache-2.0
"""The history as a table for spreadsheets: a row for each benchmark of each point."""

from __future__ import annotations

import csv
import io
import statistics
from typing import Sequence

from bench.tracking.history import Point

COLUMNS = (
    "commit",
    "committed",
    "subject",
    "measured",
    "machine",
    "build",
    "benchmark",
    "measure",
    "unit",
    "repetitions",
    "median",
    "smallest",
    "largest",
)


def render(points: Sequence[Point]) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for point in points:
        commit = point.commit
        start = (commit.hash, commit.time, commit.subject, point.measured)
        for key, values in point.values.items():
            figures = (len(values), statistics.median(values), min(values), max(values))
            what = (point.machine.id, point.build, key.benchmark, key.measure, key.unit)
            rows.writerow((*start, *what, *figures))
    return out.getvalue()
