# SPDX-License-Identifier: Apache-2.0
"""--update-expectations: what it changes, and that it leaves the rest as it was."""

from __future__ import annotations

import unittest

from ci.reports import ledger, problems
from ci.reports.compare import Comparison, compare
from ci.reports.fixtures import TODAY, GoldenTest, catalogue, record, run
from ci.reports.ledger_text import LedgerText, NotEditable
from ci.reports.results import Run
from ci.reports.update import update

_LEDGER = """# SPDX-License-Identifier: Apache-2.0
testee: liblxc

# What differs.
entries:
# Kept: it goes on failing.
- requirement: console_log.clear_empties   # beside a key
  status: divergent
  because: 'it never empties'
  message: 'Expected: 0 bytes'
# Passes now.
- requirement: console_log.null_refused
  status: fail
  because: a null request is taken
  message: taken
# Fails in another way now.
- requirement: pidfd.signals
  status: fail   # stays
  because: >-
    the signal
    is lost
  message: 'lost'

# Fails in one test only.
- requirement: console_log.read_returns_data
  status: fail
  because: half of it
  message: half

# What is left behind.
leaks:
- {class: mount, what: '/gone', because: it was so}   # gone
# The end.
"""


def _run() -> Run:
    return run(
        record("ConsoleLogTest.ClearEmpties", "fail", message="Expected: 0 bytes"),
        record("PidfdTest.SignalArrives", "crash", message="killed by SIGSEGV"),
        record("ConsoleLogTest.ReadReturnsDataTwice", "fail", message="half of it"),
        record("ConsoleLogTest.ReadIsQuick", "fail", message="Value of: waited\n  Actual: 3 s (!)"),
        record("PidfdTest.FailsWhereLacking", leaks=[{"class": "fd", "what": "/dev/ptmx"}]),
    )


def _compare(text: str, found: Run) -> Comparison:
    return compare(found, ledger.parse(text, "liblxc.yaml"), catalogue(), TODAY)


class UpdateTest(GoldenTest):
    def test_the_ledger_says_what_was_seen_and_keeps_its_comments(self) -> None:
        updated = update(_LEDGER, _compare(_LEDGER, _run()))
        self.assert_golden("updated.yaml", updated)

    def test_what_is_left_after_an_update_is_to_give_reasons(self) -> None:
        updated = update(_LEDGER, _compare(_LEDGER, _run()))
        after = _compare(updated, _run())
        kinds = {problem.kind for problem in after.problems}
        self.assertEqual(kinds, {problems.UNEXPLAINED_ENTRY})
        self.assertEqual(update(updated, after), updated)

    def test_a_ledger_that_is_right_is_not_touched(self) -> None:
        text = "# Mine.\ntestee:   liblxc\nentries: [ ]\n# End.\n"
        self.assertEqual(update(text, _compare(text, run())), text)

    def test_a_ledger_that_does_not_exist_is_begun(self) -> None:
        comparison = compare(_run(), ledger.Ledger(path="new.yaml"), catalogue(), TODAY)
        updated = update("", comparison)
        self.assert_golden("begun.yaml", updated)
        ledger.parse(updated)

    def test_what_many_tests_leave_behind_is_one_entry_for_all(self) -> None:
        text = "testee: liblxc\n"
        pidfd = {"class": "fd", "what": "anon_inode:[pidfd]"}
        cgroup = {"class": "cgroup", "what": "lxc.monitor.c"}
        names = ("ConsoleLogTest.ClearEmpties", "PidfdTest.SignalArrives")
        few = [record(name, leaks=[pidfd, cgroup]) for name in names]
        many = [*few, record("ConsoleLogTest.ReadIsQuick", leaks=[cgroup])]
        leaks = ledger.parse(update(text, _compare(text, run(*many)))).leaks
        self.assertEqual(
            [(leak.what.pattern, leak.test) for leak in leaks],
            [(r"anon_inode:\[pidfd\]", name) for name in names] + [(r"lxc\.monitor\.c", "")],
        )
        # Two in the ledger already, and another one.
        text = update(text, _compare(text, run(*few)))
        leaks = ledger.parse(update(text, _compare(text, run(*many)))).leaks
        self.assertIn((r"lxc\.monitor\.c", ""), [(leak.what.pattern, leak.test) for leak in leaks])

    def test_an_under_claim_is_recorded_and_dropped_again(self) -> None:
        silent = record("PidfdTest.IsAnnounced", "fail", message="Expected: true")
        text = "testee: liblxc\n"
        claimed = update(text, _compare(text, run(silent, unclaimed=("pidfd",))))
        self.assertEqual(ledger.parse(claimed).claims[0].verdict, "under-claimed")
        dropped = update(claimed, _compare(claimed, run()))
        self.assertEqual((ledger.parse(dropped).claims, ledger.parse(dropped).entries), ((), ()))

    def test_a_list_in_brackets_is_refused(self) -> None:
        with self.assertRaisesRegex(NotEditable, "line 2: the list is written in brackets"):
            LedgerText("testee: a\nentries: [{requirement: a.b}]\n")


if __name__ == "__main__":
    unittest.main()
