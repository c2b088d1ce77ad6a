# SPDX-License-Identifier: Apache-2.0
"""`lxcspec faults`: does the suite notice an implementation that is wrong?"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Sequence

from ci.cli import paths, prepare, progress
from ci.cli.errors import OK, VERDICT, Interrupted, UsageError, did_you_mean
from ci.cli.options import Commands, kernel_series, positive

if TYPE_CHECKING:
    from ci.cli.fault_runs import Runs
    from ci.faults.judge import Fault, Summary, Verdict
    from ci.reports import model
    from ci.reports.results import Result

_DETAILS = """
    Runs the suite against faulty testees: each passes every call on to a good one and breaks one
    requirement. A fault is caught if a test of that requirement passes on the good testee and
    not on the faulty one. One that survives, or that only tests of other requirements notice,
    is a hole in the suite. Needs root, or --vm: there is what this kernel or its cgroups lack.

    Exit codes: 0 every fault was caught or cannot be shown on this kernel, 1 one was not,
    2 bad usage, 3 infrastructure.
"""

_EXAMPLES = """
    ./lxcspec faults                            every fault
    ./lxcspec faults --extension init_pidfd     of one extension, with who caught it
    ./lxcspec faults --extension network_ipvlan --vm --kernel 6.12
    ./lxcspec faults --list                     what there is
    ./lxcspec faults --summary                  only the numbers, and what has no fault yet
