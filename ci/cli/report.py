# SPDX-License-Identifier: Apache-2.0
"""`lxcspec report`: results of any form to what a person, a CI server or a README shows."""

from __future__ import annotations

import argparse
import datetime
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Sequence

from ci.cli import paths, prepare, progress
from ci.cli.errors import OK, InfrastructureError, UsageError
from ci.cli.options import Commands

if TYPE_CHECKING:
    from ci.reports import model, results
    from ci.reports.compare import Comparison

_DETAILS = """
    Makes reports of results that are there already: JSON reports of 'run' and of 'matrix', and
    raw results ('run --results'), which are compared with their ledger as 'run' does. Several
    files make one report, in which implementations and kernels stand side by side. Without a file
    to write it prints the verdicts.

    The HTML report is one file that loads nothing. --bundle packs raw results with the ledger, the
    specification, the kernels' lock, the logs and the verdicts; 'verify' judges it again, offline.
    It prints the bundle's identity: publish that by another way than the bundle.

    Exit codes: 0 written, whatever the verdicts; 2 bad usage; 3 a file cannot be written.
"""

_EXAMPLES = """
    ./lxcspec report reference.json liblxc.json --html report.html
    ./lxcspec report matrix.json --html matrix.html --junit matrix.xml --tap matrix.tap
    ./lxcspec report *.json --compare
    ./lxcspec report liblxc.json --status-table status.md --badge badge.svg
    ./lxcspec report liblxc.jsonl --bundle liblxc.tar.gz
"""


def add_to(commands: Commands) -> None:
    parser = commands.add("report", "make reports of results", _DETAILS, _EXAMPLES, execute)
    parser.add_argument(
        "results",
        metavar="RESULTS",
        nargs="+",
        type=Path,
        help="a JSON report of 'run' or 'matrix', or raw results",
    )
    out = parser.add_argument_group("what to write")
    out.add_argument("--html", metavar="FILE", type=Path, help="one HTML file")
    out.add_argument("--junit", metavar="FILE", type=Path, help="JUnit XML")
    out.add_argument("--tap", metavar="FILE", type=Path, help="TAP 14")
    out.add_argument(
        "--status-table", metavar="FILE", type=Path, help="a table for a README, in Markdown"
    )
    out.add_argument("--badge", metavar="FILE", type=Path, help="a badge, in SVG")
    out.add_argument(
        "--bundle", metavar="FILE", type=Path, help="evidence in one file; needs raw results"
    )
    out.add_argument(
        "--compare", action="store_true", help="print where several implementations differ"
    )
    out.add_argument(
        "--ledger", metavar="FILE|none", help="compare raw results with this ledger, or with none"
    )


def text_of(path: Path) -> str:
    """The file's text; what is not UTF-8 in it is replaced."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def judge(run: results.Run, chosen: str | None, catalogue: model.Catalogue) -> Comparison:
    """Compares raw results as of today with the chosen ledger, or with the implementation's own."""
    from ci.cli import outcome
    from ci.reports import compare, ledger

    book, _ = outcome.ledger_of(run, chosen)
    try:
        ledger.check_names(book, catalogue.requirements, catalogue.extensions)
    except ledger.LedgerError as error:
        raise UsageError(str(error)) from error
    return compare.compare(run, book, catalogue, datetime.date.today())


def read(files: Sequence[Path], chosen: str | None, catalogue: model.Catalogue) -> list[Comparison]:
    """The comparisons in the files."""
    from ci.reports import load

    found: list[Comparison] = []
    for path in files:
        try:
            found += load.load(
                text_of(path), paths.shown(path), catalogue, lambda r: judge(r, chosen, catalogue)
            )
        except load.LoadError as error:
            raise UsageError(str(error)) from error
    if not found:
        raise UsageError("there is no run in these results")
    return found


def write(path: Path, content: str | bytes) -> None:
    """Writes the file whole or not at all."""
    draft = path.with_name(path.name + ".new")
    try:
        if isinstance(content, str):
            content = content.encode("utf-8", errors="replace")
        draft.write_bytes(content)
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InfrastructureError(f"{path}: {error.strerror}") from error
    progress.say(f"written: {paths.shown(path)}")


def _commit() -> str:
    """The kit's commit, marked where something was changed; empty where that is unknown."""
    if paths.packed():
        return ""
    words = ["git", "-C", str(paths.TOP), "describe", "--always", "--abbrev=40", "--dirty"]
    try:
        answer = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _bundle(options: argparse.Namespace, catalogue: model.Catalogue) -> None:
    from ci.bundle import archive, content
    from ci.bundle.errors import NotBundled
    from ci.cli import outcome
    from ci.reports import results
    from vmtests.kernels import lock

    inputs = []
    for path in options.results:
        try:
            raw = path.read_bytes()
            run = content.read_results(raw)
        except results.ResultsError as error:
            hint = "--bundle needs raw results ('run --results FILE')"
            raise UsageError(f"{path}: {hint}: {error}") from error
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from error
        book, file = outcome.ledger_of(run, options.ledger)
        text = file.read_bytes() if file and file.is_file() else b""
        inputs.append(content.Input(raw, text, book.path))
    kernels, today = lock.LOCK_FILE.read_bytes(), datetime.date.today()
    try:
        files = content.make(inputs, catalogue, kernels, today, _commit())
    except NotBundled as error:
        raise UsageError(f"no bundle can be made: {error}") from error
    write(options.bundle, archive.pack(files, options.bundle.suffix != ".tar"))
    print(f"identity: {archive.digest(archive.manifest(files))}")


def execute(options: argparse.Namespace) -> int:
    """Reads all results, and writes what was asked for."""
    files = (options.html, options.junit, options.tap, options.status_table, options.badge)
    outs = (*files, options.bundle)
    for out in outs:
        if out and not out.absolute().parent.is_dir():
            raise UsageError(f"there is no folder {out.absolute().parent}")
    prepare.for_reading()
    # What these need may only now be installed.
    from ci.cli import outcome, specification
    from ci.reports import contrast, junit, page, status, table, tap

    catalogue = specification.load()
    found = read(options.results, options.ledger, catalogue)
    if options.html:
        write(options.html, page.render(found, catalogue))
    for path, render in (
        (options.junit, junit.render),
        (options.tap, tap.render),
        (options.status_table, status.markdown),
        (options.badge, status.badge),
    ):
        if path:
            write(path, render(found))
    if options.bundle:
        _bundle(options, catalogue)
    if options.compare:
        print(contrast.render(found), end="")
    elif not any(outs):
        console = outcome.console()
        for each in found:
            table.print_report(console, each, catalogue.requirements)
    return OK
