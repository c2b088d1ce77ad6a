# SPDX-License-Identifier: Apache-2.0
"""`lxcspec run`: verify implementations and print the verdicts."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ci.cli import prepare, progress
from ci.cli.errors import OK, UsageError
from ci.cli.options import Commands, kernel_series, positive, seed

_DETAILS = """
    Runs the conformance tests against one or more implementations, each test in a process and
    namespaces of its own, compares the results with what is known of the implementation (its
    ledger, conformance/expectations), and prints one verdict per extension and everything that
    was not expected.

    Exit codes: 0 nothing unexpected happened, 1 a verdict is not as expected, 2 bad usage,
    3 infrastructure (nothing ran, the build failed, the VM was lost), 130 interrupted.
"""

_EXAMPLES = """
    ./lxcspec run                                    the reference and the system's liblxc
    ./lxcspec run --testee /opt/lxc/lib/liblxc.so.1  an implementation of your own
    ./lxcspec run --testee "exec:./my_testee.py --quick"   one in another language
    ./lxcspec run --testee liblxc --extension console_log --extension lxc_log
    ./lxcspec run --requirement console_log.overflow_keeps_tail --repeat 20 --shuffle 7
    ./lxcspec run --vm --kernel 6.12 --json report.json --junit report.xml
    ./lxcspec run --testee liblxc --update-expectations
"""


def add_to(commands: Commands) -> None:
    parser = commands.add("run", "verify implementations", _DETAILS, _EXAMPLES, execute)
    what = parser.add_argument_group("what to verify")
    what.add_argument(
        "--testee",
        metavar="PATH|NAME|exec:COMMAND",
        action="append",
        default=[],
        help="a shared object with liblxc's C ABI; 'reference' or 'liblxc' (the system's); or "
        "exec:COMMAND, a program that speaks spec/testee-protocol.md; may be repeated (default: "
        "both names)",
    )
    what.add_argument(
        "--extension",
        metavar="NAME",
        action="append",
        default=[],
        help="only this extension's tests; may be repeated",
    )
    what.add_argument(
        "--requirement",
        metavar="ID",
        action="append",
        default=[],
        help="only the tests of this requirement; may be repeated",
    )
    what.add_argument("--list", action="store_true", help="print the tests, and run none")
    where = parser.add_argument_group("where and how")
    where.add_argument("--vm", action="store_true", help="in a VM (always so without root)")
    where.add_argument(
        "--kernel",
        metavar="SERIES",
        type=kernel_series,
        help="the VM's kernel, such as 6.1",
    )
    where.add_argument(
        "--repeat", metavar="N", type=positive, default=1, help="run each test N times"
    )
    where.add_argument(
        "--shuffle", metavar="SEED", type=seed, help="in an order that SEED determines"
    )
    where.add_argument(
        "--jobs",
        metavar="N",
        type=positive,
        help="tests at once (default: four per core, in a VM one)",
    )
    out = parser.add_argument_group("results")
    out.add_argument("--json", metavar="FILE", type=Path, help="write the report as JSON")
    out.add_argument("--junit", metavar="FILE", type=Path, help="write the report as JUnit XML")
    out.add_argument(
        "--results",
        metavar="FILE",
        type=Path,
        help="keep the raw results here; with several testees, one file each (FILE's name plus "
        "the testee's)",
    )
    out.add_argument(
        "--resume",
        metavar="FILE",
        type=Path,
        help="go on with an interrupted run of one testee, keeping the raw results in FILE",
    )
    out.add_argument(
        "--ledger",
        metavar="FILE|none",
        help="compare with this ledger, or with none, instead of the implementation's own",
    )
    out.add_argument(
        "--update-expectations",
        action="store_true",
        help="rewrite the ledger to what was seen; new entries still need a reason from you",
    )
    out.add_argument("--quiet", action="store_true", help="only the unexpected, and one last line")


def _check(options: argparse.Namespace) -> None:
    if options.kernel and not options.vm:
        raise UsageError("--kernel chooses the VM's kernel: add --vm")
    if options.resume:
        if len(options.testee) != 1:
            raise UsageError("--resume goes on with one testee: name it with --testee")
        if options.results:
            raise UsageError("--resume FILE already names the results file: leave out --results")
        if not options.resume.is_file():
            raise UsageError(f"there is no results file {options.resume} to resume")
    if options.update_expectations and options.ledger == "none":
        raise UsageError("--update-expectations needs a ledger to write")
    for out in (options.json, options.junit, options.results):
        if out and not out.absolute().parent.is_dir():
            raise UsageError(f"there is no folder {out.absolute().parent}")


def _words(options: argparse.Namespace) -> tuple[str, ...]:
    """The options that say what is run where; those of the report may differ when resumed."""
    words = [word for name in options.extension for word in ("--extension", name)]
    words += [word for name in options.requirement for word in ("--requirement", name)]
    for name in ("repeat", "shuffle", "kernel"):
        value = getattr(options, name)
        if value is not None and (name, value) != ("repeat", 1):
            words += [f"--{name}", str(value)]
    return tuple([*words, *(["--vm"] if options.vm else [])])


def execute(options: argparse.Namespace) -> int:
    """Verifies every testee and returns the exit code of the worst."""
    _check(options)
    prepare.for_building()
    # What these need may only now be installed.
    from ci.cli import execution, outcome, specification, testees

    catalogue = specification.load()
    specification.check_names(catalogue, options.extension, options.requirement)
    chosen = testees.resolve(options.testee, programs=True)
    in_vm = options.vm or os.geteuid() != 0
    for testee in chosen if in_vm else ():
        testees.require_travelling(testee)
    if in_vm and not options.vm:
        progress.say("Without root: running in a VM, where no rights are needed.", options.quiet)

    with progress.Line(options.quiet) as line:
        has_reference = any(testee.path is None for testee in chosen)
        running = not options.list
        binaries = execution.build(line, running and has_reference, running and in_vm)
        known = execution.list_tests(binaries)
        tests = specification.select(catalogue, known, options.extension, options.requirement)
        if options.list:
            for name in tests:
                test = catalogue.test_of(name)
                print(f"{name}  {', '.join(test.requirements if test else ())}")
            return OK
        filtered = bool(options.extension or options.requirement)
        plan = execution.Plan(
            tests=tuple(tests),
            filtered=filtered,
            repeat=options.repeat,
            seed=options.shuffle,
            jobs=options.jobs or execution.default_jobs(in_vm),
            kernel=(options.kernel or execution.DEFAULT_KERNEL) if in_vm else "",
            resume=options.resume,
            results=options.results,
            several=len(chosen) > 1,
            words=_words(options),
        )
        report = outcome.Report(options, catalogue)
        for testee in chosen:
            executed = execution.execute(testee, plan, binaries, line)
            line.clear()
            report.add(executed, frozenset(tests))
    return report.finish()
