# SPDX-License-Identifier: Apache-2.0
"""Each claim verdict, from the run that calls for it."""

from __future__ import annotations

import unittest

from ci.reports import model, problems
from ci.reports.fixtures import judge, record, run

_SIGNAL = "PidfdTest.SignalArrives"
_LACKING = "PidfdTest.FailsWhereLacking"
_ANNOUNCED = "PidfdTest.IsAnnounced"


class ClaimTest(unittest.TestCase):
    def claim(self, found: object, book: str = "", extension: str = "pidfd") -> str:
        from ci.reports.results import Run

        assert isinstance(found, Run)
        outcomes = {o.extension.name: o.claim.verdict for o in judge(found, book).extensions}
        return outcomes[extension]

    def test_claimed_and_every_must_holds_is_confirmed(self) -> None:
        self.assertEqual(self.claim(run()), model.CONFIRMED)

    def test_a_failing_should_does_not_overthrow_the_claim(self) -> None:
        slow = record("ConsoleLogTest.ReadIsQuick", "fail", message="slow")
        self.assertEqual(self.claim(run(slow), extension="console_log"), model.CONFIRMED)
        self.assertEqual(judge(run(slow)).exit_code, 1)

    def test_claimed_and_a_must_fails_is_over_claimed(self) -> None:
        failed = record(_SIGNAL, "fail", message="no signal came")
        self.assertEqual(self.claim(run(failed)), model.OVER_CLAIMED)

    def test_refusing_what_the_kernel_can_is_wrongly_gated(self) -> None:
        refused = record(_SIGNAL, "fail", message="InitPidfd failed: ENOSYS (38)")
        self.assertEqual(self.claim(run(refused)), model.WRONGLY_GATED)
        self.assertEqual(self.claim(run(refused, absent=("pidfd",))), model.OVER_CLAIMED)

    def test_claimed_where_the_kernel_lacks_it_is_kernel_gated(self) -> None:
        absent = record(_SIGNAL, "unsupported", reason="need pidfd is absent")
        comparison = judge(run(absent, absent=("pidfd",)))
        outcome = next(o for o in comparison.extensions if o.extension.name == "pidfd")
        self.assertEqual(outcome.claim.verdict, model.KERNEL_GATED)
        self.assertEqual(outcome.claim.reason, "this kernel lacks pidfd")
        self.assertEqual(comparison.exit_code, 0)

    def test_failing_otherwise_than_specified_is_not_kernel_gated(self) -> None:
        absent = record(_SIGNAL, "unsupported", reason="need pidfd is absent")
        wrong = record(_LACKING, "fail", message="it succeeded")
        self.assertEqual(self.claim(run(absent, wrong, absent=("pidfd",))), model.OVER_CLAIMED)

    def test_not_claimed_and_failing_is_unsupported_and_expected(self) -> None:
        failed = [record(t, "fail", message="no") for t in (_SIGNAL, _ANNOUNCED)]
        comparison = judge(run(*failed, unclaimed=("pidfd",)))
        self.assertEqual(comparison.exit_code, 0)
        self.assertEqual(self.claim(run(*failed, unclaimed=("pidfd",))), model.NOT_CLAIMED)
        verdicts = {t.name: (t.verdict, t.reason) for t in comparison.tests}
        self.assertEqual(verdicts[_SIGNAL], (model.UNSUPPORTED, "not claimed"))

    def test_not_claimed_where_the_kernel_lacks_it_is_not_under_claimed(self) -> None:
        absent = record(_SIGNAL, "unsupported", reason="need pidfd is absent")
        found = run(absent, absent=("pidfd",), unclaimed=("pidfd",))
        self.assertEqual(self.claim(found), model.NOT_CLAIMED)

    def test_a_run_that_left_tests_out_confirms_nothing(self) -> None:
        some = run()
        some.results = [r for r in some.results if r.test != _SIGNAL]
        some.planned = len(some.results)
        self.assertEqual(self.claim(some), model.UNVERIFIED)

    def test_what_holds_without_the_kernels_part_confirms_nothing(self) -> None:
        self.assertEqual(self.claim(run(absent=("pidfd",))), model.KERNEL_GATED)

    def test_what_the_testee_does_not_offer_confirms_nothing(self) -> None:
        withheld = record(_SIGNAL, "unsupported", reason="not offered by the testee: init_pidfd")
        self.assertEqual(self.claim(run(withheld)), model.UNVERIFIED)
        self.assertEqual(self.claim(run(withheld, unclaimed=("pidfd",))), model.NOT_CLAIMED)

    def test_what_the_protocol_cannot_ask_does_not_count_against_the_claim(self) -> None:
        unasked = record(_LACKING, "unsupported", reason="not in the testee protocol: threads")
        self.assertEqual(self.claim(run(unasked)), model.CONFIRMED)

    def test_what_the_protocol_cannot_ask_makes_no_under_claim(self) -> None:
        unasked = record(_SIGNAL, "unsupported", reason="not in the testee protocol: threads")
        self.assertEqual(self.claim(run(unasked, unclaimed=("pidfd",))), model.NOT_CLAIMED)

    def test_a_leak_in_an_extension_that_is_not_claimed_still_fails(self) -> None:
        leak = [{"class": "fd", "what": "/etc/passwd"}]
        failed = record(_SIGNAL, "fail", message="no", leaks=leak)
        comparison = judge(run(failed, unclaimed=("pidfd",)))
        self.assertEqual([p.kind for p in comparison.problems], [problems.LEAK])

    def test_the_ledger_of_an_extension_that_is_not_claimed_is_not_judged(self) -> None:
        entry = (
            "entries:\n- {requirement: pidfd.signals, status: fail, because: b, message: other}\n"
        )
        failed = record(_SIGNAL, "fail", message="no")
        self.assertEqual(judge(run(failed, unclaimed=("pidfd",)), entry).problems, [])

    def test_not_claimed_and_behaving_is_under_claimed_and_unexpected(self) -> None:
        announced = record(_ANNOUNCED, "fail", message="false")
        found = run(announced, unclaimed=("pidfd",))
        self.assertEqual(self.claim(found), model.UNDER_CLAIMED)
        kinds = [p.kind for p in judge(found).problems]
        self.assertEqual(kinds, [problems.FAILURE, problems.CLAIM])

    def test_the_ledger_accepts_an_under_claim(self) -> None:
        announced = record(_ANNOUNCED, "fail", message="false")
        book = (
            "entries:\n- {requirement: pidfd.announced, status: fail, because: b, message: false}\n"
            "claims:\n- {extension: pidfd, verdict: under-claimed, because: never announced}\n"
        )
        found = run(announced, unclaimed=("pidfd",))
        comparison = judge(found, book)
        self.assertEqual(comparison.problems, [])
        outcome = next(o for o in comparison.extensions if o.extension.name == "pidfd")
        self.assertEqual(outcome.because, "never announced")

    def test_a_claim_entry_that_is_no_longer_so_is_stale(self) -> None:
        book = "claims:\n- {extension: pidfd, verdict: under-claimed, because: b}\n"
        comparison = judge(run(), book)
        self.assertEqual([p.kind for p in comparison.problems], [problems.STALE_CLAIM])
        self.assertEqual(comparison.exit_code, 1)

    def test_a_part_of_the_tests_does_not_make_an_under_claim(self) -> None:
        found = run(unclaimed=("pidfd",), only=(_SIGNAL,))
        self.assertEqual(self.claim(found), model.UNVERIFIED)

    def test_a_run_without_its_tests_says_nothing_of_a_claim_in_the_ledger(self) -> None:
        book = "claims:\n- {extension: pidfd, verdict: under-claimed, because: b}\n"
        found = run(unclaimed=("pidfd",), only=("ConsoleLogTest.IsAnnounced",))
        self.assertEqual(self.claim(found), model.UNVERIFIED)
        self.assertEqual(judge(found, book).problems, [])

    def test_a_claim_that_could_not_be_asked_is_a_problem(self) -> None:
        found = run()
        from ci.reports.results import Claim

        found.claims["pidfd"] = Claim("pidfd", None, "killed by signal 11")
        comparison = judge(found)
        self.assertEqual([p.kind for p in comparison.problems], [problems.CLAIM])
        self.assertIn("killed by signal 11", comparison.problems[0].what)

    def test_an_extension_without_a_chapter_is_unverified(self) -> None:
        self.assertEqual(self.claim(run(), extension="time_namespace"), model.UNVERIFIED)


if __name__ == "__main__":
    unittest.main()
