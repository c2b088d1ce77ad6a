# SPDX-License-Identifier: Apache-2.0
"""`lxcspec probe`: what this kernel, or a VM's, can do; each found by doing it."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ci.cli import prepare, progress
from ci.cli.errors import OK, InfrastructureError, UsageError
from ci.cli.options import Commands, kernel_series

if TYPE_CHECKING:
    from ci.reports.results import Need

_DETAILS = """
    Finds out which of the facilities that requirements need this kernel has, each by doing it
    in namespaces that are thrown away, never by the kernel's version; prints what was done and
    what came of it. Without root the VM's kernel is probed.
"""

_EXAMPLES = """
    ./lxcspec probe                       this machine
    ./lxcspec probe --vm --kernel 6.12    a kernel of the matrix
    ./lxcspec probe --json                for programs
"""


def add_to(commands: Commands) -> None:
    parser = commands.add("probe", "find out what this kernel can do", _DETAILS, _EXAMPLES, execute)
    parser.add_argument("--vm", action="store_true", help="in a VM (always so without root)")
    parser.add_argument(
        "--kernel", metavar="SERIES", type=kernel_series, help="the VM's kernel, such as 6.1"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _parse(text: str) -> list[Need]:
    """The need records among a program's output."""
    from ci.reports.results import Need

    needs = {}
    for line in text.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and record.get("record") == "need":
            name = str(record.get("name"))
            present = record.get("present") is True
            needs[name] = Need(name, present, str(record.get("evidence", "")))
    return list(needs.values())


def _on_host(suite: Path) -> list[Need]:
    # As the launcher does it: mounts, processes and names made meanwhile end with the namespaces.
    unshare = ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup", "--fork"]
    command = [*unshare, "--mount-proc", "--kill-child", str(suite), "--lxcspec_needs"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    needs = _parse(answer.stdout)
    if answer.returncode or not needs:
        words = answer.stderr.strip() or f"it ended with {answer.returncode}"
        raise InfrastructureError(f"the probes could not run: {words}")
    return needs


def execute(options: argparse.Namespace) -> int:
    """Prints what the kernel can do."""
    if options.kernel and not options.vm:
        raise UsageError("--kernel chooses the VM's kernel: add --vm")
    prepare.for_building()
    from ci.cli import execution, testees, vm

    in_vm = options.vm or os.geteuid() != 0
    kernel = options.kernel or execution.DEFAULT_KERNEL
    if in_vm and not options.vm:
        progress.say(f"Without root: probing Linux {kernel} in a VM.")
    with progress.Line() as line:
        binaries = execution.build(line, with_reference=in_vm, with_vm=in_vm)
        if in_vm:
            with tempfile.TemporaryDirectory(prefix="lxcspec-") as folder:
                # The launcher probes whatever it then tests; one test is enough.
                plan = execution.Plan(
                    tests=tuple(execution.list_tests(binaries)[:1]), filtered=True
                )
                testee = testees.Testee(testees.REFERENCE, None)
                job = execution.make_job(testee, plan, binaries, Path(folder) / "results.jsonl")
                needs, release = vm.probe(job, kernel, line)
        else:
            needs, release = _on_host(binaries.suite), os.uname().release
    if options.json:
        listed = [
            {"name": need.name, "present": need.present, "evidence": need.evidence}
            for need in needs
        ]
        print(json.dumps({"schema": 1, "kernel": release, "needs": listed}, indent=2))
        return OK
    from rich.table import Table

    from ci.cli.outcome import console

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("facility", no_wrap=True)
    table.add_column("present", no_wrap=True)
    table.add_column("evidence", overflow="fold")
    for need in needs:
        table.add_row(need.name, "yes" if need.present else "no", need.evidence)
    out = console()
    out.print(f"Linux {release}\n")
    out.print(table)
    return OK
