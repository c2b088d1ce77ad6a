# SPDX-License-Identifier: Apache-2.0
"""Runs the cells of the kernel matrix, each in a process, and judges what they bring back."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

from ci.cli import outcome as reports
from ci.cli import paths, progress
from ci.cli.errors import InfrastructureError, Interrupted
from ci.cli.execution import Binaries
from ci.cli.testees import Testee
from ci.reports import compare, model, problems, results
from vmtests.kernels import fetch
from vmtests.kernels.errors import KernelError
from vmtests.matrix import capabilities, cell as worker
from vmtests.matrix.outcome import (
    INFRASTRUCTURE,
    PASS,
    TEST_FAILURE,
    ExtensionResult,
    Outcome,
    TestResult,
)
from vmtests.matrix.plan import Cell, Matrix
from vmtests.matrix.schedule import Budget, Schedule

# How often the cells' results are looked at, in seconds.
_PERIOD = 0.3
_DETAIL = 600
_NEEDS = re.compile(r"\bneeds (\w+):")
_UNEXPECTED_CLAIMS = (model.OVER_CLAIMED, model.UNDER_CLAIMED, model.WRONGLY_GATED)
# A guest that ended so does not stand for the run: the rest went on in another.
_HARMLESS = ("finished", "splat")


@dataclass(frozen=True)
class Setting:
    """What all cells have in common."""

    matrix: Matrix
    catalogue: model.Catalogue
    binaries: Binaries
    testees: Mapping[str, Testee]
    tests: tuple[str, ...]
    all_tests: bool
    modules: Path | None
    resume: bool
    table: capabilities.Table
    # The table is about to be rewritten, so that it may be stale.
    refreshing: bool = False
    # Two threads a core in the guests.
    smt: bool = False


def available_memory_mib() -> int:
    """What this machine can give to guests without swapping."""
    try:
        for text in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if text.startswith("MemAvailable:"):
                return int(text.split()[1]) // 1024
    except (OSError, ValueError):
        pass
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20


def cells_folder() -> Path:
    """Where each cell has a folder."""
    return paths.cache() / "matrix"


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keeps other matrices out of the folder, whose cells would mix with this one's."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InfrastructureError(
                f"another matrix is running in {paths.shown(folder)}: wait for it, or use another "
                "clone"
            ) from error
        yield


@dataclass
class _Running:
    process: subprocess.Popen[bytes]
    folder: Path
    done: int = 0
    offset: int = 0


def with_required(run: results.Run, required: frozenset[str]) -> results.Run:
    """What was left out for a need that the kernel must have is broken."""
    absent = {name for name in required if name in run.needs and not run.needs[name].present}

    def judged(result: results.Result) -> results.Result:
        match = _NEEDS.search(result.reason)
        if result.verdict != model.UNSUPPORTED or not match or match[1] not in absent:
            return result
        reason = f"matrix.yaml says that this kernel has {match[1]}; {result.reason}"
        return replace(result, verdict=model.BROKEN, reason=reason)

    return replace(run, results=[judged(result) for result in run.results])


def ending_of(kept: Mapping[str, Any], found: Sequence[problems.Problem]) -> tuple[str, str]:
    """The cell's ending and its reason."""
    kind, reason = str(kept["kind"]), str(kept["reason"])
    for guest in kept["guests"]:
        if guest["kind"] not in _HARMLESS and not guest["emulators_fault"]:
            return str(guest["kind"]), str(guest["reason"])
    if kind != "finished":
        return kind, reason
    if not found:
        return PASS, ""
    if all(problem.infrastructure for problem in found):
        return INFRASTRUCTURE, found[0].what
    return TEST_FAILURE, ""


