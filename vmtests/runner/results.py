# SPDX-License-Identifier: Apache-2.0
"""Follows a results file as it grows, and adds which test took the guest down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

Record = dict[str, Any]
# A test and its iteration.
Execution = tuple[str, int]


def whole_lines(content: bytes) -> bytes:
    """Return the content without a last line that was cut off or damaged."""
    whole = content[: content.rfind(b"\n") + 1]
    while whole:
        begin = whole.rfind(b"\n", 0, len(whole) - 1) + 1
        if parse_record(whole[begin:]) is not None:
            return whole
        whole = whole[:begin]
    return whole


def parse_record(line: bytes) -> Record | None:
    """Parse one line; None if it is no record."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "record" in record else None


class Tracker:
    """What a guest's results say so far."""

    def __init__(self, parallel: bool = False) -> None:
        self._parallel = parallel
        self._running: dict[Execution, None] = {}
        self._ended: set[Execution] = set()
        self._recorded_starts: set[Execution] = set()
        self.speed: float | None = None
        self._rest = b""

    def feed(self, content: bytes) -> Iterator[Record]:
        """Take the next bytes and yield the records that they complete."""
        *lines, self._rest = (self._rest + content).split(b"\n")
        for line in lines:
            record = parse_record(line)
            if record is not None:
                self._note(record)
                yield record

    @property
    def finished(self) -> int:
        """How many executions have a result."""
        return len(self._ended)

    @property
    def running(self) -> list[Execution]:
        """What has started and not ended, in order."""
        # One at a time, only the last can still run; the result of one before it was lost on its
        # way.
        return list(self._running)[None if self._parallel else -1 :]

    def has_start(self, test: str, iteration: int) -> bool:
        """Tell whether the results have the start of an execution."""
        return (test, iteration) in self._recorded_starts

    def add_starts(self, starts: Iterable[Execution]) -> None:
        """Take starts known from elsewhere, in order, whose records may have been lost."""
        for key in starts:
            if key not in self._ended:
                self._running[key] = None

    def _note(self, record: Record) -> None:
        kind = record["record"]
        if kind == "run":
            speed = (record.get("machine") or {}).get("speed")
            if isinstance(speed, (int, float)) and speed > 0:
                self.speed = float(speed)
        elif kind in ("start", "result"):
            key = (str(record.get("test")), int(record.get("iteration", 1)))
            if kind == "start":
                self._recorded_starts.add(key)
                self._running[key] = None
            else:
                self._ended.add(key)
                self._running.pop(key, None)


def start_record(test: str, iteration: int) -> bytes:
    """Return the start of a test as a line of the results file."""
    record = {"record": "start", "test": test, "iteration": iteration}
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def lost_record(test: str, iteration: int, verdict: str, reason: str) -> bytes:
    """Return the result of a test that took its guest down, as a line of the results file.

    Which requirements it was testing it could not say any more; readers know them by its name.
    """
    record = {
        "record": "result",
        "test": test,
        "iteration": iteration,
        "extension": "",
        "requirements": [],
        "verdict": verdict,
        "reason": reason,
        "message": "",
        "leaks": [],
        "output": "",
        "ms": 0,
    }
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"
