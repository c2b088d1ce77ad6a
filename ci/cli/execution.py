# SPDX-License-Identifier: Apache-2.0
"""Executes the suite against one testee, here or in a VM; what comes back is a results file."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ci.cli import bazel, host, paths, progress, vm
from ci.cli.errors import InfrastructureError, Interrupted
from ci.cli.host import Job, Trouble
from ci.cli.testees import REFERENCE_TARGET, Testee

DEFAULT_KERNEL = "6.1"
_TARGETS = {
    "launcher": "//conformance/launcher:launcher",
    "suite": "//conformance/tests:suite",
    "probe": "//conformance/probes:probe",
    "init": vm.INIT_TARGET,
    "deny": "//conformance/deny:deny",
}
# What only a VM needs.
_VM_ONLY = ("init", "deny")


def default_jobs(in_vm: bool) -> int:
    """How many tests run at once.

    A test that starts a container waits longer than it computes, for the kernel to move processes
    between cgroups and to take namespaces away: on two processors the suite needs 120 seconds of
    them for the reference, and takes 67 with eight tests at once. Under emulation it computes more.
    """
    cores = os.cpu_count() or 1
    return cores if in_vm else 4 * cores


@dataclass(frozen=True)
class Binaries:
    """What was built."""

    bazel_bin: Path
    launcher: Path
    suite: Path
    probe: Path
    init: Path
    deny: Path


@dataclass(frozen=True)
class Plan:
    """What to run and how; `kernel` is "" on this machine, else the VM's series."""

    tests: tuple[str, ...]
    filtered: bool
    repeat: int = 1
    seed: int | None = None
    jobs: int = 1
    kernel: str = ""
    resume: Path | None = None
    results: Path | None = None
    several: bool = False
    # The options, as words, that a resumed run must be given again.
    words: tuple[str, ...] = ()

    def results_file(self, testee: Testee) -> Path:
        if self.resume:
            return self.resume.absolute()
        if self.results and self.several:
            return self.results.absolute().with_name(
                f"{self.results.stem}.{testee.name}{self.results.suffix or '.jsonl'}"
            )
        if self.results:
            return self.results.absolute()
        return paths.new_results_file(testee.name)


@dataclass(frozen=True)
class Executed:
    """One testee's results file; `trouble` says why it may be incomplete."""

    testee: Testee
    results: Path
    trouble: Trouble | None


def build(line: progress.Line, with_reference: bool, with_vm: bool) -> Binaries:
    """Builds what a run needs, and no more."""
    targets = [label for name, label in _TARGETS.items() if with_vm or name not in _VM_ONLY]
    if with_reference:
        targets.append(REFERENCE_TARGET)
    folder = bazel.build(targets, line)
    found = {
        name: folder / label.removeprefix("//").replace(":", "/")
        for name, label in _TARGETS.items()
    }
    return Binaries(bazel_bin=folder, **found)


def list_tests(binaries: Binaries) -> list[str]:
    """The names of the suite's tests, Suite.Test, in its own order."""
    return names_of(binaries.suite)


def names_of(suite: Path) -> list[str]:
    """The same, of a program."""
    listing = subprocess.run(
        [suite, "--gtest_list_tests"], capture_output=True, text=True, check=False
    )
    if listing.returncode:
        raise InfrastructureError(f"the suite cannot list its tests: {listing.stderr.strip()}")
    names: list[str] = []
    group = ""
    for text in listing.stdout.splitlines():
        word = text.split("#", 1)[0].rstrip()
        if not text.startswith(" ") and word.endswith("."):
            group = word
        elif text.startswith("  ") and group:
            names.append(group + word.strip())
    if not names:
        raise InfrastructureError("the suite has no test")
    return names


def _how_to_resume(testee: Testee, plan: Plan, results: Path) -> str:
    words = ["--testee", testee.word, *plan.words, "--resume", paths.shown(results)]
    return f"./lxcspec run {shlex.join(words)}"


def make_job(testee: Testee, plan: Plan, binaries: Binaries, results: Path) -> Job:
    """One testee's part of the plan."""
    return Job(
        name=testee.name,
        path=testee.located(binaries.bazel_bin),
        command=testee.command,
        launcher=binaries.launcher,
        suite=binaries.suite,
        probe=binaries.probe,
        results=results,
        tests=plan.tests if plan.filtered else (),
        total=len(plan.tests) * plan.repeat,
        repeat=plan.repeat,
        seed=plan.seed,
        jobs=plan.jobs,
        resume=plan.resume is not None,
        init=binaries.init,
        loader=testee.loader,
        folder=testee.folder,
    )


def execute(testee: Testee, plan: Plan, binaries: Binaries, line: progress.Line) -> Executed:
    """Runs the plan against one testee."""
    results = plan.results_file(testee)
    job = make_job(testee, plan, binaries, results)
    try:
        trouble = vm.run(job, plan.kernel, line) if plan.kernel else host.run(job, line)
    except KeyboardInterrupt as error:
        line.clear()
        kept = f"results so far are in {paths.shown(results)}" if results.exists() else "no results"
        todo = f"\nto go on: {_how_to_resume(testee, plan, results)}" if results.exists() else ""
        raise Interrupted(f"interrupted; {kept}{todo}") from error
    return Executed(testee, results, trouble)
