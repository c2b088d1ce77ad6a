# SPDX-License-Identifier: Apache-2.0
"""Measures two builds in the order ABBA or BAAB, drawn anew for each round, each in new processes.

Every round is appended to a file as soon as it is done: an interrupt loses one round at most, and
the file can be continued and judged again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Mapping

from bench.tracking import fingerprint, google_benchmark, journal
from bench.tracking.compare import Typical, Round
from bench.tracking.google_benchmark import Key
from bench.tracking.program import Effort, Program, measure
from bench.tracking.verdicts import NotComparable

SCHEMA = 1
ORDERS = ("ABBA", "BAAB")


def orders(rounds: int, seed: int) -> list[str]:
    """The order of each round; more rounds of the same seed begin with the same ones."""
    draw = random.Random(seed)
    return [draw.choice(ORDERS) for _ in range(rounds)]


@dataclass(frozen=True)
class Head:
    """What a file of rounds is about: its first line."""

    machine: fingerprint.Fingerprint
    labels: tuple[str, str]
    digests: tuple[str, str]
    effort: Effort
    seed: int

    def as_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "kind": "rounds",
            "machine": self.machine.as_json(),
            "labels": list(self.labels),
            "digests": list(self.digests),
            **vars(self.effort),
            "seed": self.seed,
        }


def effort_from(value: Mapping[str, Any]) -> Effort:
    count = bool(value.get("count", False))
    return Effort(str(value["filter"]), int(value["repetitions"]), float(value["seconds"]), count)


def _head_from(value: Mapping[str, Any]) -> Head:
    if value.get("schema") != SCHEMA or value.get("kind") != "rounds":
        raise ValueError(f"not the head of a file of rounds of schema {SCHEMA}")
    one, other = value["labels"]
    first, second = value["digests"]
    machine = fingerprint.from_json(value["machine"])
    return Head(machine, (one, other), (first, second), effort_from(value), int(value["seed"]))


def typical_as_json(typical: Typical) -> list[list[Any]]:
    return [[key.benchmark, key.measure, float(f"{value:.6g}")] for key, value in typical.items()]


def typical_from(rows: Any) -> dict[Key, float]:
    return {Key(str(name), str(measure)): float(value) for name, measure, value in rows}


def load(path: Path) -> tuple[Head, list[Round]]:
    """Broken, with the line's number, where a line is not what it must be."""
    head: Head | None = None
    rounds: list[Round] = []
    for number, value in journal.read(path):
        try:
            if head is None:
                head = _head_from(value)
            else:
                a, b = ([typical_from(rows) for rows in value[side]] for side in "ab")
                rounds.append(Round((a[0], a[1]), (b[0], b[1])))
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise journal.Broken(f"{path}:{number}: no round: {error!r}") from error
    if head is None:
        raise journal.Broken(f"{path}: empty")
    return head, rounds


def one_round(order: str, run: Callable[[str], google_benchmark.Report]) -> Round:
    """Runs A and B in this order."""
    reports: dict[str, list[google_benchmark.Report]] = {"A": [], "B": []}
    for side in order:
        reports[side].append(run(side))
    google_benchmark.require_same_build(reports["A"] + reports["B"])
    a, b = ([report.typical() for report in reports[side]] for side in "AB")
    return Round((a[0], a[1]), (b[0], b[1]))


def _begun(path: Path, fresh: Head) -> tuple[Head, list[Round]]:
    """The file's head and rounds; a new file gets the head given."""
    if not path.exists():
        journal.append(path, [fresh.as_json()])
        return fresh, []
    head, done = load(path)
    fingerprint.require_alike(head.machine, fresh.machine, f"{path} and this run")
    if head.digests != fresh.digests or head.effort != fresh.effort:
        raise NotComparable(f"{path} is of other programs, or of other options")
    return head, done


def run(
    path: Path,
    programs: tuple[Program, Program],
    effort: Effort,
    rounds: int,
    seed: int,
    told: Callable[[int], None],
) -> tuple[Head, list[Round]]:
    """Continues the file, or begins it, until it has so many rounds."""
    machine = fingerprint.of_this_machine()
    a, b = programs
    fresh = Head(machine, (a.label, b.label), (a.digest(), b.digest()), effort, seed)
    head, done = _begun(path, fresh)
    by_side = {"A": a, "B": b}
    draw = random.Random()
    for number, order in enumerate(orders(rounds, head.seed)[len(done) :], len(done)):
        told(number)
        found = one_round(order, lambda side: measure(by_side[side], effort, draw))
        sides = {"a": found.a, "b": found.b}
        said = {side: [typical_as_json(m) for m in pair] for side, pair in sides.items()}
        journal.append(path, [{"round": number, "order": order, **said}])
        done.append(found)
    fingerprint.require_alike(machine, fingerprint.of_this_machine(), "the run's start and end")
    return head, done
