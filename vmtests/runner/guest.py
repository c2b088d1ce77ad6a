# SPDX-License-Identifier: Apache-2.0
"""Runs one guest: starts QEMU, follows its ports, and ends it when it is silent or stuck."""

from __future__ import annotations

import os
import selectors
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from vmtests.policy import kernel_log
from vmtests.runner import qemu
from vmtests.runner.endings import Kind
from vmtests.runner.observation import Event, Observation, parse_event
from vmtests.runner.pace import Pace
from vmtests.runner.results import Record, Tracker

OnRecord = Callable[[Record], None]

# How much of a console is quoted.
_TAIL_BYTES = 8192


@dataclass(frozen=True)
class Limits:
    """How long to wait for this guest."""

    pace: Pace
    boot: float
    # Of the whole run, on time.monotonic()'s clock; None: no limit.
    until: float | None = None


class _Guest:
    """A QEMU process and what it says."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        limits: Limits,
        results: Path,
        tracker: Tracker,
        on_record: OnRecord,
        launcher_log: IO[str],
    ) -> None:
        self._process = process
        self._limits = limits
        self._results = results.open("rb")
        self._start_offset = self._results.seek(0, os.SEEK_END)
        self._tracker = tracker
        self._on_record = on_record
        self._launcher_log = launcher_log
        self._partial = b""
        self._began = self._last_sign = self._last_progress = time.monotonic()
        self._longest_gap = 0.0
        self.seen = Observation()

    def follow(self) -> None:
        """Return when QEMU has ended, or has been ended."""
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector, self._results:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while True:
                overdue = self._overdue()
                if overdue is not None:
                    self.seen.stopped, self.seen.stopped_after = overdue
                    self._process.kill()
                    break
                if not selector.select(timeout=0.25):
                    self._read_results()
                    continue
                content = os.read(self._process.stdout.fileno(), 65536)
                if not content:
                    break
                self._take(content)
            self.seen.exit_status = self._process.wait()
            self._read_results()
            self.seen.received = self._results.tell() - self._start_offset

    def _take(self, content: bytes) -> None:
        now = time.monotonic()
        if self.seen.boot_seconds is not None:
            self._longest_gap = max(self._longest_gap, now - self._last_sign)
        self._last_sign = now
        # Everything that init announces has been sent before.
        self._read_results()
        *lines, self._partial = (self._partial + content).split(b"\n")
        for line in lines:
            event = parse_event(line)
            if event is not None:
                self._note(event, now)

    def _note(self, event: Event, now: float) -> None:
        kind = event["event"]
        if kind == "booted":
            self.seen.boot_seconds = now - self._began
            self.seen.kernel = event.get("kernel")
            self._last_progress = now
        elif kind == "module":
            self.seen.absent_modules.append(f"{event.get('path')}: {event.get('error')}")
        elif kind == "output":
            self._launcher_log.write(str(event.get("text")))
            self._launcher_log.flush()
        elif kind == "failed":
            self.seen.failed = str(event.get("reason"))
        elif kind == "exited":
            self.seen.exited = event

    def _read_results(self) -> None:
        while content := self._results.read(65536):
            self._last_progress = self._last_sign = time.monotonic()
            for record in self._tracker.feed(content):
                self._on_record(record)

    def _overdue(self) -> tuple[Kind, float] | None:
        now = time.monotonic()
        silence = now - self._last_sign
        if self.seen.boot_seconds is None:
            late = now - self._began > self._limits.boot
            return (Kind.START_FAILURE, now - self._began) if late else None
        pace = self._limits.pace
        if silence > pace.silence_limit(self.seen.boot_seconds, self._longest_gap):
            return Kind.HANG, silence
        stuck = now - self._last_progress
        # A guest that has just fallen silent may be dead as well as stuck: that will show.
        alive = silence < 3 * pace.heartbeat_seconds
        if alive and stuck > pace.stuck_limit(self._tracker.speed):
            return Kind.TIMEOUT, stuck
        if self._limits.until is not None and now > self._limits.until:
            self.seen.time_over = True
            return Kind.TIMEOUT, stuck
        return None


def prefix() -> list[str]:
    """Return what stands before QEMU, so that a runner that is killed takes its guest with it."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


def _tail(path: Path) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
        return file.read().decode(errors="replace")


def run_guest(
    machine: qemu.Machine,
    limits: Limits,
    logs: Path,
    tracker: Tracker,
    on_record: OnRecord = lambda record: None,
    program: str = qemu.PROGRAM,
) -> Observation:
    """Run a machine to its end. `machine.results` must exist."""
    qemu_log = logs / "qemu.log"
    with (
        qemu_log.open("wb") as errors,
        (logs / "launcher.log").open("w", encoding="utf-8") as launcher_log,
    ):
        process = subprocess.Popen(
            [*prefix(), *qemu.command(machine, program)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        with process:
            guest = _Guest(process, limits, machine.results, tracker, on_record, launcher_log)
            try:
                guest.follow()
            finally:
                process.kill()
    seen = guest.seen
    seen.emulated = machine.accelerator is qemu.Accelerator.EMULATION
    seen.errors = _tail(qemu_log)
    seen.console_tail = _tail(machine.console)
    if machine.console.exists():
        text = machine.console.read_text(encoding="utf-8", errors="replace")
        seen.log = kernel_log.parse(text, kernel=seen.kernel)
        # The console is quicker than the results when the kernel dies.
        tracker.add_starts(seen.log.starts)
    seen.running = tuple(test for test, _ in tracker.running)
    return seen
