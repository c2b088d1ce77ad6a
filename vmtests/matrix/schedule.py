# SPDX-License-Identifier: Apache-2.0
"""Which cells may run at the same time: within cores and memory. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from vmtests.matrix.plan import Cell

# What QEMU needs beside the guest's memory.
OVERHEAD_MIB = 256


@dataclass(frozen=True)
class Budget:
    """What the machine can spend; `jobs` bounds the cells whatever else there is."""

    cores: int
    memory_mib: int
    jobs: int | None = None


@dataclass
class Schedule:
    """Cells that wait and cells that run, first come, first served."""

    budget: Budget
    cpus: int
    memory_mib: int
    waiting: list[Cell] = field(default_factory=list)
    running: list[Cell] = field(default_factory=list)

    @property
    def places(self) -> int:
        """Return how many cells may run at once; one always may."""
        by_memory = self.budget.memory_mib // (self.memory_mib + OVERHEAD_MIB)
        places = min(self.budget.cores // self.cpus, by_memory)
        if self.budget.jobs is not None:
            # The user may ask for more than the cores, never for more than the memory.
            places = min(self.budget.jobs, by_memory)
        return max(1, places)

    @property
    def finished(self) -> bool:
        """Whether nothing waits and nothing runs."""
        return not self.waiting and not self.running

    def start(self) -> list[Cell]:
        """Move what may start now from waiting to running, and return it."""
        free = self.places - len(self.running)
        started, self.waiting = self.waiting[: max(0, free)], self.waiting[max(0, free) :]
        self.running += started
        return started

    def end(self, cell: Cell) -> None:
        """Note that a cell no longer runs."""
        self.running.remove(cell)
