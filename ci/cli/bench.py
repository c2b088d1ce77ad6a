# SPDX-License-Identifier: Apache-2.0
"""`lxcspec bench`: two implementations measured in one interleaved run, as ratios."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ci.cli import bench_words, paths, prepare
from ci.cli.bench_programs import PROGRAMS
from ci.cli.errors import OK
from ci.cli.options import Commands, positive

_DETAILS = """
    Does the same with two implementations and prints the ratio of their times, and to the floor,
    which is what the machine takes for it at least. The repetitions of both and of the floor are
    interleaved at random in one process, because times from different runs do not compare on a
    noisy machine. Each figure is a median; "9 of 10" is what nine in ten of the testee's
    repetitions stay below. Where single calls are timed, their percentiles are counters below.
    All but config_parse and ring need root. The words compare builds, hold the reference against
    its targets, and follow the project's speed from commit to commit.
"""

_EXAMPLES = """
    ./lxcspec bench                                     all; the reference and the system's liblxc
    ./lxcspec bench --testee ./liblxc.so.1 --against reference
    ./lxcspec bench --program lifecycle --repetitions 41 --json out.json
    ./lxcspec bench --program console --filter LogCall --html console.html
    ./lxcspec bench targets                             is the reference as fast as it is to be?
    ./lxcspec bench compare HEAD^ HEAD                  did this commit make anything slower?
    ./lxcspec bench history --html history.html
"""


def add_to(commands: Commands) -> None:
    parser = commands.add(
        "bench", "compare how fast two implementations are", _DETAILS, _EXAMPLES, execute
    )
    parser.add_argument(
        "--testee", metavar="PATH|NAME", default="reference", help="what to measure"
    )
    parser.add_argument(
        "--against", metavar="PATH|NAME", default="liblxc", help="what to compare with"
    )
    names = ", ".join(f"{name} ({program.what})" for name, program in PROGRAMS.items())
    parser.add_argument(
        "--program",
        action="append",
        choices=sorted(PROGRAMS),
        help=f"what they do, more than once for several: {names}; default: all",
    )
    parser.add_argument(
        "--filter", metavar="REGEX", default="", help="of benchmarks, Google Benchmark's way"
    )
    parser.add_argument(
        "--repetitions", metavar="N", type=positive, default=21, help="of each benchmark (21)"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="keep Google Benchmark's reports")
    parser.add_argument("--html", metavar="FILE", type=Path, help="a page with the ratios as bars")
    bench_words.add_to(commands)


def execute(options: argparse.Namespace) -> int:
    """Prints a table of ratios."""
    prepare.for_building()
    from ci.cli import bench_output, bench_programs, testees

    testee, against = testees.resolve([options.testee, options.against])
    run = bench_programs.Run(testee, against, options.repetitions, options.filter)
    names = list(dict.fromkeys(options.program or PROGRAMS))
    reports = bench_programs.measure_all(names, run)
    if options.json:
        paths.write(options.json, json.dumps(reports, indent=1) + "\n")
    measured = bench_output.ratios_of(reports)
    if options.html:
        from bench import ratio_page

        programs = [
            ratio_page.Program(one.what, one.names(testee.name, against.name), one.rows)
            for one in measured
        ]
        title = f"{testee.name} and {against.name}"
        paths.write(options.html, ratio_page.render(title, programs))
    bench_output.print_ratios(testee.name, against.name, measured)
    return OK
