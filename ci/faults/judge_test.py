# SPDX-License-Identifier: Apache-2.0
"""What counts as caught."""

from __future__ import annotations

import unittest

from ci.faults import judge
from ci.faults.judge import Fault, Outcome, Verdict
from ci.reports import model
from ci.reports.results import Leak, Result

_FAULT = Fault("ext.must_hold.ignored", "ext.must_hold", "it is ignored")


def _result(test: str, verdict: str, **more: object) -> Result:
    return Result(test, 1, "ext", ("ext.must_hold",), verdict, **more)  # type: ignore[arg-type]


def _requirement(name: str, level: str = "MUST", retired: bool = False) -> model.Requirement:
    return model.Requirement(
        id=name,
        level=level,
        since="4.0",
        kind="does",
        statement="",
        observable="",
        needs=(),
        left_open="",
        source="",
        retired=retired,
    )


class JudgeTest(unittest.TestCase):
    def test_only_what_passes_on_the_good_testee_is_a_witness(self) -> None:
        good = judge.by_test(
            [
                _result("T.Passes", "pass"),
                _result("T.Fails", "fail"),
                _result("T.Leaks", "pass", leaks=(Leak("fd", "4"),)),
            ]
        )

        names = ["T.Passes", "T.Fails", "T.Leaks", "T.NeverRan"]
        self.assertEqual(judge.witnesses(names, good), ["T.Passes"])

    def test_failure_crash_timeout_and_leak_catch(self) -> None:
        faulty = judge.by_test(
            [
                _result("T.A", "fail"),
                _result("T.B", "crash"),
                _result("T.C", "timeout"),
                _result("T.D", "pass", leaks=(Leak("mount", "/x"),)),
                _result("T.E", "pass"),
            ]
        )

        self.assertEqual(
            judge.caught_by(["T.A", "T.B", "T.C", "T.D", "T.E"], faulty),
            ("T.A", "T.B", "T.C", "T.D"),
        )

    def test_what_did_not_run_catches_nothing(self) -> None:
        faulty = judge.by_test([_result("T.A", "unsupported"), _result("T.B", "broken")])

        self.assertEqual(judge.caught_by(["T.A", "T.B", "T.C"], faulty), ())

    def test_says_why_there_is_no_witness(self) -> None:
        good = judge.by_test([_result("T.A", "unsupported", reason="no ipvlan here")])

        self.assertEqual(judge.why_none(["T.A"], good), "no ipvlan here")
        self.assertEqual(judge.why_none(["T.B"], good), "did not run")
        self.assertEqual(judge.why_none([], good), "the requirement has no test")

    def test_summary_names_requirements_without_a_fault(self) -> None:
        requirements = [
            _requirement("ext.must_hold"),
            _requirement("ext.bare"),
            _requirement("ext.bare_not", "MUST NOT"),
            _requirement("ext.should", "SHOULD"),
            _requirement("ext.gone", retired=True),
        ]

        summary = judge.summarise(requirements, [Verdict(_FAULT, Outcome.CAUGHT, ("T.A",))])

        self.assertEqual(summary.bare, ("ext.bare", "ext.bare_not"))
        self.assertIn("1 faults: 1 caught; 1 of 3", summary.text)

    def test_survivors_are_bad(self) -> None:
        bad = {outcome for outcome in Outcome if Verdict(_FAULT, outcome).bad}

        self.assertEqual(bad, {Outcome.ELSEWHERE, Outcome.SURVIVED, Outcome.BROKEN})


if __name__ == "__main__":
    unittest.main()
