# SPDX-License-Identifier: Apache-2.0
"""`lxcspec test`: all of the project's own tests, summed up in one line."""

from __future__ import annotations

import argparse
import datetime
import os
import time
from typing import TYPE_CHECKING

from ci.cli import bazel_tests, prepare, progress
from ci.cli.bazel_tests import Tally
from ci.cli.errors import OK, VERDICT, InfrastructureError
from ci.cli.options import Commands

if TYPE_CHECKING:
    from ci.cli.execution import Executed
    from ci.reports.compare import Comparison
    from ci.reports.model import Catalogue

# Emulated machines are slow: the reference is in one of a newer kernel, and the installed liblxc
# where this machine cannot run it. The matrix has every testee on every kernel.
REFERENCE_KERNEL = "6.12"
LIBLXC_KERNEL = "6.1"


def kernels_for(testee: str, is_root: bool, with_vm: bool) -> list[str]:
    """Where a testee is judged: this machine (""), and series of kernels in VMs."""
    if testee == "reference":
        series = REFERENCE_KERNEL
    else:
        series = "" if is_root else LIBLXC_KERNEL
    return [*([""] if is_root else []), *([series] if with_vm and series else [])]


_DETAILS = """
    Runs everything that proves the project: all Bazel tests, then the conformance tests against
    the reference and the installed liblxc, on this machine, and the reference in a VM. What
    needs root runs in the VMs only where there is none. The last line sums up:
    'N passed, N failed, N skipped'. Exit code 0 only if nothing failed.
"""

_EXAMPLES = """
    ./lxcspec test
    ./lxcspec test --no-vm       leave out the kernels of the matrix
"""


def add_to(commands: Commands) -> None:
    parser = commands.add("test", "run the project's own tests", _DETAILS, _EXAMPLES, execute)
    parser.add_argument("--no-vm", action="store_true", help="nothing in VMs")


def tally_of(comparison: Comparison) -> Tally:
    """Counts a comparison: a failure that the ledger explains is as expected, so it passed."""
    from ci.reports import model

    tally = Tally()
    for test in comparison.tests:
        if test.verdict in (model.PASS, model.EXPECTED_FAIL):
            tally.passed += 1
        elif test.verdict in (model.UNSUPPORTED, model.NOT_RUN):
            tally.skipped += 1
        else:
            tally.fail(f"{test.name}: {test.verdict}")
    # Stale entries, claims and the like are about no single test.
    failing = {t.name for t in comparison.tests if t.verdict not in model.EXPECTED}
    for problem in comparison.problems:
        if problem.test not in failing:
            tally.fail(problem.what)
    return tally


def _unit_tests(is_root: bool, line: progress.Line) -> Tally:
    flags = [] if is_root else ["--test_tag_filters=-local"]
    tally = bazel_tests.run(["//..."], flags, line)
    if not is_root:
        left_out = bazel_tests.count_targets("attr(tags, '\\blocal\\b', tests(//...))")
        print(f"Without root {max(left_out, 0)} test targets that need it are left out.")
        tally.skipped += max(left_out, 0)
    return tally


def _judge(executed: Executed, label: str, catalogue: Catalogue) -> Tally:
    from ci.cli import outcome
    from ci.reports import compare, results, table

    tally = Tally()
    if executed.trouble:
        print(f"{label}: {executed.trouble.text}")
        tally.fail(executed.trouble.text)
    try:
        run = results.read(executed.results)
    except results.ResultsError as error:
        if not executed.trouble:
            tally.fail(str(error))
        return tally
    book, _ = outcome.ledger_of(run, None)
    comparison = compare.compare(run, book, catalogue, datetime.date.today())
    if comparison.problems:
        out = outcome.console()
        out.print(label, markup=False)
        table.print_report(out, comparison, catalogue.requirements, quiet=True)
    else:
        print(f"{label}: {table.summary(comparison)}")
    tally.add(tally_of(comparison))
    return tally


def _conformance(is_root: bool, with_vm: bool, line: progress.Line) -> Tally:
    from ci.cli import execution, specification, testees

    catalogue = specification.load()
    binaries = execution.build(line, with_reference=True, with_vm=with_vm)
    line.clear()
    tests = tuple(execution.list_tests(binaries))
    if not is_root:
        print("Without root the conformance tests run in VMs only.")
    tally = Tally()
    for testee in testees.resolve(testees.DEFAULTS):
        for kernel in kernels_for(testee.name, is_root, with_vm):
            jobs = execution.default_jobs(in_vm=bool(kernel))
            plan = execution.Plan(tests, filtered=False, jobs=jobs, kernel=kernel)
            started = time.monotonic()
            executed = execution.execute(testee, plan, binaries, line)
            line.clear()
            where = f"in a VM on kernel {kernel}" if kernel else "on this machine"
            took = f"{time.monotonic() - started:.0f} s"
            tally.add(_judge(executed, f"{testee.name} {where}, {took}", catalogue))
    return tally


def execute(options: argparse.Namespace) -> int:
    """Runs all tests; the closing line is for programs as well."""
    prepare.for_building()
    is_root = os.geteuid() == 0
    started = time.monotonic()
    with progress.Line() as line:
        unit = _unit_tests(is_root, line)
        for failure in unit.failures:
            print(f"FAILED {failure}")
        counts = f"{unit.passed} passed, {unit.failed} failed, {unit.skipped} skipped"
        print(f"bazel test, {time.monotonic() - started:.0f} s with building: {counts}")
        try:
            conformance = _conformance(is_root, not options.no_vm, line)
        except InfrastructureError as error:
            conformance = Tally()
            conformance.fail(str(error))
            print(f"FAILED conformance: {error}")
    total = Tally()
    total.add(unit)
    total.add(conformance)
    print("Passed includes failures that are exactly as the ledger says; skipped is unsupported.")
    print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped")
    return OK if not total.failed and total.passed else VERDICT
