# SPDX-License-Identifier: Apache-2.0
"""Every kind of problem a comparison can find, and the verdicts beside it."""

from __future__ import annotations

import unittest
from dataclasses import replace

from ci.reports import ledger, model, problems
from ci.reports.compare import Comparison
from ci.reports.fixtures import GoldenTest, catalogue, judge, record, run

_CLEAR = "ConsoleLogTest.ClearEmpties"
_FAILED = record(_CLEAR, "fail", message="Expected: 0 bytes\n  Actual: 5 bytes")
_ENTRY = """entries:
- requirement: console_log.clear_empties
  status: divergent
  because: it never empties
  message: 'Expected: 0 bytes'
"""


def _kinds(comparison: Comparison) -> list[str]:
    return [problem.kind for problem in comparison.problems]


def _verdict(comparison: Comparison, test: str) -> str:
    return next(t.verdict for t in comparison.tests if t.name == test)


def _claim(comparison: Comparison, extension: str) -> str:
    outcomes = {o.extension.name: o.claim.verdict for o in comparison.extensions}
    return outcomes[extension]


class CompareTest(GoldenTest):
    def assert_problems(self, name: str, comparison: Comparison) -> None:
        """What a person is told: the sentences are part of the interface."""
        lines = []
        for problem in comparison.problems:
            subject = ", ".join(problem.requirements) or problem.extension or problem.test
            lines += [f"{problem.kind}: {subject}", f"  what: {problem.what}"]
            lines += [f"  why:  {line}" for line in problem.message.splitlines()]
            lines += [f"  next: {problem.todo}", ""]
        self.assert_golden(f"problems/{name}.txt", "\n".join(lines))

    def test_a_run_in_which_all_passes_has_no_problem(self) -> None:
        comparison = judge(run())
        self.assertEqual(comparison.problems, [])
        self.assertEqual(comparison.exit_code, 0)
        self.assertEqual(comparison.counts, {"pass": 10})
        self.assertEqual(_claim(comparison, "console_log"), "confirmed")
        self.assertEqual(_claim(comparison, "time_namespace"), "unverified")

    def test_an_unexplained_failure_is_a_problem_and_an_over_claim(self) -> None:
        comparison = judge(run(_FAILED))
        self.assertEqual(comparison.exit_code, 1)
        self.assertEqual(_claim(comparison, "console_log"), "over-claimed")
        self.assert_problems("failure", comparison)

    def test_crash_and_timeout_are_failures_with_their_own_words(self) -> None:
        crashed = record(_CLEAR, "crash", reason="killed by signal 11 (SIGSEGV)")
        hung = record("ConsoleLogTest.ReadIsQuick", "timeout", reason="no end after 10 s")
        comparison = judge(run(crashed, hung))
        self.assert_problems("crash_and_timeout", comparison)

    def test_the_ledger_explains_a_failure(self) -> None:
        comparison = judge(run(_FAILED), _ENTRY)
        self.assertEqual(comparison.exit_code, 0)
        self.assertEqual(_verdict(comparison, _CLEAR), model.EXPECTED_FAIL)
        self.assertEqual(_claim(comparison, "console_log"), "confirmed")

    def test_an_entry_for_a_crash_does_not_explain_a_failure(self) -> None:
        comparison = judge(run(_FAILED), _ENTRY + "  verdict: crash\n")
        self.assert_problems("changed_verdict", comparison)
        self.assertEqual(comparison.exit_code, 1)

    def test_a_changed_message_is_a_problem(self) -> None:
        comparison = judge(run(record(_CLEAR, "fail", message="it segfaulted")), _ENTRY)
        self.assert_problems("changed_message", comparison)
        self.assertEqual(_verdict(comparison, _CLEAR), model.FAIL)

    def test_an_unexpected_pass_is_a_problem(self) -> None:
        comparison = judge(run(), _ENTRY)
        self.assert_problems("unexpected_pass", comparison)
        self.assertEqual(_verdict(comparison, _CLEAR), model.UNEXPECTED_PASS)
        self.assertEqual(comparison.exit_code, 1)

    def test_what_fails_sometimes_may_pass_and_may_fail(self) -> None:
        entry = f"{_ENTRY}  test: {_CLEAR}\n  how_often: sometimes\n"
        passed = judge(run(), entry)
        self.assertEqual(passed.problems, [])
        self.assertEqual(_verdict(passed, _CLEAR), model.PASS)
        failed = judge(run(_FAILED), entry)
        self.assertEqual(failed.problems, [])
        self.assertEqual(_verdict(failed, _CLEAR), model.EXPECTED_FAIL)
        otherwise = judge(run(record(_CLEAR, "fail", message="it segfaulted")), entry)
        self.assertEqual(_verdict(otherwise, _CLEAR), model.FAIL)

    def test_what_fails_sometimes_names_its_test(self) -> None:
        with self.assertRaisesRegex(ledger.LedgerError, "must name its test"):
            judge(run(), _ENTRY + "  how_often: sometimes\n")

    def test_an_entry_without_a_test_speaks_of_all_tests_of_its_requirement(self) -> None:
        failed = record("ConsoleLogTest.ReadReturnsData", "fail", message="Expected: 0 bytes")
        entry = _ENTRY.replace("clear_empties", "read_returns_data")
        comparison = judge(run(failed), entry)
        self.assertEqual(_kinds(comparison), [problems.UNEXPECTED_PASS])
        named = entry + "  test: ConsoleLogTest.ReadReturnsData\n"
        self.assertEqual(judge(run(failed), named).problems, [])

    def test_an_entry_for_another_version_or_kernel_neither_explains_nor_is_stale(self) -> None:
        for limit in ("versions: '<5'", "kernels: '>=6.12'", "cgroup: unified"):
            with self.subTest(limit):
                self.assertEqual(judge(run(), f"{_ENTRY}  {limit}\n").problems, [])
                comparison = judge(run(_FAILED), f"{_ENTRY}  {limit}\n")
                self.assertEqual(_kinds(comparison)[0], problems.FAILURE)

    def test_an_entry_whose_test_does_not_cover_the_requirement_is_stale(self) -> None:
        comparison = judge(run(), _ENTRY + "  test: ConsoleLogTest.NullIsRefused\n")
        self.assert_problems("stale_entry", comparison)

    def test_an_entry_whose_test_is_nowhere_is_stale(self) -> None:
        comparison = judge(run(), _ENTRY + "  test: ConsoleLogTest.ClearsNothing\n")
        self.assertEqual(_kinds(comparison), [problems.STALE_ENTRY])
        self.assertIn("there is no test", comparison.problems[0].what)

    def test_an_entry_whose_tests_did_not_run_is_not_stale(self) -> None:
        only = ("ConsoleLogTest.NullIsRefused",)
        self.assertEqual(judge(run(only=only), _ENTRY).problems, [])
        unsupported = record(_CLEAR, "unsupported", reason="need pty is absent")
        self.assertEqual(judge(run(unsupported), _ENTRY).problems, [])

    def test_an_expired_entry_is_a_problem_even_where_it_explains(self) -> None:
        comparison = judge(run(_FAILED), _ENTRY + "  until: 2026-05-31\n")
        self.assert_problems("expired_entry", comparison)
        self.assertEqual(_verdict(comparison, _CLEAR), model.EXPECTED_FAIL)
        self.assertEqual(judge(run(_FAILED), _ENTRY + "  until: 2026-06-01\n").problems, [])

    def test_an_entry_without_a_reason_keeps_the_run_failing(self) -> None:
        entry = _ENTRY.replace("it never empties", "UNEXPLAINED, seen with 5.0.2")
        self.assert_problems("unexplained_entry", judge(run(_FAILED), entry))

    def test_a_leak_fails_its_test_unless_the_ledger_knows_it(self) -> None:
        leak = {"class": "cgroup", "what": "lxc.monitor.c1"}
        leaking = run(record(_CLEAR, leaks=[leak]))
        comparison = judge(leaking)
        self.assert_problems("leak", comparison)
        self.assertEqual(_verdict(comparison, _CLEAR), model.FAIL)
        known = "leaks:\n- {class: cgroup, what: 'lxc\\.monitor\\..*', because: stays behind}\n"
        self.assertEqual(judge(leaking, known).problems, [])
        other = known.replace("cgroup", "mount")
        kinds = _kinds(judge(leaking, other))
        self.assertEqual(kinds, [problems.LEAK, problems.STALE_ENTRY])

    def test_a_known_leak_that_is_gone_is_stale_only_after_a_whole_run(self) -> None:
        known = "leaks:\n- {class: fd, what: '.*', because: stays open}\n"
        self.assertEqual(_kinds(judge(run(), known)), [problems.STALE_ENTRY])
        self.assertEqual(judge(run(only=(_CLEAR,)), known).problems, [])

    def test_what_cannot_be_set_up_is_infrastructure(self) -> None:
        comparison = judge(run(record(_CLEAR, "broken", reason="no cgroup can be made")))
        self.assert_problems("broken", comparison)
        self.assertEqual(comparison.exit_code, 3)
        self.assertEqual(_claim(comparison, "console_log"), "unverified")

    def test_iterations_are_one_problem_that_says_how_often(self) -> None:
        comparison = judge(run(_FAILED, iterations=3))
        self.assertEqual(len([p for p in comparison.problems if p.test == _CLEAR]), 1)
        self.assertIn("in 1 of 3 iterations", comparison.problems[0].what)
        self.assertEqual(_verdict(comparison, _CLEAR), model.FAIL)

    def test_a_requirement_has_the_worst_verdict_of_its_tests(self) -> None:
        failed = record("ConsoleLogTest.ReadReturnsDataTwice", "fail", message="no data")
        outcomes = {r.requirement.id: r for r in judge(run(failed)).requirements}
        self.assertEqual(outcomes["console_log.read_returns_data"].verdict, model.FAIL)
        self.assertEqual(len(outcomes["console_log.read_returns_data"].tests), 2)

    def test_a_lost_result_without_requirements_takes_them_from_the_catalogue(self) -> None:
        lost = record(_CLEAR, "crash", reason="panic", requirements=[], extension="")
        comparison = judge(run(lost))
        self.assertEqual(comparison.problems[0].requirements, ("console_log.clear_empties",))
        self.assertEqual(_claim(comparison, "console_log"), "over-claimed")

    def test_a_case_of_a_parameterised_test_is_known_by_the_test(self) -> None:
        names = ("All/ConsoleLogTest.ClearEmpties/small", "All/ConsoleLogTest.ClearEmpties/big")
        whole = run()
        cases = [replace(r, test=n) for r in whole.results for n in names if r.test == _CLEAR]
        cases[0] = replace(cases[0], verdict="fail", message="Expected: 0 bytes", requirements=())
        whole.results = [*(r for r in whole.results if r.test != _CLEAR), *cases]
        entry = f"{_ENTRY}  test: {names[0]}\n"
        self.assertEqual(judge(whole, entry).problems, [])
        for_both = f"{_ENTRY}  test: {_CLEAR}\n"
        self.assertEqual(_kinds(judge(whole, for_both)), [problems.UNEXPECTED_PASS])

    def test_an_entry_for_a_case_that_the_run_left_out_is_not_stale(self) -> None:
        some = run()
        some.results = [r for r in some.results if r.test != _CLEAR]
        some.planned = len(some.results)
        entry = f"{_ENTRY}  test: All/ConsoleLogTest.ClearEmpties/small\n"
        self.assertEqual(judge(some, entry).problems, [])

    def test_an_entry_for_a_case_that_is_none_is_stale(self) -> None:
        whole = run()
        case = "All/ConsoleLogTest.ClearEmpties/small"
        whole.results = [replace(r, test=case) if r.test == _CLEAR else r for r in whole.results]
        entry = f"{_ENTRY}  test: All/ConsoleLogTest.ClearEmpties/smal\n"
        self.assertEqual(_kinds(judge(whole, entry)), [problems.STALE_ENTRY])


