# SPDX-License-Identifier: Apache-2.0
"""`lxcspec shell`: a shell in a guest of the kernel matrix."""

from __future__ import annotations

import argparse
from pathlib import Path

from ci.cli import prepare, progress
from ci.cli.errors import InfrastructureError
from ci.cli.options import Commands

_DETAILS = """
    Boots a kernel and gives you a root shell there, on this terminal, with what a test finds:
    cgroups, modules, /lxcspec/launcher, /lxcspec/suite, /lxcspec/probe, the testee under its own
    path, and this machine's usual programs. Nothing you do there lasts. 'exit' powers off.

    The exit code says whether QEMU ran, not how the command ended.
"""

_EXAMPLES = """
    ./lxcspec shell                                      the default kernel
    ./lxcspec shell --kernel 6.12 --cgroup legacy
    ./lxcspec shell --kernel 5.10 --testee liblxc --command 'cat /proc/self/cgroup'
    ./lxcspec shell --kernel arch/x86/boot/bzImage --gdb
    then, in the shell:
    /lxcspec/suite --gtest_filter=LxcLogTest.* --lxcspec_testee=PATH --lxcspec_probe=/lxcspec/probe
"""


def add_to(commands: Commands) -> None:
    parser = commands.add("shell", "get a shell on a kernel", _DETAILS, _EXAMPLES, execute)
    parser.add_argument(
        "--kernel", metavar="SERIES|PATH", default="", help="a series such as 6.12, or an image"
    )
    parser.add_argument("--modules", metavar="DIR", type=Path, help="modules of your own kernel")
    parser.add_argument(
        "--cgroup", choices=("unified", "hybrid", "legacy"), default="unified", help="the layout"
    )
    parser.add_argument(
        "--testee", metavar="PATH|NAME", default="reference", help="as in 'run' (reference)"
    )
    parser.add_argument("--command", metavar="TEXT", default="", help="run this, and power off")
    parser.add_argument(
        "--gdb", action="store_true", help="let gdb attach to the kernel at 127.0.0.1:1234"
    )


def execute(options: argparse.Namespace) -> int:
    """Runs the guest until its shell ends."""
    prepare.for_building()
    from ci.cli import execution, testees
    from vmtests.kernels import fetch
    from vmtests.kernels.errors import KernelError
    from vmtests.runner import shell

    (testee,) = testees.resolve([options.testee])
    wanted = options.kernel or execution.DEFAULT_KERNEL
    session = shell.Session(cgroup=options.cgroup, command=options.command, gdb=options.gdb)
    with progress.Line() as line:
        binaries = execution.build(line, testee.path is None, True)
        line.show(f"booting Linux {wanted} ...")
        try:
            if "/" in wanted or Path(wanted).is_file():
                kernel = fetch.own_kernel(Path(wanted), options.modules)
            else:
                kernel = fetch.default_fetcher(progress.say).get(wanted)
        except KernelError as error:
            raise InfrastructureError(str(error)) from error
    parts = (
        binaries.launcher,
        binaries.suite,
        binaries.probe,
        testee.located(binaries.bazel_bin),
    )
    try:
        payload = shell.payload_of(parts, session)
        return shell.run_shell(kernel, payload, binaries.init, session, progress.say)
    except shell.ShellError as error:
        raise InfrastructureError(str(error)) from error
