# SPDX-License-Identifier: Apache-2.0
"""How long a user waits for the first test, as a multiple of a bare boot of the same kernel.

Both are measured by turns, so that whatever else the machine does meanwhile meets both. A start is
everything from the call of run_in_vm() until the first test is known to have begun: the image is
written, the kernel boots, modules are loaded, the launcher asks the testee what it claims and the
kernel what it can. `python3 -m vmtests.evidence.start --help`
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from vmtests.evidence import bare
from vmtests.kernels.cache import cache_directory
from vmtests.kernels.errors import KernelError
from vmtests.kernels.fetch import Kernel, default_fetcher
from vmtests.runner import qemu
from vmtests.runner.qemu import Machine
from vmtests.runner.results import Record
from vmtests.runner.run import Options, run_in_vm
from vmtests.runner.trial import TrialFailed, trial

AIM = 1.3


class _FirstTest:
    """When the first test was known to have begun."""

    def __init__(self) -> None:
        self.at: float | None = None

    def note(self, record: Record) -> None:
        if self.at is None and record["record"] == "start":
            self.at = time.monotonic()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vmtests.evidence.start",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--bin", type=Path, default=Path("bazel-bin"), help="what Bazel has built")
    parser.add_argument("--kernel", default="6.12", help="a series of lock.yaml [6.12]")
    parser.add_argument("--count", type=int, default=10, help="pairs of boots [10]")
    parser.add_argument("--test", default="LxcLogTest.IsAnnounced", help="the first test")
    return parser


def _start(kernel: str, binaries: Path, test: str, work: Path) -> float:
    first = _FirstTest()
    began = time.monotonic()
    ending = run_in_vm(
        kernel,
        binaries / "conformance/launcher/launcher",
        binaries / "conformance/tests/suite",
        binaries / "conformance/probes/probe",
        binaries / "runtime/liblxc.so.1",
        work / "results.jsonl",
        init=binaries / "vmtests/guest/init",
        tests=[test],
        options=Options(),
        on_record=first.note,
    )
    if first.at is None:
        raise SystemExit(f"no test began: {ending.kind.value}: {ending.reason}")
    return first.at - began


def _bare(kernel: Kernel, binaries: Path, work: Path, program: str) -> float:
    found, _ = trial(kernel, binaries / "vmtests/guest/init", cache_directory(), work, program)
    bare.write_initramfs(work / "bare")
    (work / "none").touch()
    machine = Machine(
        kernel=kernel.image,
        initramfs=work / "bare",
        console=work / "console.log",
        results=work / "none",
        accelerator=found.accelerator,
    )
    return bare.boot(machine, program, patience=20 * found.boot_seconds)


def _row(name: str, seconds: Sequence[float]) -> str:
    shown = " ".join(f"{value:.1f}" for value in sorted(seconds))
    return f"{name:22} median {statistics.median(seconds):5.1f} s of {shown}"


def _measure(options: argparse.Namespace) -> int:
    program = shutil.which(qemu.PROGRAM)
    if program is None:
        raise SystemExit(f"{qemu.PROGRAM} is not installed: apt-get install qemu-system-x86")
    kernel = default_fetcher(print).get(options.kernel)
    starts: list[float] = []
    boots: list[float] = []
    with tempfile.TemporaryDirectory(prefix="lxcspec-start-") as folder:
        work = Path(folder)
        for turn in range(1, options.count + 1):
            boots.append(_bare(kernel, options.bin, work, program))
            starts.append(_start(options.kernel, options.bin, options.test, work))
            print(f"{turn:2}: bare {boots[-1]:.1f} s, first test {starts[-1]:.1f} s", flush=True)
    ratio = statistics.median(starts) / statistics.median(boots)
    print(_row("bare boot, busybox", boots))
    print(_row("start to first test", starts))
    print(f"kernel {kernel.name}: ratio {ratio:.2f}, aim at most {AIM}")
    return 0 if ratio <= AIM else 1


def main() -> int:
    """Exit 0 if the aim is reached, 1 if not, 3 where nothing could be measured."""
    options = _parser().parse_args()
    if not (options.bin / "vmtests/guest/init").exists():
        print(f"nothing is built in {options.bin}: bazel build //...", file=sys.stderr)
        return 3
    try:
        return _measure(options)
    except (KernelError, TrialFailed, bare.BareBootError) as error:
        print(f"cannot measure: {error}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
