# SPDX-License-Identifier: Apache-2.0
"""Command lines that are wrong end with 2 and say what was meant."""

from __future__ import annotations

import contextlib
import io
import unittest

from ci.cli import main
from ci.cli.errors import did_you_mean


def _run(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main.main(words)
        except SystemExit as ended:
            code = int(ended.code or 0)
    return code, out.getvalue(), err.getvalue()


class OptionsTest(unittest.TestCase):
    def test_what_is_wrong_and_what_was_meant(self) -> None:
        for words, wanted in (
            (
                ("rum",),
                "there is no command 'rum'; there are run, matrix, report, verify, site, shell, ",
            ),
            (("rum",), "Did you mean run?"),
            (("run", "--tesee", "x"), "'--tesee' means nothing to './lxcspec run'."),
            (("run", "--tesee", "x"), "Did you mean --testee"),
            (("run", "--tesee=x"), "Did you mean --testee"),
            (("list", "more"), "'more' means nothing to './lxcspec list'"),
            (("--versoin",), "'--versoin' means nothing to './lxcspec'"),
            (("run", "--repeat", "0"), "'0' is not a whole number above 0"),
            (("run", "--shuffle", "-1"), "--shuffle"),
            (("run", "--vm", "--kernel", "six"), "'six' is not a kernel series such as 6.1"),
            (("run", "--kernel", "6.1"), "add --vm"),
            (("probe", "--kernel", "6.1"), "add --vm"),
            (("run", "--resume", "gone"), "name it with --testee"),
            (("run", "--testee", "liblxc", "--resume", "gone"), "there is no results file gone"),
            (("run", "--json", "/no/such/folder/x.json"), "there is no folder /no/such/folder"),
            (("run", "--update-expectations", "--ledger", "none"), "needs a ledger to write"),
            (("explain",), "ID|EXTENSION"),
            (("report",), "RESULTS"),
            (("report", "gone.json"), "gone.json: No such file or directory"),
            (("report", __file__), "neither a report of 'run' or 'matrix' nor raw results"),
            (("verify",), "BUNDLE"),
            (("verify", "gone.tar"), "gone.tar: No such file or directory"),
            (("report", "x", "--html", "/no/such/folder/x.html"), "there is no folder"),
            (("explain", "console_log.overflow_keeps_tial"), "Did you mean console_log.overflow_"),
            (("run", "--testee", "exec:"), "exec: wants a command"),
            (("run", "--testee", "exec:no-such-program x"), "there is no program no-such-program"),
            (("run", "--testee", "exec:true 'a b'"), "no word with a blank"),
            (("run", "--testee", "exec:true '"), "No closing quotation"),
            (("run", "--testee", f"exec:{__file__}"), "it is not executable: chmod +x"),
            (("run", "--vm", "--testee", "exec:/usr/bin/ldd"), "/usr/bin/ldd is a script, and the"),
            (("diff", "--testee", "exec:true", "--against", "liblxc"), "with 'run' only"),
            (("list", "--level", "5"), "there is no level '5'; there are 4.0, 5.0, 6.0, 7.0"),
        ):
            with self.subTest(words=words):
                code, out, err = _run(*words)
                self.assertEqual((code, out), (2, ""))
                self.assertIn(wanted, err)

    def test_every_command_has_help_with_examples(self) -> None:
        for command in ("run", "report", "verify", "site", "test", "list", "explain", "probe"):
            with self.subTest(command):
                code, out, _ = _run(command, "--help")
                self.assertEqual(code, 0)
                self.assertIn(f"examples:\n  ./lxcspec {command}", out)

    def test_no_command_prints_the_help(self) -> None:
        code, out, _ = _run()
        self.assertEqual(code, 2)
        self.assertIn("COMMAND", out)

    def test_a_hint_prefers_what_begins_with_the_word(self) -> None:
        known = ("lxc_log.announced", "lxc_log.null_settings")
        hint = did_you_mean("lxc_log.null", known)
        self.assertTrue(hint.startswith(" Did you mean lxc_log.null_settings"), hint)
        self.assertEqual(did_you_mean("zzz", known), "")


class ReadingTest(unittest.TestCase):
    """The commands that read the specification as it is."""

    def test_list_has_every_extension(self) -> None:
        code, out, _ = _run("list")
        self.assertEqual(code, 0)
        self.assertIn("31 extensions", out)
        self.assertIn("seccomp_proxy_send_notify_fd", out)

    def test_a_level_has_fewer(self) -> None:
        self.assertNotIn("environment_runtime_hooks", _run("list", "--level", "5.0")[1])
        self.assertIn("environment_runtime_hooks", _run("list", "--level", "7.0")[1])

    def test_a_requirement_is_explained(self) -> None:
        code, out, _ = _run("explain", "lxc_log.null_settings")
        self.assertEqual(code, 0)
        for wanted in ("MUST", "EINVAL", "source", "needs", "_conformance_test.cc:"):
            self.assertIn(wanted, out)

    def test_an_extension_is_explained(self) -> None:
        code, out, _ = _run("explain", "lxc_log")
        self.assertEqual(code, 0)
        self.assertIn("lxc_log.null_settings", out)
        code, out, _ = _run("explain", "time_namespace")
        self.assertIn("time_namespace.units", out)


if __name__ == "__main__":
    unittest.main()
