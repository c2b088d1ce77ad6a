# SPDX-License-Identifier: Apache-2.0
"""Tests of judging what a cell of the matrix brings back."""

import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from ci.cli import cells
from ci.cli.errors import InfrastructureError
from ci.cli.execution import Binaries
from ci.cli.progress import Line
from ci.reports import fixtures, model, problems, results
from vmtests.kernels import fetch
from vmtests.kernels.errors import KernelError
from vmtests.matrix.outcome import Outcome
from vmtests.matrix.plan import Cell, Matrix

CELL = Cell("6.1", "unified", "reference")
NOWHERE = Path("/nonexistent")
MATRIX = Matrix(2, 1024, ("reference",), {"6.1": ("unified",)}, frozenset({"pty"}), {}, {}, (), {})


def _kept(kind: str = "finished", *guests: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "reason": f"it was {kind}",
        "complete": kind in ("finished", "splat"),
        "seconds": 3.0,
        "guests": [
            {
                "kind": guest,
                "reason": f"guest: {guest}",
                "boot_seconds": 1.5,
                "emulators_fault": False,
                "logs": "",
            }
            for guest in (*guests, kind)
        ],
    }


def _run(verdict: str, reason: str = "", present: bool = True) -> results.Run:
    name = next(iter(fixtures.catalogue().tests))
    run = results.Run(name="reference", version="7.0.0-lxcspec", planned=1, ended=True)
    run.needs["pty"] = results.Need("pty", present, "open(/dev/ptmx): ENOENT")
    run.results.append(results.Result(name, 1, "console_log", (), verdict, reason))
    return run


def _judge(kept: dict[str, Any], run: results.Run | None, cell: Cell = CELL) -> Outcome:
    tests = tuple(result.test for result in run.results) if run else ()
    setting = cells.Setting(
        matrix=MATRIX,
        catalogue=fixtures.catalogue(),
        binaries=Binaries(*[NOWHERE] * 6),
        testees={},
        tests=tests,
        all_tests=False,
        modules=None,
        resume=False,
        table={},
    )
    return cells.judge(cell, kept, run, setting)


class EndingTest(unittest.TestCase):
    """ending_of()."""

    def _problem(self, kind: str) -> problems.Problem:
        return problems.Problem(kind, "something happened", "do something")

    def test_nothing_unexpected_is_a_pass(self) -> None:
        self.assertEqual(cells.ending_of(_kept(), ()), ("pass", ""))

    def test_unexpected_verdict_is_a_test_failure(self) -> None:
        found = [self._problem(problems.BROKEN), self._problem(problems.FAILURE)]
        self.assertEqual(cells.ending_of(_kept(), found), ("test failure", ""))

    def test_what_could_not_be_set_up_is_infrastructure(self) -> None:
        found = [self._problem(problems.BROKEN)]
        self.assertEqual(cells.ending_of(_kept(), found), ("infrastructure", "something happened"))

    def test_guest_that_was_replaced_still_names_the_ending(self) -> None:
        for kind in ("panic", "hang", "timeout", "lost VM", "out of memory"):
            with self.subTest(kind):
                ending = cells.ending_of(_kept("finished", kind), ())
                self.assertEqual(ending, (kind, f"guest: {kind}"))

    def test_run_that_did_not_finish_keeps_its_ending(self) -> None:
        for kind in ("splat", "start failure", "infrastructure"):
            with self.subTest(kind):
                self.assertEqual(cells.ending_of(_kept(kind), ())[0], kind)


class JudgeTest(unittest.TestCase):
    """judge() and with_required()."""

    def test_missing_results_are_infrastructure(self) -> None:
        self.assertEqual(_judge(_kept(), None).ending, "infrastructure")
        self.assertEqual(_judge(_kept("start failure"), None).ending, "start failure")

    def test_need_that_the_kernel_must_have_makes_its_tests_broken(self) -> None:
        run = _run(model.UNSUPPORTED, "console_log.x needs pty: ENOENT", present=False)
        outcome = _judge(_kept(), run)
        (test,) = outcome.tests.values()
        self.assertEqual((test.verdict, test.expected), (model.BROKEN, False))
        self.assertEqual(outcome.ending, "infrastructure")
        self.assertTrue(any("kernel 6.1 has pty" in line for line in outcome.problems))

    def test_need_that_was_denied_is_only_unsupported(self) -> None:
        run = _run(model.UNSUPPORTED, "console_log.x needs pty: ENOENT", present=False)
        outcome = _judge(_kept(), run, Cell("6.1", "unified", "reference", ("pidfd_open",)))
        (test,) = outcome.tests.values()
        self.assertEqual((test.verdict, test.expected), (model.UNSUPPORTED, True))

    def test_other_need_stays_unsupported(self) -> None:
        run = _run(model.UNSUPPORTED, "console_log.x needs fscaps: EPERM")
        self.assertEqual(cells.with_required(run, frozenset({"pty"})), run)


class _NoKernel:
    def get(self, series: str) -> None:
        raise KernelError(f"kernel {series}: not on the mirror (404)")


class RunnerTest(unittest.TestCase):
    """Runner, as far as it goes without a guest."""

    def test_kernel_that_cannot_be_had_is_infrastructure_and_nothing_is_run(self) -> None:
        setting = mock.Mock(matrix=MATRIX)
        with mock.patch.object(fetch, "default_fetcher", lambda say, progress: _NoKernel()):
            outcomes = cells.Runner(setting, Line(quiet=True), quiet=True).run([CELL], None)
        (outcome,) = outcomes
        self.assertEqual((outcome.cell, outcome.ending), (CELL, "infrastructure"))
        self.assertIn("404", outcome.reason)


class AloneTest(unittest.TestCase):
    """cells.alone()."""

    def test_second_matrix_in_a_folder_is_refused_until_the_first_has_ended(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "matrix"
            with cells.alone(folder):
                with self.assertRaisesRegex(InfrastructureError, "another matrix is running"):
                    with cells.alone(folder):
                        pass
            with cells.alone(folder):
                pass


if __name__ == "__main__":
    unittest.main()
