# SPDX-License-Identifier: Apache-2.0
"""Runs the suite in a guest from the command line: `python3 -m vmtests.runner --help`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vmtests.guest.image import SABOTAGE, Sabotage
from vmtests.runner.endings import Kind
from vmtests.runner.results import Record
from vmtests.runner.run import Options, run_in_vm

_EXIT = {Kind.FINISHED: 0, Kind.SPLAT: 1}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vmtests.runner", description=__doc__)
    for name in ("init", "launcher", "suite", "probe", "testee", "results"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--kernel", default="6.1", help="series or path of an image [6.1]")
    parser.add_argument("--modules", type=Path, help="modules of a kernel of one's own")
    parser.add_argument("--test", action="append", dest="tests", help="only this test")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--memory", type=int, default=1024, help="MiB [1024]")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--time-limit", type=float, help="seconds for the whole run")
    parser.add_argument("--launcher-argument", action="append", default=[])
    parser.add_argument(
        "--sabotage", nargs=2, metavar=("ACT", "TEST"), help=f"one of {', '.join(SABOTAGE)}"
    )
    return parser


def _show(record: Record) -> None:
    if record["record"] == "result":
        reason = f" ({record['reason']})" if record.get("reason") else ""
        print(f"{record['verdict']:12} {record['test']}{reason}", flush=True)


def main() -> int:
    """Exit 0 for a finished run, 1 if the kernel complained, 3 for any other ending."""
    arguments = _parser().parse_args()
    ending = run_in_vm(
        arguments.kernel,
        arguments.launcher,
        arguments.suite,
        arguments.probe,
        arguments.testee,
        arguments.results,
        init=arguments.init,
        tests=arguments.tests,
        options=Options(
            memory_mib=arguments.memory,
            jobs=arguments.jobs,
            launcher_arguments=arguments.launcher_argument,
            resume=arguments.resume,
            modules=arguments.modules,
            time_limit=arguments.time_limit,
            sabotage=Sabotage(*arguments.sabotage) if arguments.sabotage else None,
        ),
        say=lambda line: print(line, file=sys.stderr, flush=True),
        on_record=_show,
    )
    print(f"{ending.kind.value}: {ending.reason}", file=sys.stderr)
    for number, guest in enumerate(ending.guests, 1):
        boot = f", booted in {guest.boot_seconds:.1f} s" if guest.boot_seconds else ""
        print(f"guest {number}: {guest.kind.value}{boot}: {guest.logs}", file=sys.stderr)
    return _EXIT.get(ending.kind, 3)


if __name__ == "__main__":
    sys.exit(main())
