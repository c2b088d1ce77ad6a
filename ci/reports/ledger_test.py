# SPDX-License-Identifier: Apache-2.0
"""The ledger is read strictly: each mistake is named with its line."""

from __future__ import annotations

import unittest

from ci.reports import ledger

_GOOD = """testee: liblxc
entries:
- requirement: console_log.read_empty
  status: divergent
  because: known
  message: 'a.b'
  versions: '>=4.0.6,<6'
  kernels: '>=6.1'
  until: 2027-06-01
"""

# What is wrong, the text, and the error.
_BAD = {
    "empty": ("", "ledger:1: the file is empty"),
    "no YAML": ("testee: [\n", "ledger:2: "),
    "no mapping": ("- a\n", "ledger:1: the ledger must be a mapping"),
    "no testee": ("entries: []\n", "ledger:1: the ledger lacks 'testee'"),
    "unknown section": ("testee: a\nentrees: []\n", "ledger:2: unknown key 'entrees'"),
    "entries no list": ("testee: a\nentries: b\n", "ledger:2: 'entries' must be a list"),
    "unknown key": (_GOOD + "  massage: b\n", "ledger:10: unknown key 'massage' in an entry"),
    "key twice": (_GOOD + "  status: fail\n", "ledger:10: key 'status' is given twice"),
    "no requirement": (
        _GOOD.replace("requirement: console_log.read_empty", "link: a"),
        "ledger:3: an entry lacks 'requirement'",
    ),
    "bad id": (_GOOD.replace(".read_empty", ""), "ledger:3: 'console_log' is not <ext>.<slug>"),
    "bad status": (_GOOD.replace("divergent", "wontfix"), "ledger:4: 'status' is 'wontfix'"),
    "no reason": (_GOOD.replace("because: known", "because: ''"), "ledger:5: 'because' must be"),
    "bad regex": (_GOOD.replace("a.b", "a(b"), "ledger:6: 'message' is not a regular"),
    "no message": (_GOOD.replace("message: 'a.b'", "link: x"), "ledger:3: an entry lacks 'mess"),
    "bad versions": (_GOOD.replace(">=4.0.6,<6", "4.x"), "ledger:7: 'versions' is not a version"),
    "bad kernels": (_GOOD.replace("'>=6.1'", "new"), "ledger:8: 'kernels' is not a version"),
    "bad date": (_GOOD.replace("2027-06-01", "soon"), "ledger:9: 'until' must be a date"),
    "bad verdict": (_GOOD + "  verdict: pass\n", "ledger:10: 'verdict' is 'pass'"),
    "bad leak class": (
        "testee: a\nleaks:\n- {class: dir, what: a, because: b}\n",
        "ledger:3: 'class' is 'dir'",
    ),
    "bad claim": (
        "testee: a\nclaims:\n- {extension: pidfd, verdict: confirmed, because: b}\n",
        "ledger:3: 'verdict' is 'confirmed'",
    ),
}


class LedgerTest(unittest.TestCase):
    def test_a_good_ledger_is_read(self) -> None:
        entry = ledger.parse(_GOOD).entries[0]
        self.assertEqual(entry.requirement, "console_log.read_empty")
        self.assertEqual((entry.status, entry.verdict, entry.test), ("divergent", "fail", ""))
        self.assertEqual(entry.scope.line, 3)
        self.assertTrue(entry.message.search("xx a-b xx"))

    def test_each_mistake_is_named_with_its_line(self) -> None:
        for name, (text, wanted) in _BAD.items():
            with self.subTest(name), self.assertRaises(ledger.LedgerError) as caught:
                ledger.parse(text)
            with self.subTest(name):
                self.assertIn(wanted, str(caught.exception))

    def test_an_entry_for_a_crash_needs_no_message(self) -> None:
        text = _GOOD.replace("message: 'a.b'", "verdict: crash")
        self.assertEqual(ledger.parse(text).entries[0].verdict, "crash")

    def test_a_requirement_that_does_not_exist_is_refused(self) -> None:
        book = ledger.parse(_GOOD)
        ledger.check_names(book, {"console_log.read_empty"}, set())
        with self.assertRaisesRegex(ledger.LedgerError, "ledger:3: there is no requirement"):
            ledger.check_names(book, {"console_log.other"}, set())

    def test_scopes_read_versions_out_of_longer_words(self) -> None:
        scope = ledger.parse(_GOOD).entries[0].scope
        self.assertTrue(scope.applies("5.0.2-lxcspec", "6.1.0-47-cloud-amd64", "hybrid"))
        self.assertTrue(scope.applies("5.0.2", "6.12.3", ""))
        self.assertFalse(scope.applies("6.0.4", "6.12.3", ""))
        self.assertFalse(scope.applies("5.0.2", "5.10.223", ""))

    def test_a_development_version_is_compared_by_its_number(self) -> None:
        scope = ledger.parse(_GOOD.replace(">=4.0.6,<6", ">=7.0")).entries[0].scope
        self.assertTrue(scope.applies("7.0.0-devel", "6.12", ""))


if __name__ == "__main__":
    unittest.main()