"""


def add_to(commands: Commands) -> None:
    parser = commands.add(
        "faults", "does the suite catch what is wrong?", _DETAILS, _EXAMPLES, execute
    )
    what = parser.add_argument_group("which faults")
    what.add_argument("--extension", metavar="NAME", action="append", default=[], help="of it")
    what.add_argument("--requirement", metavar="ID", action="append", default=[], help="of it")
    what.add_argument("--fault", metavar="ID", action="append", default=[], help="this one")
    what.add_argument("--list", action="store_true", help="print the faults, and run none")
    how = parser.add_argument_group("how")
    how.add_argument(
        "--testee", metavar="PATH|NAME", help="the good testee (default: the reference)"
    )
    how.add_argument("--jobs", metavar="N", type=positive, help="faults at once (default: cores)")
    how.add_argument("--vm", action="store_true", help="in VMs, one for each fault")
    how.add_argument("--kernel", metavar="SERIES", type=kernel_series, help="the VM's kernel")
    out = parser.add_argument_group("results")
    out.add_argument("--summary", action="store_true", help="print only the numbers")
    out.add_argument("--json", metavar="FILE", type=Path, help="write the verdicts as JSON")
    out.add_argument("--quiet", action="store_true", help="no progress")


def _chosen(options: argparse.Namespace, faults: Sequence[Fault]) -> list[Fault]:
    ids = [fault.id for fault in faults]
    for name in options.fault:
        if name not in ids:
            raise UsageError(f"there is no fault '{name}'.{did_you_mean(name, ids)}")
    chosen = [
        fault
        for fault in faults
        if not (options.extension or options.requirement or options.fault)
        or fault.extension in options.extension
        or fault.requirement in options.requirement
        or fault.id in options.fault
    ]
    if not chosen:
        raise UsageError("what was asked for has no fault yet; './lxcspec faults --list' has all")
    return chosen


def _judge(
    faults: Sequence[Fault],
    covered: dict[str, Sequence[str]],
    runs: Runs,
    at_once: int,
    line: progress.Line,
    verdicts: dict[str, Verdict],
) -> None:
    """The good testee first, then each fault with the tests that can tell; what these do not
    catch once more with all tests of its extension. `verdicts` gets each as it is known, so that
    an interrupt loses none."""
    from ci.cli.fault_runs import NONE, Task, tests_of
    from ci.faults import judge
    from ci.faults.judge import Outcome, Verdict

    extensions = {fault.extension for fault in faults}
    wide = {
        extension: tuple(
            name for name, cited in covered.items() if extension in {r.split(".")[0] for r in cited}
        )
        for extension in extensions
    }
    everything = [name for name in covered if any(name in tests for tests in wide.values())]
    good: dict[str, Result] = {}
    for _, good in runs.run([Task(NONE, tuple(everything))], 1, 2 * at_once, line.show):
        pass

    able: dict[str, tuple[str, ...]] = {}
    for fault in faults:
        own = tests_of(fault.requirement, covered)
        able[fault.id] = tuple(judge.witnesses(own, good))
        if not able[fault.id]:
            why = judge.why_none(own, good)
            verdicts[fault.id] = Verdict(fault, Outcome.UNPROVABLE, why=why)
    by_id = {fault.id: fault for fault in faults}
    tasks = [Task(fault.id, able[fault.id]) for fault in faults if able[fault.id]]
    missed = []
    for task, found in runs.run(tasks, at_once, 2, line.show):
        caught = judge.caught_by(task.tests, found)
        if caught:
            verdicts[task.fault] = Verdict(by_id[task.fault], Outcome.CAUGHT, caught)
        elif not set(task.tests) <= set(found):
            verdicts[task.fault] = Verdict(
                by_id[task.fault], Outcome.BROKEN, why="tests are missing"
            )
        else:
            missed.append(task.fault)
    again = [
        Task(name, tuple(judge.witnesses(wide[by_id[name].extension], good))) for name in missed
    ]
    for task, found in runs.run(again, at_once, 2, line.show):
        others = judge.caught_by(task.tests, found)
        outcome = Outcome.ELSEWHERE if others else Outcome.SURVIVED
        verdicts[task.fault] = Verdict(by_id[task.fault], outcome, others)


def _print(verdicts: Sequence[Verdict], summary: Summary, only_numbers: bool) -> None:
    from ci.cli.outcome import console
    from ci.faults.judge import Outcome

    colours = {Outcome.CAUGHT: "green", Outcome.UNPROVABLE: "yellow"}
    out = console()
    if not only_numbers:
        width = max((len(verdict.fault.id) for verdict in verdicts), default=0)
        for verdict in verdicts:
            colour = colours.get(verdict.outcome, "bold red")
            more = f" and {len(verdict.by) - 1} more" if len(verdict.by) > 1 else ""
            by = f"{verdict.by[0]}{more}" if verdict.by else verdict.why
            word = f"{verdict.outcome.value:17}"
            out.print(f"{verdict.fault.id:{width}}  [{colour}]{word}[/]  {by}")
        out.print()
    for verdict in verdicts:
        if verdict.bad:
            out.print(f"[bold red]{verdict.outcome.value}[/]: {verdict.fault.id}")
            out.print(f"  what it does: {verdict.fault.what}")
            out.print(f"  who should notice: the tests of {verdict.fault.requirement}")
    if only_numbers:
        for name in summary.bare:
            out.print(f"no fault yet: {name}")
    out.print(summary.text)


def _as_json(verdicts: Sequence[Verdict], summary: Summary) -> dict[str, Any]:
    return {
        "schema": 1,
        "faults": [
            {
                "id": verdict.fault.id,
                "requirement": verdict.fault.requirement,
                "what": verdict.fault.what,
                "outcome": verdict.outcome.value,
                "by": list(verdict.by),
                "why": verdict.why,
            }
            for verdict in verdicts
        ],
        "requirements": summary.requirements,
        "without_fault": list(summary.bare),
    }


def _scope(options: argparse.Namespace, catalogue: model.Catalogue) -> list[model.Requirement]:
    """The requirements that the numbers are about."""
    everything = list(catalogue.requirements.values())
    if not (options.extension or options.requirement or options.fault):
        return everything
    ids = {".".join(name.split(".")[:2]) for name in options.fault} | set(options.requirement)
    return [r for r in everything if r.extension in options.extension or r.id in ids]


def execute(options: argparse.Namespace) -> int:
    """Runs the faults and says what became of them."""
    prepare.for_building()
    from ci.cli import bazel, execution, fault_runs, fault_vms, specification, testees
    from ci.faults import judge

    catalogue = specification.load()
    specification.check_names(catalogue, options.extension, options.requirement)
    if options.kernel and not options.vm:
        raise UsageError("--kernel chooses the VM's kernel: add --vm")
    if os.geteuid() and not (options.list or options.vm):
        raise UsageError("faults are tried on this machine, which needs root, or with --vm")
    testee = testees.resolve([options.testee or testees.REFERENCE])[0]
    with progress.Line(options.quiet) as line:
        folder = bazel.build([fault_runs.LIST_TARGET, fault_runs.FAULTY_TARGET], line)
        faults = _chosen(options, fault_runs.known(folder))
        if options.list:
            for fault in faults:
                print(f"{fault.id:60} {fault.what}")
            return OK
        binaries = execution.build(line, testee.path is None, options.vm)
        covered: dict[str, Sequence[str]] = {}
        for name in execution.list_tests(binaries):
            test = catalogue.test_of(name)
            covered[name] = test.requirements if test else ()
        where = paths.cache() / "faults"
        runs = fault_runs.Runs(where, binaries, testee)
        if options.vm:
            kernel = options.kernel or execution.DEFAULT_KERNEL
            runs = fault_vms.VmRuns(where, binaries, testee, kernel)
        at_once = options.jobs or os.cpu_count() or 1
        known: dict[str, Verdict] = {}
        interrupted = False
        try:
            _judge(faults, covered, runs, at_once, line, known)
        except KeyboardInterrupt:
            interrupted = True
    verdicts = [known[fault.id] for fault in faults if fault.id in known]
    scope = _scope(options, catalogue)
    if interrupted:
        # Of the others nothing is known, not even that they have no fault.
        seen = {verdict.fault.requirement for verdict in verdicts}
        scope = [requirement for requirement in scope if requirement.id in seen]
    summary = judge.summarise(scope, verdicts)
    if options.json:
        options.json.write_text(json.dumps(_as_json(verdicts, summary), indent=2) + "\n")
    _print(verdicts, summary, options.summary)
    if interrupted:
        raise Interrupted(f"interrupted: {len(verdicts)} of {len(faults)} faults were judged")
    return VERDICT if any(verdict.bad for verdict in verdicts) else OK
