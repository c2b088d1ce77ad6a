# SPDX-License-Identifier: Apache-2.0
"""One cell of the matrix as a test of Bazel's: runs it, judges it, prints what was not expected."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from ci.cli import cells, specification
from ci.cli.execution import Binaries, list_tests
from ci.reports import results
from vmtests.matrix import capabilities, cell as worker, outcome, plan, render

_PROGRAMS = ("launcher", "suite", "probe", "init", "deny")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in (*_PROGRAMS, "kernel", "testee"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name in ("series", "cgroup", "name"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--smoke", action="store_true")
    return parser


def main() -> int:
    """Exit 0 if the cell is as expected, 1 if not, 3 if it is no evidence."""
    options = _parser().parse_args()
    # A sandbox has no home to remember trials in.
    os.environ["XDG_CACHE_HOME"] = os.environ.get("TEST_TMPDIR") or tempfile.mkdtemp()
    kept = os.environ.get("TEST_UNDECLARED_OUTPUTS_DIR") or tempfile.mkdtemp()
    if not options.testee.stat().st_size:
        print("this machine has no liblxc.so.1: apt-get install liblxc1")
        return 3
    matrix = plan.read()
    paths = {name: getattr(options, name).absolute() for name in _PROGRAMS}
    binaries = Binaries(bazel_bin=Path(kept), **paths)
    known = list_tests(binaries)
    tests = [name for name in known if name in matrix.smoke] if options.smoke else known
    job = worker.CellJob(
        folder=kept,
        kernel=str(options.kernel.absolute()),
        modules=str(options.kernel.absolute().parent / "modules"),
        cgroup=options.cgroup,
        denied=(),
        name=options.name,
        testee=str(options.testee.absolute()),
        tests=tuple(tests) if options.smoke else (),
        jobs=matrix.cpus,
        cpus=matrix.cpus,
        memory_mib=matrix.memory_mib,
        launcher=str(binaries.launcher),
        suite=str(binaries.suite),
        probe=str(binaries.probe),
        init=str(binaries.init),
        deny=str(binaries.deny),
    )
    ended = worker.run(job)
    for line in ended["said"]:
        print(line)
    try:
        run = results.read(Path(kept) / worker.RESULTS)
    except results.ResultsError:
        run = None
    setting = cells.Setting(
        matrix=matrix,
        catalogue=specification.load(),
        binaries=binaries,
        testees={},
        tests=tuple(tests),
        all_tests=not options.smoke,
        modules=None,
        resume=False,
        table=capabilities.read(),
    )
    found = cells.judge(
        plan.Cell(options.series, options.cgroup, options.name), ended, run, setting
    )
    (Path(kept) / "report.json").write_text(outcome.dump([found], found.seconds), encoding="utf-8")
    print(render.text([found], found.seconds))
    return outcome.exit_code([found])


if __name__ == "__main__":
    sys.exit(main())
