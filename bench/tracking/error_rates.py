# SPDX-License-Identifier: Apache-2.0
"""How often a comparison is wrong, found out with processes that were really measured.

The data is what one program measured, process after process, on a machine with other work. A
comparison takes a stretch of it as it was, so that drifts and bursts stay in, and draws in each
round which processes are A's. Whatever it finds then is wrong. With the values of one benchmark
multiplied in all of B's processes, whatever it does not find is wrong.
"""

from __future__ import annotations

import dataclasses
import json
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Sequence

from bench.tracking import abba, fingerprint, journal, program
from bench.tracking.compare import Typical, Round, judge
from bench.tracking.google_benchmark import Key
from bench.tracking.verdicts import NotEnoughData, Verdict

SCHEMA = 1
DATA = Path(__file__).with_name("results") / "processes.jsonl"
_SEED = 1
_PER_ROUND = 4
# What is injected, and what the rates must be.
INJECTED = 1.05
MOST_FALSE_ALARMS = 0.01
FEWEST_FOUND = 0.95


@dataclass(frozen=True)
class Data:
    """Each process's typical, in the order in which they ran."""

    machine: fingerprint.Fingerprint
    label: str
    date: str
    processes: tuple[Typical, ...]


def measure(path: Path, measured: program.Program, effort: program.Effort, now: str) -> None:
    """Appends one process."""
    if not path.exists():
        head = {
            "schema": SCHEMA,
            "kind": "processes",
            "machine": fingerprint.of_this_machine().as_json(),
            "label": measured.label,
            "digest": measured.digest(),
            "date": now,
            **vars(effort),
        }
        journal.append(path, [head])
    report = program.measure(measured, effort, random.Random())
    journal.append(path, [{"values": abba.typical_as_json(report.typical())}])


def load(path: Path) -> Data:
    """Broken, with the line's number, where a line is not what it must be."""
    machine, label, date = None, "", ""
    processes: list[Typical] = []
    for number, value in journal.read(path):
        try:
            if machine is None:
                if value["kind"] != "processes" or value["schema"] != SCHEMA:
                    raise ValueError(f"not the head of measured processes of schema {SCHEMA}")
                machine = fingerprint.from_json(value["machine"])
                label, date = str(value["label"]), str(value["date"])
            else:
                processes.append(abba.typical_from(value["values"]))
        except (KeyError, TypeError, ValueError) as error:
            raise journal.Broken(f"{path}:{number}: {error!r}") from error
    if machine is None:
        raise journal.Broken(f"{path}: empty")
    return Data(machine, label, date, tuple(processes))


def only(data: Data, pattern: str) -> Data:
    """With the benchmarks alone whose names have the pattern in them."""
    kept = tuple(
        {key: value for key, value in typical.items() if re.search(pattern, key.benchmark)}
        for typical in data.processes
    )
    if not all(kept):
        raise NotEnoughData(f"no benchmark of the data fits '{pattern}'")
    return dataclasses.replace(data, processes=kept)


def _slowed(typical: Typical, key: Key) -> Typical:
    return {**typical, key: typical[key] * INJECTED}


def drawn(
    processes: Sequence[Typical], rounds: int, draw: random.Random, slowed: Key | None
) -> list[Round]:
    """A stretch of the processes, as rounds whose orders are drawn."""
    needed = rounds * _PER_ROUND
    start = draw.randrange(len(processes) - needed + 1)
    found = []
    for first in range(start, start + needed, _PER_ROUND):
        order = draw.choice(abba.ORDERS)
        sides: dict[str, list[Typical]] = {"A": [], "B": []}
        for side, typical in zip(order, processes[first : first + _PER_ROUND]):
            slow = slowed is not None and side == "B"
            sides[side].append(_slowed(typical, slowed) if slow and slowed else typical)
        a, b = sides["A"], sides["B"]
        found.append(Round((a[0], a[1]), (b[0], b[1])))
    return found


@dataclass(frozen=True)
class Rates:
    data: Data
    rounds: int
    comparisons: int
    benchmarks: int
    # Of comparisons without a difference: a regression claimed, and nothing said for noise.
    false_alarms: int
    undecided: int
    # Of comparisons with one benchmark slowed: found, wrongly said to be none, and left open.
    found: int
    missed: int
    open: int

    @property
    def kept(self) -> bool:
        """Whether the rates are what they must be."""
        few = self.false_alarms <= MOST_FALSE_ALARMS * self.comparisons
        return few and self.found >= FEWEST_FOUND * self.comparisons

    def text(self) -> str:
        def share(count: int) -> str:
            return f"{count:5} of {self.comparisons} ({count / self.comparisons:.1%})"

        data = self.data
        return "\n".join(
            (
                f"{len(data.processes)} processes of {data.label}, from {data.date} on",
                f"machine {data.machine.id}: {data.machine.cpu}, {data.machine.kernel}",
                f"{self.benchmarks} benchmarks, {self.rounds} rounds in each comparison",
                f"one build on both sides:   regression claimed {share(self.false_alarms)}",
                f"                           too noisy to say   {share(self.undecided)}",
                f"one benchmark {INJECTED - 1:+.0%} in B: found              {share(self.found)}",
                f"                           said to be none    {share(self.missed)}",
                f"                           too noisy to say   {share(self.open)}",
            )
        )

    def as_json(self, now: str) -> str:
        document: dict[str, Any] = {
            "date": now,
            "machine": self.data.machine.as_json(),
            "label": self.data.label,
            "measured": self.data.date,
            "processes": len(self.data.processes),
            "benchmarks": sorted({key.benchmark for key in self.data.processes[0]}),
            "rounds": self.rounds,
            "comparisons": self.comparisons,
            "without_difference": {
                "regression_claimed": self.false_alarms,
                "too_noisy": self.undecided,
            },
            "one_benchmark_slowed": {
                "factor": INJECTED,
                "found": self.found,
                "said_to_be_none": self.missed,
                "too_noisy": self.open,
            },
        }
        return json.dumps(document, indent=1) + "\n"


def rates(data: Data, rounds: int, comparisons: int, told: Callable[[int], None]) -> Rates:
    """The same data has the same rates always."""
    if len(data.processes) < rounds * _PER_ROUND:
        needed = rounds * _PER_ROUND
        raise NotEnoughData(f"{len(data.processes)} processes, and {needed} are the least")
    draw = random.Random(_SEED)
    keys = sorted(data.processes[0])
    without: list[Verdict] = []
    slowed: list[Verdict] = []
    for number in range(comparisons):
        told(number)
        without.append(judge(drawn(data.processes, rounds, draw, None)).verdict)
        key = draw.choice(keys)
        judged = judge(drawn(data.processes, rounds, draw, key))
        slowed.append(next(row.verdict for row in judged.rows if row.key == key))
    return Rates(
        data=data,
        rounds=rounds,
        comparisons=comparisons,
        benchmarks=len(keys),
        false_alarms=without.count(Verdict.REGRESSION),
        undecided=without.count(Verdict.TOO_NOISY),
        found=slowed.count(Verdict.REGRESSION),
        missed=slowed.count(Verdict.NONE),
        open=slowed.count(Verdict.TOO_NOISY),
    )
