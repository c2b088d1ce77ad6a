# SPDX-License-Identifier: Apache-2.0
"""`lxcspec matrix`: the suite on every kernel, and the first one on which something differs."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Sequence

from ci.cli import prepare, progress
from ci.cli.errors import OK, VERDICT, InfrastructureError, UsageError
from ci.cli.options import Commands, positive

if TYPE_CHECKING:
    from vmtests.matrix.outcome import Outcome

_DETAILS = """
    Runs the conformance suite in VMs: every kernel of vmtests/matrix.yaml with each of its cgroup
    layouts, and every testee there. It needs no root. What runs at the same time is bounded by
    cores and memory. Ends with a table of extensions by kernel for each testee, and with the
    first kernel on which something differs.

    Exit codes: 0 as expected, 1 a verdict is not (with --compare: something became worse), 2 bad
    usage, 3 a cell is no evidence (kernel not to be had, VM did not start), 130 interrupted.
"""

_EXAMPLES = """
    ./lxcspec matrix --smoke                                   every kernel, a few tests each
    ./lxcspec matrix --kernels 5.10,6.12 --testees reference
    ./lxcspec matrix --cgroups legacy --extension console_log --html report.html
    ./lxcspec matrix --without like-5.3 --kernels 6.1
    ./lxcspec matrix --json new.json --compare old.json        only what has changed
    ./lxcspec matrix --resume                                  go on where the last one stopped
    ./lxcspec matrix --kernel arch/x86/boot/bzImage --modules out/lib/modules/7.4.0/kernel
    ./lxcspec matrix --kernel bzImage --smt --extension core_scheduling
