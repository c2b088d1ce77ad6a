# SPDX-License-Identifier: Apache-2.0
"""Google Benchmark's JSON, and what of it is compared.

The best measure that a report holds is taken. Where a benchmark runs beside its floor (names that
end in /testee and /floor), that is the ratio of the two, because it cancels what the machine did
meanwhile. Counts that the benchmark reports as counters are taken as well. Instructions that were
counted for what is too short for times stand in their place. A time alone is the last resort.
Of a process's repetitions the lower quartile stands for all, because a busy machine only
ever makes them longer.
"""

from __future__ import annotations

import json
import os
import statistics
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Sequence

from bench.tracking.instructions import TOO_SHORT_FOR_TIMES
from bench.tracking.verdicts import NotComparable, NotEnoughData, TooNoisy

RATIO = "ratio to floor"
# Counters of these names count something, and less is better.
COUNTS = ("instructions", "cycles", "syscalls", "copies")
UNITS = {RATIO: "x floor", "cpu time": "ns", "real time": "ns"}
_NANOSECONDS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
_ROLES = ("testee", "against", "floor")
# Set by counted(): the row's time is left out.
_IS_TOO_SHORT = "is_too_short_for_times"


class Key(NamedTuple):
    """What is compared with itself."""

    benchmark: str
    measure: str

    @property
    def unit(self) -> str:
        return UNITS.get(self.measure, self.measure)


class Disturbed(TooNoisy):
    """The process was held up so long that a benchmark hardly ran. Another one may do better."""


Values = Mapping[Key, tuple[float, ...]]


def typical(values: Sequence[float]) -> float:
    """The lower quartile."""
    return statistics.quantiles(values, n=4, method="inclusive")[0] if values[1:] else values[0]


@dataclass(frozen=True)
class Report:
    """What one process measured: a value for each repetition."""

    values: Values
    host: str
    # What counted: the context's counts_by, which is perf or callgrind.
    counts_by: str
    # How Google Benchmark itself was built.
    library: str

    def typical(self) -> dict[Key, float]:
        return {key: typical(values) for key, values in self.values.items()}


def _split(name: str) -> tuple[str, str]:
    """Base and role. What Google Benchmark adds behind the role stays with the base."""
    pieces = name.split("/")
    for position in range(len(pieces) - 1, 0, -1):
        if pieces[position] in _ROLES:
            return "/".join(pieces[:position] + pieces[position + 1 :]), pieces[position]
    return name, ""


def _time_of(row: Mapping[str, Any], base: str) -> tuple[str, float]:
    real = base.endswith(("/real_time", "/manual_time"))
    measure, field = ("real time", "real_time") if real else ("cpu time", "cpu_time")
    return measure, float(row[field]) * _NANOSECONDS[row["time_unit"]]


Collected = dict[str, dict[str, dict[str, list[float]]]]


def _collect(rows: Iterable[Mapping[str, Any]]) -> Collected:
    """Values by base, role and measure."""
    found: Collected = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for row in rows:
        if row.get("run_type") == "aggregate":
            continue
        name = str(row.get("run_name", row["name"]))
        if row.get("error_occurred"):
            raise NotEnoughData(f"{name}: {row.get('error_message', 'failed')}")
        base, role = _split(name)
        counts = [count for count in COUNTS if count in row]
        measure, value = _time_of(row, base)
        # What is only counted tells a time of 0.
        if not row.get(_IS_TOO_SHORT) and (value != 0 or not counts):
            found[base][role][measure].append(value)
        for count in counts:
            found[base][role][count].append(float(row[count]))
    return found


def _require_sane(key: Key, samples: Sequence[float]) -> None:
    """Counts may be 0 and times may not; neither is ever negative, infinite or no number."""
    least_allowed = 0.0 if key.measure in COUNTS else 1e-12
    wrong = [sample for sample in samples if not least_allowed <= sample < float("inf")]
    if wrong:
        raise NotEnoughData(f"{key.benchmark}: a {key.measure} of {wrong[0]}")


