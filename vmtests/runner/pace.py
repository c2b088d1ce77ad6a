# SPDX-License-Identifier: Apache-2.0
"""How long to wait for what, scaled to how fast guests have proved to be here."""

from __future__ import annotations

import time
from dataclasses import dataclass

# What `measure_host` takes on the machine that the first trial's limit was chosen on: a two-core
# virtual machine of 2024.
_REFERENCE_SECONDS = 0.04
_FIRST_TRIAL_SECONDS = 90.0

# A test's deadline on the launcher's reference machine, and how many of them (preparation, the
# test, its audit, slack) may pass until the launcher itself must be stuck.
_TEST_DEADLINE_SECONDS = 10.0
_DEADLINES_UNTIL_STUCK = 3


def measure_host() -> float:
    """Return how much slower than the reference this machine executes, at least 1."""
    start = time.perf_counter()
    sum(range(2_000_000))
    return max(1.0, (time.perf_counter() - start) / _REFERENCE_SECONDS)


def first_trial_limit(host: float) -> float:
    """Return the seconds after which a first boot, with nothing to compare it to, has failed."""
    return _FIRST_TRIAL_SECONDS * host


@dataclass(frozen=True)
class Pace:
    """How fast guests are here: seconds of a bare boot of the same kernel."""

    boot_seconds: float
    heartbeat_seconds: float = 1.0

    def boot_limit(self, image_bytes: int) -> float:
        """Return the seconds within which init must speak."""
        return 10 * self.boot_seconds * (1 + image_bytes / 100e6)

    def silence_limit(self, own_boot_seconds: float, longest_gap: float) -> float:
        """Return how long a guest may be silent, judged by what it and the trial have shown."""
        return 5 * max(self.boot_seconds, own_boot_seconds, longest_gap, 2 * self.heartbeat_seconds)

    def stuck_limit(self, speed: float | None) -> float:
        """Return how long a living guest may bring no result; `speed` is what its launcher says."""
        # Emulated boots take some 50 times what they take on the reference machine with KVM.
        factor = speed if speed is not None else max(1.0, 20 * self.boot_seconds)
        return _DEADLINES_UNTIL_STUCK * _TEST_DEADLINE_SECONDS * factor