"""


def _list(text: str) -> list[str]:
    words = [word.strip() for word in text.split(",")]
    if not all(words):
        raise argparse.ArgumentTypeError(f"'{text}' is not a list such as A,B")
    return words


def add_to(commands: Commands) -> None:
    parser = commands.add(
        "matrix", "verify implementations on every kernel", _DETAILS, _EXAMPLES, execute
    )
    what = parser.add_argument_group("what to run")
    what.add_argument("--kernels", metavar="A,B", type=_list, default=[], help="only these series")
    what.add_argument(
        "--testees", metavar="A,B", type=_list, default=[], help="names or paths, as in 'run'"
    )
    what.add_argument(
        "--cgroups",
        metavar="A,B",
        type=_list,
        default=[],
        help="only these layouts: unified, hybrid, legacy",
    )
    what.add_argument(
        "--extension",
        metavar="NAME",
        action="append",
        default=[],
        help="only its tests; repeatable",
    )
    what.add_argument("--smoke", action="store_true", help="a few tests, one testee, one layout")
    what.add_argument(
        "--without",
        metavar="CALL,PRESET",
        type=_list,
        default=[],
        help="system calls that answer ENOSYS below the testee; presets: like-5.3, like-4.19",
    )
    what.add_argument("--kernel", metavar="PATH", type=Path, help="a kernel that you have built")
    what.add_argument("--modules", metavar="DIR", type=Path, help="that kernel's modules")
    what.add_argument("--smt", action="store_true", help="guests whose cores have two threads")
    how = parser.add_argument_group("how")
    how.add_argument("--jobs", metavar="N", type=positive, help="cells at once (default: by cores)")
    how.add_argument("--resume", action="store_true", help="keep what the last matrix has finished")
    out = parser.add_argument_group("results")
    out.add_argument("--json", metavar="FILE", type=Path, help="write the report as JSON")
    out.add_argument("--junit", metavar="FILE", type=Path, help="write the report as JUnit XML")
    out.add_argument("--html", metavar="FILE", type=Path, help="write the report as one HTML file")
    out.add_argument(
        "--compare", metavar="OLD", type=Path, help="print only what changed since a JSON report"
    )
    out.add_argument(
        "--join",
        metavar="REPORT",
        nargs="+",
        type=Path,
        default=[],
        help="run nothing: make one report of these JSON reports",
    )
    out.add_argument("--quiet", action="store_true", help="no progress")
    data = parser.add_argument_group("data")
    data.add_argument(
        "--refresh-lock",
        action="store_true",
        help="rewrite the kernels' lock file, and run nothing",
    )
    data.add_argument(
        "--refresh-capabilities",
        action="store_true",
        help="rewrite what is known of each kernel that is run",
    )


def _check(options: argparse.Namespace) -> None:
    if options.modules and not options.kernel:
        raise UsageError("--modules belongs to a kernel of your own: add --kernel PATH")
    if options.kernel and options.kernels:
        raise UsageError("--kernel PATH runs that kernel alone: leave out --kernels")
    for out in (options.json, options.junit, options.html):
        if out and not out.absolute().parent.is_dir():
            raise UsageError(f"there is no folder {out.absolute().parent}")
    for report in options.join:
        if not report.is_file():
            raise UsageError(f"there is no report {report}")
    if options.compare and not options.compare.is_file():
        raise UsageError(f"there is no report {options.compare}")


def _write(path: Path | None, text: str) -> None:
    if path is None:
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InfrastructureError(f"{path}: {error.strerror}") from error


def _refresh_lock(quiet: bool) -> int:
    from vmtests.kernels import fetch
    from vmtests.kernels.errors import KernelError

    try:
        fetch.refresh_lock(lambda text: progress.say(text, quiet))
    except KernelError as error:
        raise InfrastructureError(str(error)) from error
    progress.say("vmtests/kernels/lock.yaml is rewritten: see the difference.", quiet)
    return OK


def _load(path: Path) -> list[Outcome]:
    from vmtests.matrix import outcome

    try:
        return outcome.load(path.read_text(encoding="utf-8"), str(path))
    except (outcome.ReportError, OSError) as error:
        raise UsageError(str(error)) from error


def _report(options: argparse.Namespace, outcomes: Sequence[Outcome], seconds: float) -> int:
    """Writes what was asked for, prints the rest, and returns the exit code."""
    from vmtests.matrix import differences, outcome, render, web

    old = _load(options.compare) if options.compare else None
    _write(options.json, outcome.dump(outcomes, seconds))
    _write(options.junit, render.junit(outcomes))
    _write(options.html, web.page(outcomes, seconds))
    if old is not None:
        found = differences.with_report(old, outcomes)
        print(render.comparison_text(found), end="")
        return VERDICT if any(difference.regression for difference in found) else OK
    print(render.text(outcomes, seconds), end="")
    return outcome.exit_code(outcomes)


def _join(options: argparse.Namespace) -> int:
    """One report of several; of a cell that is in more than one, the last counts."""
    joined = {outcome.cell: outcome for path in options.join for outcome in _load(path)}
    outcomes = list(joined.values())
    return _report(options, outcomes, sum(outcome.seconds for outcome in outcomes))


def execute(options: argparse.Namespace) -> int:
    """Runs the chosen cells and reports."""
    _check(options)
    if options.join:
        prepare.for_reading()
        return _join(options)
    if options.refresh_lock:
        prepare.for_reading()
        return _refresh_lock(options.quiet)
    prepare.for_building()
    # What these need may only now be installed.
    from ci.cli import cells, execution, specification, testees
    from vmtests.matrix import capabilities, plan

    matrix = plan.read()
    catalogue = specification.load()
    specification.check_names(catalogue, options.extension, [])
    words: Sequence[str] = options.testees or (
        matrix.testees[:1] if options.smoke else matrix.testees
    )
    chosen = {testee.name: testee for testee in testees.resolve(words)}
    own = str(options.kernel.absolute()) if options.kernel else ""
    choice = plan.Choice(
        kernels=options.kernels,
        testees=tuple(chosen),
        cgroups=options.cgroups,
        denied=options.without,
        smoke=options.smoke,
        own_kernel=own,
    )
    try:
        wanted = plan.expand(matrix, choice)
    except plan.MatrixError as error:
        raise UsageError(str(error)) from error

    began = time.monotonic()
    with progress.Line(options.quiet) as line:
        binaries = execution.build(line, any(t.path is None for t in chosen.values()), True)
        known = execution.list_tests(binaries)
        tests = specification.select(catalogue, known, options.extension, [])
        if options.smoke:
            tests = [name for name in tests if name in matrix.smoke]
        setting = cells.Setting(
            matrix=matrix,
            catalogue=catalogue,
            binaries=binaries,
            testees=chosen,
            tests=tuple(tests),
            all_tests=len(tests) == len(known),
            modules=options.modules,
            resume=options.resume,
            table=capabilities.read(),
            refreshing=options.refresh_capabilities,
            smt=options.smt,
        )
        with cells.alone(cells.cells_folder()):
            outcomes = cells.Runner(setting, line, options.quiet).run(wanted, options.jobs)
    seconds = time.monotonic() - began
    if options.refresh_capabilities:
        capabilities.FILE.write_text(
            capabilities.dump(capabilities.updated(setting.table, outcomes)), encoding="utf-8"
        )
    return _report(options, outcomes, seconds)