def _values(found: Collected) -> dict[Key, tuple[float, ...]]:
    values: dict[Key, tuple[float, ...]] = {}
    for base, roles in found.items():
        own = roles.get("testee") or roles.get("")
        if own is None:
            raise NotEnoughData(f"{base}: the report has no testee")
        for measure, samples in own.items():
            floor = roles["floor"].get(measure, []) if "floor" in roles else []
            key, divisor = Key(base, measure), 1.0
            if measure not in COUNTS and floor:
                _require_sane(Key(f"{base}/floor", measure), floor)
                key, divisor = Key(base, RATIO), typical(floor)
            values[key] = tuple(sample / divisor for sample in samples)
            _require_sane(key, values[key])
    return values


# Google Benchmark runs a benchmark for as long as it was told, at least nearly; unless the first
# few iterations took that long because the machine did something else.
_NEARLY = 0.25


def _require_measured(rows: Iterable[Mapping[str, Any]], least_seconds: float) -> None:
    for row in rows:
        if row.get("run_type") != "aggregate" and least_seconds > 0:
            _, each = _time_of(row, str(row["name"]))
            if each * float(row["iterations"]) < _NEARLY * least_seconds * 1e9:
                raise Disturbed(f"{row['name']}: was measured for {row['iterations']} iterations")


def parse(text: str, name: str, least_seconds: float = 0) -> Report:
    """The report in `text`; `name` is for errors. Disturbed where a benchmark ran for much less
    than `least_seconds`."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise NotEnoughData(f"{name}: no whole JSON document: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("benchmarks"), list):
        raise NotEnoughData(f"{name}: not a report of Google Benchmark: it has no 'benchmarks'")
    context = document.get("context", {})
    try:
        values = _values(_collect(document["benchmarks"]))
        _require_measured(document["benchmarks"], least_seconds)
        texts = [
            str(context.get(key, "")) for key in ("host_name", "counts_by", "library_build_type")
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NotEnoughData(f"{name}: not a report of Google Benchmark: {error!r}") from error
    if not values:
        raise NotEnoughData(f"{name}: holds no repetitions (aggregates alone are not enough)")
    return Report(values, *texts)


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotEnoughData(f"{path}: {error}") from error


def load(path: Path, least_seconds: float = 0) -> Report:
    return parse(text_of(path), str(path), least_seconds)


def counted(text: str, count: Callable[[str], tuple[str, float]]) -> str:
    """The report with the instructions of those of its own benchmarks that are too short for times.
    `count` says of a benchmark's name who counted, and how many."""
    try:
        document = json.loads(text)
        for row in document["benchmarks"]:
            name = str(row.get("run_name", row["name"]))
            base, role = _split(name)
            if row.get("run_type") == "aggregate" or role in ("against", "floor"):
                continue
            if _time_of(row, base)[1] < TOO_SHORT_FOR_TIMES:
                by, row["instructions"] = count(name)
                row[_IS_TOO_SHORT] = True
                document.setdefault("context", {})["counts_by"] = by
    except (AttributeError, KeyError, TypeError, ValueError):
        # Whoever parses it says what is wrong with it.
        return text
    return json.dumps(document)


def require_same_build(reports: Sequence[Report]) -> None:
    """NotComparable where Google Benchmark was built differently, or something else counted."""
    for what in ("library", "counts_by", "host"):
        seen = sorted({str(getattr(report, what)) for report in reports})
        if len(seen) > 1:
            raise NotComparable(f"the reports differ in {what}: {' and '.join(map(repr, seen))}")


def require_host(reports: Sequence[Report]) -> None:
    """A report of another machine must not get this one's fingerprint."""
    here = os.uname().nodename
    for report in reports:
        if report.host != here:
            raise NotComparable(f"the report was made on '{report.host}', and this is '{here}'")
