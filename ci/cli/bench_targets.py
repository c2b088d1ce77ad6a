# SPDX-License-Identifier: Apache-2.0
"""`lxcspec bench targets`: what the reference is to reach, measured."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Sequence

from ci.cli import paths, prepare
from ci.cli.errors import OK, VERDICT, InfrastructureError, UsageError
from ci.cli.options import Commands, positive

_DETAILS = """
    Measures everything that bench/targets.yaml has an aim for, the reference against liblxc in one
    interleaved run of each program, and prints a row for each aim. An aim that is missed is
    known where the file says what stands in its way. Needs root, and a machine with little else
    to do: processes that wait for a processor make every ratio one of their waits.

    Exit codes: 0 every aim is reached or known to be missed, 1 another one is missed.
"""
_EXAMPLES = """
    ./lxcspec bench targets
    ./lxcspec bench targets --json measured.json --markdown bench/RESULTS.md
    ./lxcspec bench targets --from measured.json         judge what was measured before
"""


def add_to(commands: Commands) -> None:
    parser = commands.add_word(
        "bench",
        "targets",
        "is the reference as fast as it is to be?",
        _DETAILS,
        _EXAMPLES,
        _execute,
    )
    parser.add_argument(
        "--against", metavar="PATH|NAME", default="liblxc", help="what the shares are of"
    )
    parser.add_argument(
        "--repetitions", metavar="N", type=positive, default=21, help="of each benchmark (21)"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="keep what was measured")
    parser.add_argument("--from", metavar="FILE", type=Path, dest="kept", help="measured before")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="the table as a document")


def _read(file: Path) -> dict[str, Any]:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: {error}") from error
    if not isinstance(kept, dict) or not {"facts", "reports"} <= kept.keys():
        raise UsageError(f"{file}: not what 'bench targets --json' writes")
    return kept


def _facts(versions: Sequence[str]) -> dict[str, str]:
    """What a figure is worth nothing without."""
    import datetime
    import os

    from bench.tracking import fingerprint

    machine = fingerprint.of_this_machine().as_json()
    return {
        "date": datetime.date.today().isoformat(),
        "implementations": " and ".join(versions),
        "load before": f"{os.getloadavg()[0]:.1f}",
        "processors": str(os.cpu_count()),
        **{name: str(machine[name]) for name in ("cpu", "kernel", "virtualisation")},
    }


def _execute(options: argparse.Namespace) -> int:
    prepare.for_building()
    from bench import ratios, targets
    from ci.cli import bench_output, bench_programs, testees

    if options.kept:
        kept = _read(options.kept)
    else:
        testee, against = testees.resolve([testees.REFERENCE, options.against])
        facts = _facts([testee.name, against.name])
        run = bench_programs.Run(testee, against, options.repetitions)
        names = ("ring", "console", "seccomp", "devices", "lifecycle")
        kept = {"facts": facts, "reports": bench_programs.measure_all(names, run)}
        if options.json:
            paths.write(options.json, json.dumps(kept, indent=1) + "\n")
    try:
        outcomes = targets.judge(targets.load(), list(kept["reports"].values()))
    except (ratios.NotComparable, ValueError) as error:
        raise InfrastructureError(str(error)) from error
    if options.markdown:
        paths.write(options.markdown, targets.document(outcomes, kept["facts"]))
    bench_output.print_outcomes(outcomes)
    return OK if all(outcome.is_known for outcome in outcomes) else VERDICT
