# SPDX-License-Identifier: Apache-2.0
"""Points of the history: what one process of one commit measured. A line of JSON each."""

from __future__ import annotations

import itertools
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Sequence

from bench.tracking import fingerprint, journal
from bench.tracking.fingerprint import Fingerprint
from bench.tracking.google_benchmark import Key, Values, typical
from bench.tracking.verdicts import NotComparable, NotEnoughData

SCHEMA = 1


@dataclass(frozen=True)
class Commit:
    """`time` is when it was committed, ISO 8601 in UTC, and orders the history."""

    hash: str
    subject: str
    time: str

    def __str__(self) -> str:
        return f"{self.hash[:10]} {self.subject}"


@dataclass(frozen=True)
class Point:
    commit: Commit
    # When it was measured, ISO 8601 in UTC.
    measured: str
    machine: Fingerprint
    # The program's SHA-256, or "" of an imported report.
    program: str
    # How it was built, as far as that makes figures unlike.
    build: str
    # What counted, where something was counted: perf or callgrind.
    counts_by: str
    values: Values

    def as_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "kind": "point",
            "commit": vars(self.commit),
            "measured": self.measured,
            "machine": self.machine.as_json(),
            "program": self.program,
            "build": self.build,
            "counts_by": self.counts_by,
            "values": [
                [key.benchmark, key.measure, [float(f"{value:.6g}") for value in values]]
                for key, values in self.values.items()
            ],
        }


def _values_from(rows: Any) -> dict[Key, tuple[float, ...]]:
    found = {Key(str(b), str(m)): tuple(float(v) for v in values) for b, m, values in rows}
    if not found or not all(found.values()):
        raise ValueError("a point without values")
    return found


def from_json(value: Mapping[str, Any]) -> Point:
    """ValueError, KeyError or TypeError where it is no point."""
    if value.get("kind") != "point":
        raise ValueError("not a point of a history")
    if value.get("schema") != SCHEMA:
        raise ValueError(f"schema {value.get('schema')!r}, and this reads {SCHEMA}")
    commit = value["commit"]
    texts = {name: str(value[name]) for name in ("measured", "program", "build", "counts_by")}
    return Point(
        commit=Commit(str(commit["hash"]), str(commit["subject"]), str(commit["time"])),
        machine=fingerprint.from_json(value["machine"]),
        values=_values_from(value["values"]),
        **texts,
    )


def load(path: Path) -> list[Point]:
    """In the file's order; Broken names the line that is no point."""
    points = []
    for number, value in journal.read(path):
        try:
            points.append(from_json(value))
        except (KeyError, TypeError, ValueError) as error:
            raise journal.Broken(f"{path}:{number}: {error}") from error
    return points


def require_machine(known: Sequence[Point], machine: Fingerprint, new_machine: bool) -> None:
    """NotComparable where the history goes on elsewhere, unless that is wanted."""
    if known and not new_machine:
        try:
            fingerprint.require_alike(known[-1].machine, machine, "the history and this run")
        except NotComparable as error:
            raise NotComparable(f"{error}\n--new-machine begins a series of its own") from error


def add(path: Path, points: Sequence[Point], new_machine: bool) -> None:
    """Appends. NotComparable names what makes the machine unlike the newest point's."""
    known = load(path) if path.exists() else []
    for point in points:
        require_machine(known, point.machine, new_machine)
    journal.append(path, [point.as_json() for point in points])


@dataclass(frozen=True)
class Sample:
    """What all points of one commit say of one benchmark: a typical value of each process, and
    every repetition."""

    commit: Commit
    processes: tuple[float, ...]
    values: tuple[float, ...]
    programs: frozenset[str]

    @property
    def middle(self) -> float:
        return statistics.median(self.processes)


@dataclass(frozen=True)
class Series:
    """One benchmark through the commits, on one machine."""

    key: Key
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Chosen:
    """The points of one machine and build, and what was left out for being unlike them."""

    machine: Fingerprint
    build: str
    points: tuple[Point, ...]
    left_out: tuple[str, ...] = ()

    @property
    def commits(self) -> list[Commit]:
        by_hash = {point.commit.hash: point.commit for point in self.points}
        return sorted(by_hash.values(), key=lambda commit: commit.time)


def _unlike(point: Point, newest: Point) -> str:
    """Why a point is not in the series of the newest one; "" if it is."""
    why = fingerprint.differences(point.machine, newest.machine)
    if point.build != newest.build:
        why.append(f"build: '{point.build}' and '{newest.build}'")
    if point.counts_by != newest.counts_by:
        why.append(f"counts by: '{point.counts_by}' and '{newest.counts_by}'")
    return f"machine {point.machine.id}: {'; '.join(why)}" if why else ""


def choose(points: Sequence[Point], machine: str = "") -> Chosen:
    """The points like the newest one, or like the newest one of the machine given."""
    if not points:
        raise NotEnoughData("the history is empty")
    of_it = [point for point in points if machine in ("", point.machine.id)]
    if not of_it:
        known = ", ".join(sorted({point.machine.id for point in points}))
        raise NotComparable(f"no point is of a machine {machine}; there are {known}")
    alike: list[Point] = []
    unlike: dict[str, int] = {}
    for point in points:
        why = _unlike(point, of_it[-1])
        if why:
            unlike[why] = unlike.get(why, 0) + 1
        else:
            alike.append(point)
    left_out = tuple(f"{count} points of {why}" for why, count in unlike.items())
    return Chosen(of_it[-1].machine, of_it[-1].build, tuple(alike), left_out)


def series_of(chosen: Chosen) -> list[Series]:
    """By commit time; the points of one commit are one sample."""
    measured: dict[Key, dict[str, list[tuple[float, ...]]]] = {}
    programs: dict[str, set[str]] = {}
    for point in chosen.points:
        programs.setdefault(point.commit.hash, set()).add(point.program)
        for key, values in point.values.items():
            measured.setdefault(key, {}).setdefault(point.commit.hash, []).append(values)
    found = []
    for key in sorted(measured):
        samples = tuple(
            Sample(
                commit,
                tuple(map(typical, measured[key][commit.hash])),
                tuple(itertools.chain(*measured[key][commit.hash])),
                frozenset(programs[commit.hash]),
            )
            for commit in chosen.commits
            if commit.hash in measured[key]
        )
        found.append(Series(key, samples))
    return found
