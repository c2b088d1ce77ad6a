# SPDX-License-Identifier: Apache-2.0
"""Small machines, reports and histories for the tests."""

from __future__ import annotations

import json
import random
from typing import Any, Sequence

from bench.tracking.fingerprint import Fingerprint
from bench.tracking.google_benchmark import RATIO, Key
from bench.tracking.history import Commit, Point

MACHINE = Fingerprint(
    cpu="A CPU (6/1/2)",
    cpus="4",
    microcode="0x1",
    governor="performance",
    boost="0",
    smt="off",
    mitigations="meltdown: Not affected; spectre_v2: Mitigation: IBRS",
    kernel="6.1.0 #1",
    libc="glibc 2.36",
    virtualisation="bare",
)
RING = Key("BM_Ring/64", RATIO)


def row(name: str, time: float, **more: Any) -> dict[str, Any]:
    """A repetition as Google Benchmark writes it."""
    base = {"name": name, "run_name": name, "run_type": "iteration", "time_unit": "ns"}
    return {**base, "iterations": 1000000, "cpu_time": time, "real_time": time, **more}


def report(*rows: dict[str, Any], **context: str) -> str:
    return json.dumps({"context": context, "benchmarks": list(rows)})


def commit(number: int) -> Commit:
    day, minute = divmod(number, 60)
    return Commit(f"{number:040x}", f"change {number}", f"2026-01-{day + 1:02}T10:{minute:02}:00Z")


def point(number: int, value: float, key: Key = RING, program: str = "") -> Point:
    return Point(
        commit=commit(number),
        measured="2026-02-01T00:00:00Z",
        machine=MACHINE,
        program=program or f"program {number}",
        build="opt",
        counts_by="",
        values={key: (value,)},
    )


def noisy(levels: Sequence[float], spread: float, seed: int, bursts: float = 0.05) -> list[float]:
    """Each level with a bell around it, and now and then what a busy machine does."""
    draw = random.Random(seed)
    found = []
    for level in levels:
        burst = 1 + (draw.random() < bursts) * draw.random()
        found.append(level * draw.lognormvariate(0, spread) * burst)
    return found
