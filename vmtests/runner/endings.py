# SPDX-License-Identifier: Apache-2.0
"""How a guest, and a run of guests, can end."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path

from vmtests.policy.kernel_log import Splat


class Kind(enum.Enum):
    """The endings, told apart because each is somebody else's business."""

    # The launcher executed what it planned; what the tests said is in the results.
    FINISHED = "finished"
    # As FINISHED, but the kernel complained meanwhile.
    SPLAT = "splat"
    PANIC = "panic"
    # The guest gives no sign of life.
    HANG = "hang"
    # The guest lives, but a test outlasts its deadline by far, or the run outlasts the caller's.
    TIMEOUT = "timeout"
    # The kernel never reached init.
    START_FAILURE = "start failure"
    # The machine went away without a word: reset, or QEMU was killed.
    LOST_VM = "lost VM"
    OUT_OF_MEMORY = "out of memory"
    # Anything of ours that failed: init, launcher, image.
    INFRASTRUCTURE = "infrastructure"


# After these the tests that are left may well run in a fresh guest.
WORTH_ANOTHER_GUEST = frozenset(
    {Kind.PANIC, Kind.HANG, Kind.TIMEOUT, Kind.LOST_VM, Kind.OUT_OF_MEMORY}
)


@dataclass(frozen=True)
class GuestEnding:
    """How one guest ended."""

    kind: Kind
    reason: str
    # Tests that had started and not ended.
    running: tuple[str, ...] = ()
    splats: tuple[Splat, ...] = ()
    # Seconds from the start of QEMU until init spoke.
    boot_seconds: float | None = None
    launcher_exit: int | None = None
    # Whether it ended as emulation makes guests end once in a while, whatever they run: silent on
    # the way to init, or by a breakpoint that the kernel set while it patched its own code and has
    # taken away, which QEMU 7.2's emulation of several processors may not have noticed.
    emulators_fault: bool = False
    # Where console.log, launcher.log and qemu.log are.
    logs: Path | None = None


@dataclass(frozen=True)
class Ending:
    """How a run ended: as its last guest did, or with a SPLAT if any guest's kernel complained."""

    kind: Kind
    reason: str
    guests: tuple[GuestEnding, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every planned test has its result."""
        return self.kind in (Kind.FINISHED, Kind.SPLAT)


def conclude(guests: tuple[GuestEnding, ...]) -> Ending:
    """Sum up a run of at least one guest."""
    last = guests[-1]
    splats = [splat for guest in guests if not guest.emulators_fault for splat in guest.splats]
    if last.kind is Kind.FINISHED and splats:
        during = f" during {splats[0].test}" if splats[0].test else ""
        return Ending(Kind.SPLAT, f"the kernel complained{during}: {splats[0].line}", guests)
    return Ending(last.kind, last.reason, guests)
