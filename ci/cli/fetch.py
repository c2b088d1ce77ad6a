# SPDX-License-Identifier: Apache-2.0
"""`lxcspec fetch`: releases of liblxc to verify, out of Debian's packages."""

from __future__ import annotations

import argparse
from pathlib import Path

from ci.cli import prepare, progress, testees
from ci.cli.errors import OK, InfrastructureError, UsageError, did_you_mean
from ci.cli.options import Commands

_DETAILS = """
    Brings releases of liblxc into the cache, each with the libraries that it needs, from the mirror
    of this machine's apt. Every package is pinned by SHA-256 (vmtests/testees/lock.yaml). Nothing
    is installed. --testee takes their names: run, matrix, faults and diff fetch what they need.

    Exit codes: 0 they are there, 2 bad usage, 3 the mirror does not have them.
"""

_EXAMPLES = """
    ./lxcspec fetch                       all of them
    ./lxcspec fetch liblxc-7.0.0          one, and where it is
    ./lxcspec run --testee liblxc-6.0.4   verify one
"""


def add_to(commands: Commands) -> None:
    parser = commands.add("fetch", "get releases of liblxc", _DETAILS, _EXAMPLES, execute)
    parser.add_argument("name", metavar="NAME", nargs="*", help="liblxc-VERSION (default: all)")
    parser.add_argument(
        "--refresh-lock", action="store_true", help="rewrite the lock file from the mirror"
    )


def execute(options: argparse.Namespace) -> int:
    """Fetches, and prints where each is."""
    prepare.for_reading()
    from vmtests.kernels.errors import KernelError
    from vmtests.testees import releases

    names = options.name or list(releases.RELEASES)
    for name in names:
        if name not in releases.RELEASES:
            known = ", ".join(releases.RELEASES)
            hint = did_you_mean(name, releases.RELEASES)
            raise UsageError(f"there is no release '{name}'; there are {known}.{hint}")
    try:
        if options.refresh_lock:
            releases.refresh(progress.say)
    except KernelError as error:
        raise InfrastructureError(str(error)) from error
    for name in names:
        found = testees.release(name)
        path: Path | None = found.path
        print(f"{name}: {path}")
    return OK
