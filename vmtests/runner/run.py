# SPDX-License-Identifier: Apache-2.0
"""Runs the conformance suite in guests: the way into this folder for everybody else.

run_in_vm() boots a kernel, runs the launcher there and appends its results to a file on the host as
they arise. When a test takes the guest down it gets its verdict here, and the rest goes on in a
fresh guest.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vmtests.guest.elf import ElfError
from vmtests.guest.image import Image, Payload, Sabotage, write
from vmtests.guest.tree import TreeError
from vmtests.kernels.cache import cache_directory
from vmtests.kernels.errors import KernelError
from vmtests.kernels.fetch import Kernel, default_fetcher, own_kernel
from vmtests.kernels.modules import WANTED, Module, ModuleError, load_order
from vmtests.runner import qemu
from vmtests.runner.endings import WORTH_ANOTHER_GUEST, Ending, GuestEnding, Kind, conclude
from vmtests.runner.guest import Limits, OnRecord, run_guest
from vmtests.runner.observation import judge
from vmtests.runner.qemu import Accelerator, Machine
from vmtests.runner.results import (
    Tracker,
    lost_record,
    parse_record,
    start_record,
    whole_lines,
)
from vmtests.runner.trial import Trial, TrialFailed, trial

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What may be chosen about the guests; the defaults suit the suite."""

    memory_mib: int = 1024
    cpus: int = 2
    # The processors are threads of one core, or of several, two each.
    smt: bool = False
    # Tests at a time in the guest. After an ending that cannot be laid on one test the rest runs
    # one by one.
    jobs: int = 1
    launcher_arguments: Sequence[str] = ()
    # Go on with what is in the results file, instead of replacing it.
    resume: bool = False
    # Modules of a kernel of one's own, where `kernel` is a path.
    modules: Path | None = None
    # Further files and folders for the guest, under the host's paths.
    extra_files: Sequence[Path] = ()
    # Seconds for the whole run.
    time_limit: float | None = None
    # Where console.log, launcher.log and qemu.log of each guest go; default: RESULTS.logs beside
    # the results.
    logs: Path | None = None
    sabotage: Sabotage | None = None
    # How the controllers are laid out in the guest: unified, hybrid or legacy.
    cgroup: str = "unified"
    # System calls that answer ENOSYS below the testee, by the built //conformance/deny:deny.
    deny: Path | None = None
    denied: Sequence[str] = ()
    # What starts the suite: another C library's ld.so with its options.
    loader: Sequence[str] = ()
    # Further shared objects for the guest, with what they need.
    libraries: Sequence[Path] = ()
    # What the launcher is told of the testee, where that is not its path.
    testee: str = ""


# How many guests may end before any of their tests is known to have started.
_BLIND_ENDINGS = 3
# How many guests of a run may end by the emulator's fault before init, where the kernel has booted
# in the trial, and how many later.
_EMULATORS_FAULTS = {Kind.START_FAILURE: 2, Kind.PANIC: 4}


def _nothing(_: object) -> None:
    pass


def _failure(kind: Kind, reason: str) -> Ending:
    return conclude((GuestEnding(kind, reason),))


def _has_started(results: bytes) -> bool:
    records = (parse_record(line) for line in results.splitlines())
    return any(record is not None and record["record"] == "start" for record in records)


