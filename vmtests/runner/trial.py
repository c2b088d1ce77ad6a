# SPDX-License-Identifier: Apache-2.0
"""Finds out by booting, once per kernel and machine, how fast guests are and whether KVM works.

That /dev/kvm exists proves nothing: where it is only half a KVM, a stock kernel hangs in it. A KVM
that is not faster than emulation is of no use either, so the emulated boot bounds the trial.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from vmtests.guest.image import Image, write
from vmtests.kernels.fetch import Kernel
from vmtests.runner import pace
from vmtests.runner.endings import GuestEnding, Kind
from vmtests.runner.guest import Limits, run_guest
from vmtests.runner.observation import judge
from vmtests.runner.pace import Pace
from vmtests.runner.qemu import Accelerator, Machine
from vmtests.runner.results import Tracker

KVM_DEVICE = Path("/dev/kvm")

# What an emulated boot may take, KVM must not: with the slack of a busy machine.
_KVM_BOOTS = 2.0


class TrialFailed(Exception):
    """The kernel does not even boot to init; `ending` says how."""

    def __init__(self, ending: GuestEnding) -> None:
        super().__init__(ending.reason)
        self.ending = ending


@dataclass(frozen=True)
class Trial:
    """What the trial found."""

    accelerator: Accelerator
    boot_seconds: float
    # Why this accelerator, for the user.
    because: str
    # Whether KVM was tried, so that the answer stays true until machine, kernel or QEMU change.
    kvm_tried: bool

    @property
    def pace(self) -> Pace:
        """The measure of every limit."""
        return Pace(self.boot_seconds)


Boot = Callable[[Accelerator, float], GuestEnding]


def decide(boot: Boot, first_limit: float, kvm_usable: bool, no_kvm: str) -> Trial:
    """Boot by emulation, then with KVM if it can be opened; `no_kvm` says why it cannot."""
    emulated = boot(Accelerator.EMULATION, first_limit)
    if emulated.emulators_fault:
        emulated = boot(Accelerator.EMULATION, first_limit)
    if emulated.kind is not Kind.FINISHED or emulated.boot_seconds is None:
        raise TrialFailed(emulated)
    if not kvm_usable:
        return Trial(Accelerator.EMULATION, emulated.boot_seconds, no_kvm, False)
    limit = _KVM_BOOTS * emulated.boot_seconds
    virtual = boot(Accelerator.KVM, limit)
    if virtual.kind is Kind.FINISHED and virtual.boot_seconds is not None:
        seconds = virtual.boot_seconds
        return Trial(Accelerator.KVM, seconds, f"a trial boot took {seconds:.1f} s", True)
    because = f"{KVM_DEVICE} exists, but a trial boot with it failed: {virtual.reason}"
    return Trial(Accelerator.EMULATION, emulated.boot_seconds, because, True)


def _kvm_access() -> tuple[bool, str]:
    if not KVM_DEVICE.exists():
        return False, f"there is no {KVM_DEVICE}"
    try:
        os.close(os.open(KVM_DEVICE, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return False, f"{KVM_DEVICE} cannot be opened: {error.strerror}"
    return True, ""


def _key(kernel: Kernel, program: str) -> str:
    shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    processor = ""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                processor = line
                break
    except OSError:
        pass
    facts = (kernel.sha256, shown.stdout, platform.release(), platform.machine(), processor)
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32]


def _remembered(path: Path) -> Trial | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Trial(
            accelerator=Accelerator(content["accelerator"]),
            boot_seconds=float(content["boot_seconds"]),
            because=str(content["because"]),
            kvm_tried=bool(content["kvm_tried"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(path: Path, trial: Trial) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {**asdict(trial), "accelerator": trial.accelerator.value}
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(json.dumps(content) + "\n")
    os.replace(file.name, path)


def trial(kernel: Kernel, init: Path, cache: Path, logs: Path, program: str) -> tuple[Trial, bool]:
    """Return what is known of this kernel on this machine, and whether it was known already."""
    path = cache / "trials" / f"{_key(kernel, program)}.json"
    usable, no_kvm = _kvm_access()
    known = _remembered(path)
    if known is not None and (known.kvm_tried or not usable):
        return known, True

    def boot(accelerator: Accelerator, limit: float) -> GuestEnding:
        folder = logs / f"trial-{accelerator.value}"
        folder.mkdir(parents=True, exist_ok=True)
        image = folder / "initramfs"
        results = folder / "results"
        results.touch()
        try:
            write(Image(init), image)
            machine = Machine(
                kernel=kernel.image,
                initramfs=image,
                console=folder / "console.log",
                results=results,
                accelerator=accelerator,
            )
            limits = Limits(Pace(limit / 10), limit)
            return judge(run_guest(machine, limits, folder, Tracker(), program=program), folder)
        finally:
            image.unlink(missing_ok=True)

    found = decide(boot, pace.first_trial_limit(pace.measure_host()), usable, no_kvm)
    _remember(path, found)
    return found, False
