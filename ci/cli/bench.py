# SPDX-License-Identifier: Apache-2.0
"""`lxcspec bench`: two implementations measured in one interleaved run, as ratios."""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from ci.cli import bench_words, prepare, progress
from ci.cli.errors import OK, InfrastructureError
from ci.cli.options import Commands

# What there is to measure: the program, and the options that name further built files.
_PROGRAMS: dict[str, tuple[str, dict[str, str]]] = {
    "config_parse": ("config_parse_benchmark", {}),
    "lifecycle": ("lifecycle_benchmark", {"--payload": "bench/harness/payload"}),
    "console": ("console_path_benchmark", {"--payload": "bench/harness/payload"}),
}
# Debug builds measure the compiler's patience, not the code.
_FLAGS = ("--compilation_mode=opt",)

_DETAILS = """
    Does the same with two implementations and prints the ratio of their times, and to the floor:
    loads configurations (the floor reads the file's bytes), starts and stops containers (as root;
    the floor makes the namespaces and mounts alone), or reads a container's console (as root). The
    repetitions of both and of the floor are interleaved at random in one process, because times
    from different runs do not compare on a noisy machine. Each figure is a median. The words
    compare builds, and follow the project's speed from commit to commit.
"""

_EXAMPLES = """
    ./lxcspec bench                                     the reference against the system's liblxc
    ./lxcspec bench --testee ./liblxc.so.1 --against reference
    ./lxcspec bench --program lifecycle --repetitions 41 --json out.json
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
    parser.add_argument(
        "--program", choices=sorted(_PROGRAMS), default="config_parse", help="what they do"
    )
    parser.add_argument(
        "--repetitions", metavar="N", type=int, default=21, help="of each benchmark (default: 21)"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="keep Google Benchmark's report")
    bench_words.add_to(commands)


def _measure(command: list[str], report: Path) -> dict[str, Any]:
    measured = subprocess.run(
        [*command, f"--benchmark_out={report}", "--benchmark_out_format=json"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if measured.returncode:
        raise InfrastructureError(measured.stderr.strip() or "the benchmark failed")
    parsed: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return parsed


def execute(options: argparse.Namespace) -> int:
    """Prints a table of ratios."""
    prepare.for_building()
    from rich.table import Table

    from bench import ratios
    from ci.cli import bazel, testees
    from ci.cli.outcome import console

    testee, against = testees.resolve([options.testee, options.against])
    with progress.Line() as line, tempfile.TemporaryDirectory(prefix="lxcspec-") as folder:
        program, files = _PROGRAMS[options.program]
        targets = [f"//bench:{program}", testees.REFERENCE_TARGET]
        targets += ["//{0}:{2}".format(*file.rpartition("/")) for file in files.values()]
        built = bazel.build(targets, line, _FLAGS)
        line.show(f"measuring {testee.name} and {against.name} ...")
        command = [
            str(built / "bench" / program),
            *(f"{option}={built / file}" for option, file in files.items()),
            f"--testee={testee.located(built)}",
            f"--against={against.located(built)}",
            f"--benchmark_repetitions={options.repetitions}",
            "--benchmark_enable_random_interleaving",
            "--benchmark_min_time=0.02",
        ]
        report = _measure(command, options.json or Path(folder) / "report.json")
    try:
        rows, counts = ratios.ratios(report), ratios.counts(report)
    except ratios.NotComparable as error:
        raise InfrastructureError(str(error)) from error

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("benchmark", no_wrap=True)
    for heading in (f"{testee.name} us", f"{against.name} us", "floor us", "ratio", "x floor"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        times = [f"{nanoseconds / 1e3:.1f}" for nanoseconds in (row.testee, row.against, row.floor)]
        table.add_row(row.name, *times, f"{row.to_against:.2f}", f"{row.to_floor:.1f}")
    out = console()
    out.print(table)
    for count in counts:
        values = [
            f"{name} {value:.0f}"
            for name, value in zip(
                (testee.name, against.name, "floor"), (count.testee, count.against, count.floor)
            )
            if value is not None
        ]
        out.print(f"{count.benchmark} {count.counter}: {', '.join(values)}")
    out.print(f"\nratio: {testee.name} to {against.name}; medians of {rows[0].repetitions} rounds")
    return OK