class _Run:
    """One run: a sequence of guests over one results file."""

    def __init__(
        self,
        kernel: Kernel,
        payload: Payload,
        init: Path,
        results: Path,
        options: Options,
        say: Say,
        on_record: OnRecord,
        program: str,
    ) -> None:
        self._kernel = kernel
        self._payload = payload
        self._init = init
        self._results = results
        self._options = options
        self._say = say
        self._on_record = on_record
        self._program = program
        self._jobs = options.jobs
        self._blind_endings = 0
        self._emulators_faults: Counter[Kind] = Counter()
        self._logs = options.logs or results.with_name(results.name + ".logs")
        self._until = None
        if options.time_limit is not None:
            self._until = time.monotonic() + options.time_limit
        self._modules: Sequence[Module] = ()

    def run(self) -> Ending:
        """Run guests until every test has its result or there is no point in another."""
        shutil.rmtree(self._logs, ignore_errors=True)
        self._logs.mkdir(parents=True)
        if self._kernel.modules is not None:
            self._modules = list(load_order(self._kernel.modules, WANTED))
        try:
            found, remembered = trial(
                self._kernel, self._init, cache_directory(), self._logs, self._program
            )
        except TrialFailed as error:
            return conclude((replace(error.ending, kind=_trial_kind(error.ending.kind)),))
        self._tell_accelerator(found, remembered)
        if not self._options.resume:
            self._results.write_bytes(b"")
        self._results.touch()
        endings: list[GuestEnding] = []
        while True:
            tracker = Tracker(parallel=self._jobs != 1)
            ending = self._guest(len(endings) + 1, found, tracker)
            endings.append(ending)
            if ending.emulators_fault and self._may_try_again(ending.kind):
                self._say(f"{ending.kind.value}: {ending.reason}; trying once more")
                continue
            if ending.kind not in WORTH_ANOTHER_GUEST:
                break
            progressed = self._attribute(ending, tracker)
            if self._until is not None and time.monotonic() > self._until:
                break
            if not progressed:
                break
            self._say(f"{ending.kind.value}: {ending.reason}; going on in a fresh guest")
        return conclude(tuple(endings))

    def _may_try_again(self, kind: Kind) -> bool:
        self._emulators_faults[kind] += 1
        over = self._until is not None and time.monotonic() > self._until
        return self._emulators_faults[kind] < _EMULATORS_FAULTS[kind] and not over

    def _tell_accelerator(self, found: Trial, remembered: bool) -> None:
        how = "KVM" if found.accelerator is Accelerator.KVM else "software emulation"
        known = ", known from an earlier run" if remembered else ""
        self._say(f"kernel {self._kernel.name}: {how} ({found.because}{known})")

    def _guest(self, number: int, found: Trial, tracker: Tracker) -> GuestEnding:
        logs = self._logs / f"guest-{number}"
        logs.mkdir()
        # What was cut off in transit is run again; without any started test the launcher begins
        # anew.
        so_far = whole_lines(self._results.read_bytes())
        if not _has_started(so_far):
            so_far = b""
        self._results.write_bytes(so_far)
        arguments = [*self._payload.launcher_arguments]
        if self._jobs != 1:
            arguments += ["--jobs", str(self._jobs)]
        payload = replace(
            self._payload, results=so_far or None, launcher_arguments=tuple(arguments)
        )
        with tempfile.TemporaryDirectory(prefix="lxcspec-vm-") as work:
            initramfs = Path(work) / "initramfs"
            write(Image(self._init, self._modules, payload, cgroup=self._options.cgroup), initramfs)
            machine = Machine(
                kernel=self._kernel.image,
                initramfs=initramfs,
                console=logs / "console.log",
                results=self._results,
                accelerator=found.accelerator,
                memory_mib=self._options.memory_mib,
                cpus=self._options.cpus,
                smt=self._options.smt,
            )
            limits = Limits(
                found.pace, found.pace.boot_limit(initramfs.stat().st_size), self._until
            )
            seen = run_guest(machine, limits, logs, tracker, self._on_record, self._program)
        for absent in seen.absent_modules:
            self._say(f"the guest could not load {absent}")
        return judge(seen, logs)

    def _attribute(self, ending: GuestEnding, tracker: Tracker) -> bool:
        """Give the test that took the guest down its result; false if that changes nothing."""
        running = tracker.running
        if len(running) > 1 and self._jobs > 1:
            # Any of them may have done it: alone it will show.
            self._jobs = 1
            return True
        verdict = "crash" if ending.kind in (Kind.PANIC, Kind.LOST_VM) else "timeout"
        if ending.kind is Kind.OUT_OF_MEMORY:
            verdict = "crash"
        content = whole_lines(self._results.read_bytes())
        for test, iteration in running:
            reason = f"{ending.kind.value}: {ending.reason}"
            lines = [lost_record(test, iteration, verdict, reason)]
            if not tracker.has_start(test, iteration):
                lines.insert(0, start_record(test, iteration))
            for line in lines:
                content += line
                record = parse_record(line)
                if record is not None:
                    self._on_record(record)
        self._results.write_bytes(content)
        if running or tracker.finished > 0:
            return True
        # A kernel can die between a test's start and the word of it; the test will start again.
        self._blind_endings += 1
        return self._blind_endings < _BLIND_ENDINGS


def _trial_kind(kind: Kind) -> Kind:
    return kind if kind is Kind.INFRASTRUCTURE else Kind.START_FAILURE


def run_in_vm(
    kernel: str,
    launcher: Path,
    suite: Path,
    probe: Path,
    testee: Path,
    results: Path,
    *,
    init: Path,
    tests: Sequence[str] | None = None,
    options: Options = Options(),
    say: Say = _nothing,
    on_record: OnRecord = _nothing,
) -> Ending:
    """Run the suite against `testee` in guests of a kernel; every way to fail is an Ending.

    `kernel` is a series of lock.yaml or the path of a kernel image, `init` the built
    //vmtests/guest:init. `say` gets lines for the user, `on_record` every record as it is appended
    to `results`.
    """
    program = shutil.which(qemu.PROGRAM)
    if program is None:
        return _failure(
            Kind.START_FAILURE,
            f"{qemu.PROGRAM} is not installed: apt-get install qemu-system-x86",
        )
    payload = Payload(
        launcher=launcher,
        suite=suite,
        probe=probe,
        testee=testee,
        tests=tests,
        launcher_arguments=tuple(options.launcher_arguments),
        extra_files=tuple(options.extra_files),
        sabotage=options.sabotage,
        deny=options.deny,
        denied=tuple(options.denied),
        loader=tuple(options.loader),
        libraries=tuple(options.libraries),
        testee_word=options.testee,
    )
    try:
        if "/" not in kernel:
            found = default_fetcher(say).get(kernel)
    except KernelError as error:
        # Nothing is wrong with the kernel: it could not be had.
        return _failure(Kind.INFRASTRUCTURE, str(error))
    try:
        if "/" in kernel:
            found = own_kernel(Path(kernel), options.modules)
        return _Run(found, payload, init, results, options, say, on_record, program).run()
    except (KernelError, ModuleError) as error:
        return _failure(Kind.START_FAILURE, str(error))
    except (TreeError, ElfError) as error:
        return _failure(Kind.INFRASTRUCTURE, f"cannot make the guest's image: {error}")
    except OSError as error:
        return _failure(Kind.INFRASTRUCTURE, str(error))