def judge(
    cell: Cell, kept: Mapping[str, Any], run: results.Run | None, setting: Setting
) -> Outcome:
    """From what a cell has brought back to its outcome."""
    boots = [guest["boot_seconds"] for guest in kept["guests"] if guest["boot_seconds"]]
    logs = next((guest["logs"] for guest in reversed(kept["guests"]) if guest["logs"]), "")
    base = Outcome(
        cell=cell,
        ending=str(kept["kind"]),
        reason=str(kept["reason"]),
        seconds=float(kept["seconds"]),
        boot_seconds=boots[0] if boots else None,
        guests=len(kept["guests"]),
        logs=logs,
    )
    if run is None:
        ending, reason = ending_of(kept, ())
        lost = ending in (PASS, "splat")
        return replace(
            base,
            ending=INFRASTRUCTURE if lost else ending,
            reason="there are no results" if lost else reason,
        )
    required = frozenset() if cell.denied else setting.matrix.required(cell.kernel, cell.cgroup)
    run = with_required(run, required)
    book, _ = reports.ledger_of(run, None)
    today = datetime.date.today()
    comparison = compare.compare(run, book, setting.catalogue, today, frozenset(setting.tests))
    lines = [f"{p.what}. {_shortened(p.message)}".strip() for p in comparison.problems]
    needs = {name: need.present for name, need in run.needs.items()}
    stale = [] if setting.refreshing else capabilities.staleness(setting.table, cell, needs)
    missing = sorted(name for name in required if not needs.get(name, True))
    lines += [f"matrix.yaml says that kernel {cell.kernel} has {name}" for name in missing]
    ending, reason = ending_of(kept, comparison.problems)
    if ending == PASS and (stale or missing):
        ending, reason = INFRASTRUCTURE, (stale or lines)[0]
    troubled = {problem.test for problem in comparison.problems if problem.test}
    return replace(
        base,
        ending=ending,
        reason=reason,
        release=run.kernel,
        version=run.version,
        extensions={
            each.extension.name: ExtensionResult(
                each.claim.verdict,
                each.counts,
                expected=each.claim.verdict not in _UNEXPECTED_CLAIMS or bool(each.because),
            )
            for each in comparison.extensions
            if each.extension.chapter
        },
        tests={
            test.name: TestResult(
                test.verdict,
                test.extension,
                _shortened(test.because or test.reason or test.message),
                expected=test.verdict in model.EXPECTED and test.name not in troubled,
            )
            for test in comparison.tests
        },
        needs=needs,
        problems=(*lines, *stale),
    )


def _shortened(text: str) -> str:
    return text if len(text) <= _DETAIL else text[:_DETAIL] + " ..."