class CompletenessTest(unittest.TestCase):
    def test_a_test_without_a_result_makes_the_run_incomplete(self) -> None:
        torn = run()
        torn.results.pop()
        torn.unfinished = [("ConsoleLogTest.ReadIsQuick", 1)]
        comparison = judge(torn)
        self.assertEqual(_kinds(comparison), [problems.INCOMPLETE])
        self.assertEqual(comparison.exit_code, 3)

    def test_fewer_results_than_planned_make_the_run_incomplete(self) -> None:
        whole = run()
        whole.planned += 1
        self.assertEqual(_kinds(judge(whole)), [problems.INCOMPLETE])

    def test_nothing_executed_is_never_success(self) -> None:
        tests = ("PidfdTest.SignalArrives",)
        absent = record(tests[0], "unsupported", reason="need pidfd is absent: ENOSYS")
        comparison = judge(run(absent, only=tests, absent=("pidfd",)))
        self.assertEqual(_kinds(comparison), [problems.NOTHING_RAN])
        self.assertEqual(comparison.exit_code, 3)
        self.assertIn("ENOSYS", comparison.problems[0].what)

    def test_an_empty_run_is_never_success(self) -> None:
        comparison = judge(run(only=("none",)))
        self.assertEqual(comparison.exit_code, 3)

    def test_a_selected_test_without_a_result_is_missed(self) -> None:
        from ci.reports import ledger
        from ci.reports.compare import compare
        from ci.reports.fixtures import TODAY

        selected = frozenset({_CLEAR, "ConsoleLogTest.Vanished"})
        book = ledger.Ledger(path="x")
        comparison = compare(run(only=(_CLEAR,)), book, catalogue(), TODAY, selected)
        self.assertEqual(_kinds(comparison), [problems.INCOMPLETE])


if __name__ == "__main__":
    unittest.main()
