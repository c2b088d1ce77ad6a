# SPDX-License-Identifier: Apache-2.0
"""From results files to what the person and the shell get: report, files, exit code."""

from __future__ import annotations

import argparse
import datetime
import os
from pathlib import Path

from rich.console import Console

from ci.cli import paths, progress
from ci.cli.errors import INFRASTRUCTURE, OK, VERDICT, InfrastructureError, UsageError
from ci.cli.execution import Executed
from ci.cli.host import Trouble
from ci.reports import as_json, compare, junit, ledger, ledger_text, model, results, table, update

# lxc_get_version() of the reference contains this, whatever version it stands for.
_REFERENCE_MARK = "lxcspec"


def console() -> Console:
    """Standard output: colours on a terminal unless NO_COLOR is set, wide enough elsewhere."""
    out = Console(highlight=False, soft_wrap=True)
    if not out.is_terminal:
        return Console(highlight=False, soft_wrap=True, width=100, color_system=None)
    return out


def ledger_of(
    run: results.Run, chosen: str | None, may_be_absent: bool = False
) -> tuple[ledger.Ledger, Path | None]:
    """The ledger to compare with, and its file; both empty for `none`."""
    if chosen == "none":
        return ledger.Ledger(path="a ledger"), None
    if chosen:
        path = Path(chosen)
        if not path.is_file() and not may_be_absent:
            raise UsageError(f"there is no ledger {path}")
    else:
        name = "reference" if _REFERENCE_MARK in run.version else "liblxc"
        path = paths.EXPECTATIONS / f"{name}.yaml"
    if not path.is_file():
        return ledger.Ledger(path=paths.shown(path)), path
    try:
        return ledger.load(path, paths.shown(path)), path
    except ledger.LedgerError as error:
        raise UsageError(str(error)) from error


class Report:
    """Collects one comparison per testee."""

    def __init__(self, options: argparse.Namespace, catalogue: model.Catalogue) -> None:
        self._options = options
        self._catalogue = catalogue
        self._comparisons: list[compare.Comparison] = []
        self._troubles: list[tuple[str, Trouble]] = []
        self._console = console()

    def add(self, executed: Executed, selected: frozenset[str]) -> None:
        """Judges one testee's results and prints the verdicts."""
        if executed.trouble:
            self._troubles.append((executed.testee.name, executed.trouble))
        try:
            run = results.read(executed.results)
        except results.ResultsError as error:
            if not executed.trouble:
                trouble = Trouble(str(error), INFRASTRUCTURE)
                self._troubles.append((executed.testee.name, trouble))
            return
        comparison = self._compare(run, selected)
        if self._options.update_expectations and comparison.problems:
            self._update(comparison)
            comparison = self._compare(run, selected)
        self._comparisons.append(comparison)
        requirements = self._catalogue.requirements
        table.print_report(self._console, comparison, requirements, self._options.quiet)
        if not self._options.quiet or comparison.problems:
            progress.say(f"Raw results: {paths.shown(executed.results)}")

    def _compare(self, run: results.Run, selected: frozenset[str]) -> compare.Comparison:
        updating = self._options.update_expectations
        book, _ = ledger_of(run, self._options.ledger, may_be_absent=updating)
        known = self._catalogue
        try:
            ledger.check_names(book, known.requirements, known.extensions)
        except ledger.LedgerError as error:
            raise UsageError(str(error)) from error
        return compare.compare(run, book, known, datetime.date.today(), selected)

    def _update(self, comparison: compare.Comparison) -> None:
        _, path = ledger_of(comparison.run, self._options.ledger, may_be_absent=True)
        assert path is not None
        before = path.read_text(encoding="utf-8") if path.is_file() else ""
        try:
            after = update.update(before, comparison)
        except ledger_text.NotEditable as error:
            raise UsageError(f"{paths.shown(path)} cannot be rewritten: {error}") from error
        if after != before:
            draft = path.with_name(path.name + ".new")
            draft.write_text(after, encoding="utf-8")
            os.replace(draft, path)
            progress.say(f"{paths.shown(path)} is rewritten: see the difference, give reasons.")

    def finish(self) -> int:
        """Writes the files that were asked for; returns the exit code."""
        for file, text in (
            (self._options.json, as_json.render),
            (self._options.junit, junit.render),
        ):
            if file:
                try:
                    file.write_text(text(self._comparisons), encoding="utf-8")
                except OSError as error:
                    raise InfrastructureError(f"{file}: {error.strerror}") from error
        for name, trouble in self._troubles:
            progress.say(f"lxcspec: {name}: {trouble.text}")
        codes = {comparison.exit_code for comparison in self._comparisons}
        codes.update(trouble.code for _, trouble in self._troubles)
        if VERDICT in codes:
            return VERDICT
        return OK if codes == {OK} else INFRASTRUCTURE
