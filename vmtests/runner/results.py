# SPDX-License-Identifier: Apache-2.0
"""Follows a results file as it grows, and adds what only the host can know: which test took the guest down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Record = dict[str, Any]


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
    """What a results file says so far."""

    def __init__(self) -> None:
        self.running: dict[tuple[str, int], None] = {}
        self.finished = 0
        self.started = False
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

    def _note(self, record: Record) -> None:
        kind = record["record"]
        if kind == "run":
            speed = (record.get("machine") or {}).get("speed")
            if isinstance(speed, (int, float)) and speed > 0:
                self.speed = float(speed)
        elif kind in ("start", "result"):
            key = (str(record.get("test")), int(record.get("iteration", 1)))
            if kind == "start":
                self.started = True
                self.running[key] = None
            else:
                self.finished += 1
                self.running.pop(key, None)


def lost_record(test: str, iteration: int, verdict: str, reason: str) -> bytes:
    """Return the result of a test that took its guest down, as a line of the results file.

    Which requirements it was testing nobody could say any more; readers know them from the test's name.
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
