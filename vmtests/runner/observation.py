# SPDX-License-Identifier: Apache-2.0
"""What was seen of a guest, and what ending that amounts to. Pure."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vmtests.policy.kernel_log import KernelLog
from vmtests.runner.endings import GuestEnding, Kind

Event = dict[str, Any]


def parse_event(line: bytes) -> Event | None:
    """Parse a line of the control port; None if it is damaged."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None


@dataclass
class Observation:
    """What was seen of one guest until QEMU ended or was ended."""

    # As what we ended it, and the seconds waited; None: it ended by itself.
    stopped: Kind | None = None
    stopped_after: float = 0.0
    # Whether it was ended only because the caller's time for the whole run was over.
    time_over: bool = False
    # Whether the processors were emulated.
    emulated: bool = False
    exit_status: int | None = None
    errors: str = ""
    boot_seconds: float | None = None
    kernel: str | None = None
    exited: Event | None = None
    failed: str | None = None
    received: int = 0
    running: tuple[str, ...] = ()
    absent_modules: list[str] = field(default_factory=list)
    log: KernelLog = field(default_factory=KernelLog)
    console_tail: str = ""


def _during(observation: Observation) -> str:
    return f" during {', '.join(observation.running)}" if observation.running else ""


def _start_failure(observation: Observation) -> str:
    if observation.errors.strip():
        return f"QEMU: {observation.errors.strip().splitlines()[-1]}"
    if observation.log.panic:
        return f"the kernel panicked before init ran: {observation.log.panic}"
    last = observation.console_tail.strip().splitlines()
    said = f"the console ends with: {last[-1].strip()}" if last else "the console is empty"
    if observation.stopped is not None:
        return f"init did not run within {observation.stopped_after:.0f} s; {said}"
    return f"QEMU ended with status {observation.exit_status} before init ran; {said}"


def _exited(observation: Observation, event: Event) -> tuple[Kind, str]:
    number = event.get("signal")
    if number is not None and observation.log.out_of_memory:
        return Kind.OUT_OF_MEMORY, observation.log.out_of_memory
    if number is not None:
        return Kind.INFRASTRUCTURE, f"the launcher was killed by {signal.Signals(number).name}"
    if event.get("code") != 0:
        return Kind.INFRASTRUCTURE, f"the launcher exited with {event.get('code')}"
    sent = event.get("sent", 0)
    if sent != observation.received:
        return (
            Kind.INFRASTRUCTURE,
            f"the guest sent {sent} bytes of results and {observation.received} arrived",
        )
    return Kind.FINISHED, "the launcher executed what it planned"


def _judge(observation: Observation) -> tuple[Kind, str]:
    log = observation.log
    during = _during(observation)
    if observation.exited is not None:
        return _exited(observation, observation.exited)
    if observation.failed is not None:
        return Kind.INFRASTRUCTURE, f"the guest's init failed: {observation.failed}"
    if observation.boot_seconds is None:
        return Kind.START_FAILURE, _start_failure(observation)
    if log.panic:
        return Kind.PANIC, f"{log.panic}{during}"
    if observation.stopped is Kind.HANG:
        waited = f"{observation.stopped_after:.0f} s"
        return Kind.HANG, f"the guest gave no sign of life for {waited}{during}"
    if observation.stopped is not None and observation.time_over:
        return Kind.TIMEOUT, f"the time limit of the whole run was over{during}"
    if observation.stopped is not None:
        waited = f"{observation.stopped_after:.0f} s"
        return Kind.TIMEOUT, f"no new result for {waited} though the guest is alive{during}"
    if log.out_of_memory:
        return Kind.OUT_OF_MEMORY, f"{log.out_of_memory}{during}"
    if observation.exit_status is not None and observation.exit_status < 0:
        name = signal.Signals(-observation.exit_status).name
        return Kind.LOST_VM, f"QEMU was killed by {name}{during}"
    if observation.exit_status:
        said = (observation.errors.strip().splitlines() or ["without a word"])[-1]
        return Kind.LOST_VM, f"QEMU ended with status {observation.exit_status}{during}: {said}"
    return Kind.LOST_VM, f"the machine was reset without a word{during}"


def _hung_in_boot(kind: Kind, observation: Observation) -> bool:
    return (
        kind is Kind.START_FAILURE
        and observation.stopped is not None
        and not observation.log.panic
        and not observation.errors.strip()
    )


def _met_old_breakpoint(kind: Kind, observation: Observation) -> bool:
    died = kind in (Kind.START_FAILURE, Kind.PANIC) and observation.log.panic is not None
    return died and observation.emulated and observation.log.breakpoint


def judge(observation: Observation, logs: Path | None = None) -> GuestEnding:
    """Name the ending."""
    kind, reason = _judge(observation)
    return GuestEnding(
        kind=kind,
        reason=reason,
        running=observation.running,
        splats=observation.log.splats,
        boot_seconds=observation.boot_seconds,
        launcher_exit=(observation.exited or {}).get("code"),
        emulators_fault=_hung_in_boot(kind, observation) or _met_old_breakpoint(kind, observation),
        logs=logs,
    )
