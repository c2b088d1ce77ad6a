# SPDX-License-Identifier: Apache-2.0
"""`lxcspec verify`: judges a bundle again, without network, library or machine."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from ci.cli import paths, prepare, progress
from ci.cli.errors import OK, VERDICT, UsageError
from ci.cli.options import Commands

if TYPE_CHECKING:
    from ci.bundle.verify import Verified

_DETAILS = """
    Checks a bundle that 'report --bundle' has made: that it holds what its manifest lists and
    nothing else, that its parts agree (hashes of testee and suite, specification, ledger, logs),
    and that its raw results, compared with its ledger as of its date, give every claim and verdict
    that its report states. Then it prints those.

    Results, ledger and report that were rewritten together make another bundle: compare the
    identity that was printed when it was made, with --identity. Use the version of the kit that
    made it (it is named), since a later one may judge otherwise.

    Exit codes: 0 all is as stated, whatever the verdicts; 1 it is not; 2 bad usage.
"""

_EXAMPLES = """
    ./lxcspec verify liblxc.tar.gz
    ./lxcspec verify liblxc.tar.gz --identity 5f1c...          (64 digits)
    ./lxcspec verify liblxc.tar.gz --testee /opt/lxc/lib/liblxc.so.1
"""
_PIECE = 2**20


def add_to(commands: Commands) -> None:
    parser = commands.add("verify", "verify a bundle of evidence", _DETAILS, _EXAMPLES, execute)
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="what 'report --bundle' made")
    parser.add_argument("--identity", metavar="SHA256", default="", help="what it must be")
    parser.add_argument(
        "--testee", metavar="FILE", type=Path, help="a library: was it that one that was judged?"
    )
    parser.add_argument("--quiet", action="store_true", help="only the last line")


def _sha256(path: Path) -> str:
    state = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                state.update(piece)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    return state.hexdigest()


def _judged(found: Verified, testee: Path) -> bool:
    """Whether a run of the bundle was of this file."""
    digest = _sha256(testee)
    return any(comparison.run.sha256 == digest for comparison in found.comparisons)


def execute(options: argparse.Namespace) -> int:
    """Verifies, and prints what was verified or the first thing that is wrong."""
    prepare.for_reading()
    from ci.bundle import archive, verify
    from ci.bundle.errors import Refused
    from ci.cli import outcome
    from ci.reports import table

    shown = paths.shown(options.bundle)
    try:
        with options.bundle.open("rb") as file:
            data = file.read(archive.LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{options.bundle}: {error.strerror}") from error
    try:
        found = verify.verify(data, options.identity)
    except Refused as error:
        progress.say(f"refused: {shown}: {error}")
        return VERDICT
    if options.testee and not _judged(found, options.testee):
        progress.say(f"refused: {shown}: no run in it is of {options.testee}")
        return VERDICT
    console = outcome.console()
    for comparison in found.comparisons:
        table.print_report(
            console, comparison, found.specification.requirements, quiet=options.quiet
        )
    made = f"as of {found.date}, by the kit of {found.commit or 'no known commit'}"
    print(f"verified: {shown}: {found.files} files, {made}")
    print(f"identity: {found.identity}")
    return OK
