# SPDX-License-Identifier: Apache-2.0
"""Runs of faulty testees in VMs: what needs another cgroup layout or kernel than this machine's."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Callable, Iterable, Iterator

from ci.cli import execution, progress, vm
from ci.cli.errors import InfrastructureError
from ci.cli.execution import Binaries, Plan
from ci.cli.fault_runs import Runs, Task
from ci.cli.testees import Testee
from ci.faults.judge import by_test
from ci.reports import results
from ci.reports.results import Result


class VmRuns(Runs):
    """Makes the testees in `folder` and runs each task in a guest of its own, one at a time."""

    def __init__(self, folder: Path, binaries: Binaries, testee: Testee, kernel: str) -> None:
        super().__init__(folder, binaries, testee)
        self._kernel = kernel

    def run(
        self, tasks: Iterable[Task], at_once: int, jobs: int, show: Callable[[str], None]
    ) -> Iterator[tuple[Task, dict[str, Result]]]:
        """Yields each task's results by test as it ends."""
        for task in tasks:
            show(f"{task.fault} on Linux {self._kernel}")
            yield task, self._in_guest(task, jobs)

    def _in_guest(self, task: Task, jobs: int) -> dict[str, Result]:
        plan = Plan(tests=task.tests, filtered=True, jobs=jobs)
        file = self._folder / f"{task.fault}.jsonl"
        job = execution.make_job(self.testee(task.fault), plan, self._binaries, file)
        # The faulty testee looks for its original beside itself.
        job = dataclasses.replace(job, libraries=(self._folder / "original",))
        trouble = vm.run(job, self._kernel, progress.Line(quiet=True))
        if trouble:
            raise InfrastructureError(f"{task.fault}: {trouble.text}")
        try:
            return by_test(results.read(file).results)
        except results.ResultsError as error:
            raise InfrastructureError(f"{task.fault}: {error}") from error
