# SPDX-License-Identifier: Apache-2.0
"""Instructions of one iteration: counted, not timed, so that a busy machine has no part in it.

A benchmark runs alone for few and for many iterations, and what the second run executes beyond the
first is divided by the iterations that it has beyond. perf counts where the machine has a counter,
and Callgrind (valgrind.org) where it has none, as in most virtual machines. The program has to do
as many iterations as LXCSPEC_BENCH_ITERATIONS says; of one that does not, nothing is counted.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.tracking.verdicts import NotEnoughData

ITERATIONS = "LXCSPEC_BENCH_ITERATIONS"
PERF, CALLGRIND, NOBODY = "perf", "callgrind", ""
_FEW, _MANY = 1_000, 101_000
_DEADLINE_SECONDS = 600
_EVENT = "instructions:u"

# Above so many nanoseconds an iteration, times tell more than counts: what memory costs, above all.
TOO_SHORT_FOR_TIMES = 100

# Runs a command and says how many instructions it executed; None where that cannot be said.
Counter = Callable[[Sequence[str], int], int | None]


def _run(command: Sequence[str], iterations: int) -> bool:
    environment = {**os.environ, ITERATIONS: str(iterations)}
    try:
        done = subprocess.run(
            list(command),
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_DEADLINE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def by_perf(command: Sequence[str], iterations: int) -> int | None:
    """Instructions of user mode, of the processor's own counter."""
    with tempfile.TemporaryDirectory(prefix="lxcspec-bench-") as folder:
        said = Path(folder) / "stat"
        if not _run(["perf", "stat", "-x,", "-e", _EVENT, "-o", str(said), *command], iterations):
            return None
        found = re.search(rf"^(\d+),[^,]*,{_EVENT}", said.read_text(), re.MULTILINE)
    return int(found[1]) if found else None


def by_callgrind(command: Sequence[str], iterations: int) -> int | None:
    """Instructions that Valgrind's machine executes."""
    with tempfile.TemporaryDirectory(prefix="lxcspec-bench-") as folder:
        said = Path(folder) / "callgrind.out"
        words = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={said}", *command]
        if not _run(words, iterations) or not said.exists():
            return None
        found = re.search(r"^(?:totals|summary): (\d+)", said.read_text(), re.MULTILINE)
    return int(found[1]) if found else None


@functools.cache
def counter() -> tuple[str, Counter | None]:
    """Who counts on this machine, found by counting something."""
    if shutil.which("perf") and by_perf(["true"], 1):
        return PERF, by_perf
    if shutil.which("valgrind"):
        return CALLGRIND, by_callgrind
    return NOBODY, None


def _of_run(count: Counter, program: Sequence[str], name: str, iterations: int) -> int | None:
    """What one benchmark took for so many iterations, if it did as many."""
    with tempfile.TemporaryDirectory(prefix="lxcspec-bench-") as folder:
        report = Path(folder) / "report.json"
        flags = [
            # Google Benchmark adds to the name how many they are.
            f"--benchmark_filter=^{re.escape(name)}(/iterations:[0-9]+)?$",
            f"--benchmark_out={report}",
            "--benchmark_out_format=json",
        ]
        executed = count([*program, *flags], iterations)
        try:
            rows = json.loads(report.read_text(encoding="utf-8"))["benchmarks"]
            as_asked = len(rows) == 1 and rows[0]["iterations"] == iterations
        except (OSError, ValueError, KeyError, TypeError):
            return None
    return executed if as_asked else None


def require_counter() -> tuple[str, Counter]:
    """Who counts. Raises NotEnoughData where nobody does."""
    by, count = counter()
    if count is None:
        raise NotEnoughData("neither perf nor Callgrind can count here: install valgrind")
    return by, count


def of_iteration(count: Counter, program: Sequence[str], name: str) -> float | None:
    """Instructions of one iteration of the benchmark; None where they cannot be counted."""
    few = _of_run(count, program, name, _FEW)
    many = None if few is None else _of_run(count, program, name, _MANY)
    return None if few is None or many is None else (many - few) / (_MANY - _FEW)
