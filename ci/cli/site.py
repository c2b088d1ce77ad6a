# SPDX-License-Identifier: Apache-2.0
"""`lxcspec site`: the specification as pages, with what was found out about implementations."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ci.cli import paths, prepare, progress
from ci.cli.errors import OK, InfrastructureError, UsageError
from ci.cli.options import Commands

if TYPE_CHECKING:
    from ci.site.model import Decision

_DETAILS = """
    Writes the specification as a site: a page per extension with its chapter, requirements, tests,
    verdicts and known divergences, each linked with the others; the decisions, levels and needs;
    all chapters on one page for paper; and a search that needs no server. The pages load nothing
    from elsewhere and can be opened from the disk. Verdicts come from RESULTS: reports of 'run' or
    'matrix', or raw results.

    Exit codes: 0 written, 2 bad usage, 3 a file cannot be written.
"""

_EXAMPLES = """
    ./lxcspec site --out site
    ./lxcspec site --out site reference.json liblxc.json
"""


def add_to(commands: Commands) -> None:
    parser = commands.add("site", "write the specification as a site", _DETAILS, _EXAMPLES, execute)
    parser.add_argument("results", metavar="RESULTS", nargs="*", type=Path, help="verdicts to show")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="where to write it")


def decisions() -> dict[str, Decision]:
    """The RFCs by topic."""
    from ci.site.model import read_decision

    found = {}
    for path in sorted((paths.TOP / "spec" / "rfcs").glob("[0-9]*.md")):
        found[path.stem] = read_decision(path.stem, path.read_text(encoding="utf-8"))
    return found


def execute(options: argparse.Namespace) -> int:
    """Writes every page."""
    prepare.for_reading()
    from ci.cli import report, specification
    from ci.cli.explain import ledgers
    from ci.site import build
    from ci.site.model import Site
    from vmtests.testees.releases import RELEASES

    out: Path = options.out
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is not a folder")
    source = specification.load_source()
    catalogue = specification.translate(source)
    comparisons = report.read(options.results, None, catalogue) if options.results else []
    books = [book for book in ledgers().values() if book.entries or book.claims]
    versions = [name.partition("-")[2] for name in RELEASES]
    files = build.render(Site(source, catalogue, comparisons, books, decisions(), versions))
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (out / name).write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise InfrastructureError(f"{error.filename}: {error.strerror}") from error
    progress.say(f"written: {len(files)} files; open {paths.shown(out / 'index.html')}")
    return OK