@dataclass
class Runner:
    """Runs cells side by side, shows how far they are, and keeps their folders."""

    setting: Setting
    line: progress.Line
    quiet: bool
    outcomes: list[Outcome] = field(default_factory=list)
    _running: dict[Cell, _Running] = field(default_factory=dict)
    _total: int = 0

    def run(self, cells: Sequence[Cell], jobs: int | None) -> list[Outcome]:
        """Runs to the end; an interrupt ends the guests and says how to go on."""
        matrix = self.setting.matrix
        self._total = len(cells)
        waiting = self._with_kernels(cells)
        budget = Budget(os.cpu_count() or 1, available_memory_mib(), jobs)
        schedule = Schedule(budget, matrix.cpus, matrix.memory_mib, waiting)
        try:
            while not schedule.finished:
                for cell in schedule.start():
                    if not self._start(cell):
                        schedule.end(cell)
                for cell in [c for c, r in self._running.items() if r.process.poll() is not None]:
                    schedule.end(cell)
                    self._end(cell)
                self._show()
                if self._running:
                    time.sleep(_PERIOD)
        except KeyboardInterrupt as error:
            self._stop()
            self.line.clear()
            raise Interrupted(
                f"interrupted after {len(self.outcomes)} of {self._total} cells; to go on, give "
                "the same options and --resume"
            ) from error
        return self.outcomes

    def _with_kernels(self, cells: Sequence[Cell]) -> list[Cell]:
        """Fetches every kernel before the first guest; a cell without one has its outcome now."""

        def show(done: int, total: int) -> None:
            self.line.show(f"{done >> 20} of {total >> 20} MiB")

        fetcher = fetch.default_fetcher(lambda text: progress.say(text, self.quiet), show)
        failed: dict[str, str] = {}
        for kernel in dict.fromkeys(cell.kernel for cell in cells if "/" not in cell.kernel):
            try:
                fetcher.get(kernel)
            except KernelError as error:
                failed[kernel] = str(error)
        for cell in cells:
            if cell.kernel in failed:
                self._note(Outcome(cell, INFRASTRUCTURE, failed[cell.kernel]))
        return [cell for cell in cells if cell.kernel not in failed]

    def _job(self, cell: Cell, folder: Path) -> worker.CellJob:
        setting, binaries = self.setting, self.setting.binaries
        chosen = setting.testees[cell.testee]
        testee = chosen.located(binaries.bazel_bin)
        return worker.CellJob(
            folder=str(folder),
            kernel=cell.kernel,
            modules=str(setting.modules.absolute()) if setting.modules else "",
            cgroup=cell.cgroup,
            denied=cell.denied,
            name=cell.testee,
            launcher=str(binaries.launcher),
            suite=str(binaries.suite),
            probe=str(binaries.probe),
            testee=str(testee),
            init=str(binaries.init),
            deny=str(binaries.deny),
            tests=() if setting.all_tests else setting.tests,
            jobs=setting.matrix.cpus,
            cpus=setting.matrix.cpus,
            memory_mib=setting.matrix.memory_mib,
            loader=chosen.loader,
            extra=str(chosen.folder) if chosen.folder and chosen.loader else "",
            smt=setting.smt,
        )

    def _start(self, cell: Cell) -> bool:
        """Starts a cell's process; false where an earlier run's outcome is taken."""
        folder = cells_folder() / cell.name
        if cell.denied:
            folder = folder.with_name(f"{cell.name}-without-{len(cell.denied)}")
        job = self._job(cell, folder)
        identity = job.identity()
        before = worker.read_identity(folder) if self.setting.resume else None
        if before == identity:
            kept = worker.ended(folder)
            if kept is not None and kept["complete"]:
                self._judge(cell, folder, kept)
                return False
            if (folder / worker.RESULTS).is_file():
                job = replace(job, resume=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        worker.write_whole(folder / worker.IDENTITY, identity)
        worker.write_whole(folder / worker.JOB, asdict(job))
        with (folder / "cell.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "vmtests.matrix.cell", str(folder / worker.JOB)],
                cwd=paths.TOP,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A process group of its own: an interrupt reaches us alone.
                process_group=0,
            )
        self._running[cell] = _Running(process, folder)
        return True

    def _end(self, cell: Cell) -> None:
        running = self._running.pop(cell)
        kept = worker.ended(running.folder)
        if kept is None:
            log = (running.folder / "cell.log").read_text(encoding="utf-8", errors="replace")
            last = (log.strip().splitlines() or ["it said nothing"])[-1]
            reason = f"the cell's process ended with {running.process.returncode}: {last}"
            self._note(Outcome(cell, INFRASTRUCTURE, reason, logs=str(running.folder)))
            return
        self._judge(cell, running.folder, kept)

    def _judge(self, cell: Cell, folder: Path, kept: Mapping[str, Any]) -> None:
        run = None
        try:
            run = results.read(folder / worker.RESULTS)
        except results.ResultsError:
            pass
        self._note(judge(cell, kept, run, self.setting))

    def _note(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.line.clear()
        why = f": {outcome.reason}" if outcome.reason else ""
        bad = sum(1 for test in outcome.tests.values() if not test.expected)
        tests = f"{len(outcome.tests)} tests, {bad} unexpected, " if outcome.tests else ""
        progress.say(
            f"[{len(self.outcomes)}/{self._total}] {outcome.cell.name}: {outcome.ending} "
            f"({tests}{outcome.seconds:.0f} s){why}",
            self.quiet,
        )

    def _show(self) -> None:
        if not self.line.visible:
            return
        parts = []
        for cell, running in self._running.items():
            path = running.folder / worker.RESULTS
            if path.is_file():
                with path.open("rb") as file:
                    file.seek(running.offset)
                    content = file.read()
                running.offset += len(content)
                running.done += content.count(b'"record":"result"')
            parts.append(f"{cell.name} {running.done}/{len(self.setting.tests)}")
        self.line.show(f"{len(self.outcomes)} of {self._total} cells; {', '.join(parts)}")

    def _stop(self) -> None:
        # QEMU ends with the process that has started it.
        for running in self._running.values():
            running.process.terminate()
        for running in self._running.values():
            running.process.wait()
