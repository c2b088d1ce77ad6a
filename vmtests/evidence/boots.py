# SPDX-License-Identifier: Apache-2.0
"""Boots clean guests, and counts what is said of them that is not so.

Nothing is wrong with any of these guests, so each must end as `finished`, with the one test passed
and without a complaint of the kernel. A guest that emulation itself has ended is told apart, and
is no false alarm as long as the run got over it. `python3 -m vmtests.evidence.boots --help`
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from vmtests.kernels.lock import read as read_lock
from vmtests.runner.endings import Ending, Kind
from vmtests.runner.run import Options, run_in_vm

_TEST = "Fake.ChecksGuest"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vmtests.evidence.boots",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--bin", type=Path, default=Path("bazel-bin"), help="what Bazel has built")
    parser.add_argument(
        "--kernels", default="", help="series, with commas between them [all of lock.yaml]"
    )
    parser.add_argument("--count", type=int, default=50, help="boots, kernels by turns [50]")
    return parser


def _verdicts(results: Path) -> list[str]:
    records = map(json.loads, results.read_text(encoding="utf-8").splitlines())
    return [str(record["verdict"]) for record in records if record["record"] == "result"]


def _boot(kernel: str, binaries: Path, results: Path) -> Ending:
    launcher = binaries / "vmtests/testdata/fake_launcher"
    return run_in_vm(
        kernel,
        launcher,
        Path("/bin/sh"),
        launcher,
        Path("/lib/x86_64-linux-gnu/libc.so.6"),
        results,
        init=binaries / "vmtests/guest/init",
        tests=[_TEST],
        options=Options(launcher_arguments=("--speed", "0.2")),
    )


def false_alarm(ending: Ending, verdicts: Sequence[str]) -> str | None:
    """What was wrongly said of a clean guest, if anything."""
    if ending.kind is not Kind.FINISHED:
        return f"{ending.kind.value}: {ending.reason}"
    if list(verdicts) != ["pass"]:
        return f"verdicts {', '.join(verdicts) or 'none'}"
    for guest in ending.guests:
        if guest.kind is not Kind.FINISHED and not guest.emulators_fault:
            return f"a guest before: {guest.kind.value}: {guest.reason}"
    return None


def main() -> int:
    """Exit 0 if nothing wrong was said, 1 if something was, 3 where nothing is built."""
    options = _parser().parse_args()
    if not (options.bin / "vmtests/guest/init").exists():
        print(f"nothing is built in {options.bin}: bazel build //...", file=sys.stderr)
        return 3
    kernels = options.kernels.split(",") if options.kernels else list(read_lock())
    alarms = 0
    emulators: Counter[str] = Counter()
    for number in range(1, options.count + 1):
        kernel = kernels[(number - 1) % len(kernels)]
        with tempfile.TemporaryDirectory(prefix="lxcspec-boots-") as folder:
            results = Path(folder) / "results.jsonl"
            ending = _boot(kernel, options.bin, results)
            wrong = false_alarm(ending, _verdicts(results) if results.exists() else [])
        emulators.update(guest.kind.value for guest in ending.guests if guest.emulators_fault)
        alarms += wrong is not None
        seconds = ending.guests[-1].boot_seconds if ending.guests else None
        shown = wrong or f"finished, booted in {seconds:.1f} s"
        print(f"{number:3} {kernel:5} {shown}", flush=True)
    faults = ", ".join(f"{count} {kind}" for kind, count in emulators.items()) or "none"
    print(f"{options.count} boots, {alarms} false alarms; ended by the emulator itself: {faults}")
    return 1 if alarms else 0


if __name__ == "__main__":
    sys.exit(main())
