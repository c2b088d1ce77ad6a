# SPDX-License-Identifier: Apache-2.0
"""Launcher runs of faulty testees, several at a time, each in a folder of its own."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterable, Iterator, Sequence

from ci.cli import execution, host
from ci.cli.errors import InfrastructureError
from ci.cli.execution import Binaries, Plan
from ci.cli.testees import Testee
from ci.faults.judge import Fault, by_test
from ci.reports import results
from ci.reports.results import Result

FAULTY_TARGET = "//conformance/faults:faulty.so"
LIST_TARGET = "//conformance/faults:list"
# The faulty testee without a fault (conformance/faults/wrapper.h).
NONE = "none"
# How often finished runs are looked for, in seconds.
_PERIOD = 0.05


def known(bazel_bin: Path) -> list[Fault]:
    """Every fault that was built, in the order of the sources."""
    program = bazel_bin / "conformance" / "faults" / "list"
    answer = subprocess.run([program], capture_output=True, text=True, check=False)
    if answer.returncode:
        raise InfrastructureError(f"{program} ended with {answer.returncode}: {answer.stderr}")
    records = [json.loads(line) for line in answer.stdout.splitlines()]
    return [Fault(each["id"], each["requirement"], each["what"]) for each in records]


@dataclass(frozen=True)
class Task:
    """Tests to run against the faulty testee of that id."""

    fault: str
    tests: tuple[str, ...]


@dataclass
class _Started:
    task: Task
    process: subprocess.Popen[bytes]
    job: host.Job


class Runs:
    """Makes the testees in `folder` and runs tasks against them."""

    def __init__(self, folder: Path, binaries: Binaries, testee: Testee) -> None:
        self._folder = folder
        self._binaries = binaries
        self._faulty = binaries.bazel_bin / "conformance" / "faults" / "faulty.so"
        self._good = testee
        self._original = testee.located(binaries.bazel_bin).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "original").unlink(missing_ok=True)
        (folder / "original").symlink_to(self._original)

    def testee(self, fault: str) -> Testee:
        """The faulty testee of that id."""
        # Not a symbolic link: the launcher loads a testee by its real path.
        path = self._folder / f"{fault}.so"
        path.unlink(missing_ok=True)
        try:
            path.hardlink_to(self._faulty.resolve())
        except OSError:
            shutil.copyfile(self._faulty, path)
        return Testee(fault, path, self._good.loader)

    def _start(self, task: Task, jobs: int) -> _Started:
        plan = Plan(tests=task.tests, filtered=True, jobs=jobs)
        file = self._folder / f"{task.fault}.jsonl"
        file.unlink(missing_ok=True)
        job = execution.make_job(self.testee(task.fault), plan, self._binaries, file)
        arguments = host.launcher_arguments(job, None) + host.visible(
            self._good.folder or self._original.parent
        )
        tests = self._folder / f"{task.fault}.tests"
        tests.write_text("".join(f"{name}\n" for name in task.tests), encoding="utf-8")
        said = (self._folder / f"{task.fault}.said").open("wb")
        with said:
            process = subprocess.Popen(
                [str(job.launcher), *arguments, f"--tests={tests}"],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        return _Started(task, process, dataclasses.replace(job, tests=task.tests))

    def _finish(self, started: _Started) -> dict[str, Result]:
        said = (self._folder / f"{started.task.fault}.said").read_text(errors="replace").strip()
        if started.process.returncode:
            ended = f"the launcher ended with {started.process.returncode}: {said}"
            raise InfrastructureError(f"{started.task.fault}: {ended}")
        try:
            return by_test(results.read(started.job.results).results)
        except results.ResultsError as error:
            raise InfrastructureError(f"{started.task.fault}: {error}") from error

    def run(
        self, tasks: Iterable[Task], at_once: int, jobs: int, show: Callable[[str], None]
    ) -> Iterator[tuple[Task, dict[str, Result]]]:
        """Yields each task's results by test as it ends. An interrupt ends what runs."""
        waiting = list(tasks)[::-1]
        running: list[_Started] = []
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    running.append(self._start(waiting.pop(), jobs))
                ended = [each for each in running if each.process.poll() is not None]
                for each in ended:
                    running.remove(each)
                    yield each.task, self._finish(each)
                if not ended:
                    show(f"{len(waiting)} to go, now {running[0].task.fault}")
                    time.sleep(_PERIOD)
        finally:
            for each in running:
                host.stop(each.process)


def tests_of(requirement: str, covered: dict[str, Sequence[str]]) -> tuple[str, ...]:
    """The tests that cite a requirement, in the suite's order."""
    return tuple(name for name, cited in covered.items() if requirement in cited)
