# SPDX-License-Identifier: Apache-2.0
"""Runs a benchmark program once, in a process of its own."""

from __future__ import annotations

import functools
import hashlib
import os
import random
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.tracking import google_benchmark, instructions
from bench.tracking.verdicts import NotEnoughData

# What the environment's size does to the stack's alignment is drawn anew for each process.
_PADDING = "LXCSPEC_BENCH_PADDING"
_MOST_PADDING = 4096
# How often a process is tried that the machine holds up.
_TRIES = 5
# More than any benchmark needs; a program that hangs must not hang the gate.
_DEADLINE_SECONDS = 1800


@dataclass(frozen=True)
class Program:
    """An executable that takes Google Benchmark's flags, and what it is called in reports."""

    path: Path
    label: str
    flags: tuple[str, ...] = ()

    def digest(self) -> str:
        """Two programs of the same digest are the same program."""
        try:
            return hashlib.sha256(self.path.read_bytes()).hexdigest()
        except OSError as error:
            raise NotEnoughData(f"cannot read {self.path}: {error.strerror}") from error


@dataclass(frozen=True)
class Effort:
    """What one process measures."""

    filter: str
    repetitions: int
    seconds: float
    # Whether instructions are counted of benchmarks that are too short for times.
    count: bool = False

    def flags(self) -> list[str]:
        return [
            f"--benchmark_filter={self.filter or '.'}",
            f"--benchmark_repetitions={self.repetitions}",
            f"--benchmark_min_time={self.seconds}",
            "--benchmark_enable_random_interleaving",
            "--benchmark_out_format=json",
        ]


def measure(program: Program, effort: Effort, draw: random.Random) -> google_benchmark.Report:
    """NotEnoughData where it fails, with what it said; TooNoisy where the machine held up one
    process after the other."""
    for _ in range(_TRIES - 1):
        try:
            return _once(program, effort, draw)
        except google_benchmark.Disturbed:
            continue
    return _once(program, effort, draw)


def _once(program: Program, effort: Effort, draw: random.Random) -> google_benchmark.Report:
    environment = {**os.environ, _PADDING: "x" * draw.randrange(_MOST_PADDING)}
    with tempfile.TemporaryDirectory(prefix="lxcspec-bench-") as folder:
        report = Path(folder) / "report.json"
        own = [*effort.flags(), f"--benchmark_out={report}"]
        try:
            ended = subprocess.run(
                [str(program.path.resolve()), *own, *program.flags],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                env=environment,
                timeout=_DEADLINE_SECONDS,
                check=False,
            )
        except OSError as error:
            raise NotEnoughData(f"cannot run {program.path}: {error.strerror}") from error
        except subprocess.TimeoutExpired as error:
            said = f"{program.label} did not end within {_DEADLINE_SECONDS} s"
            raise NotEnoughData(said) from error
        if ended.returncode:
            words = ended.stderr.strip() or ended.stdout.strip() or "(no words)"
            raise NotEnoughData(f"{program.label} ended with {ended.returncode}: {words[-2000:]}")
        text = google_benchmark.text_of(report)
        if effort.count:
            text = google_benchmark.counted(text, functools.partial(_instructions, program))
        return google_benchmark.parse(text, str(report), effort.seconds)


# By the program's digest and the benchmark's name: a count is the same each time.
_counts: dict[tuple[str, str], float] = {}


def _instructions(program: Program, name: str) -> tuple[str, float]:
    """Who counted the instructions of one iteration, and how many there are."""
    by, count = instructions.require_counter()
    key = (program.digest(), name)
    if key not in _counts:
        words = [str(program.path.resolve()), *program.flags]
        found = instructions.of_iteration(count, words, name)
        if found is None:
            said = f"it has to do as many iterations as {instructions.ITERATIONS} says"
            raise NotEnoughData(f"{program.label}: {name} cannot be counted: {said}")
        _counts[key] = found
    return by, _counts[key]
