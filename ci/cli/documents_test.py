# SPDX-License-Identifier: Apache-2.0
"""The completion completes, in bash; the manual page says every option."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
import unittest
from pathlib import Path

from ci.cli import completion, main, manual

_LISTS = {
    "extensions": ["console_log", "pidfd"],
    "requirements": ["console_log.read_empty", "pidfd.announced"],
    "testees": ["reference", "liblxc"],
}


class CompletionTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        (Path(folder.name) / "results file.json").touch()
        self.script = completion.script(main.declare(), _LISTS)

    def _complete(self, *words: str) -> list[str]:
        """What is offered for the last of the words."""
        listed = " ".join(shlex.quote(word) for word in words)
        code = f"""{self.script}
COMP_WORDS=({listed}) COMP_CWORD={len(words) - 1}
_lxcspec
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
        answer = subprocess.run(
            ["bash", "--norc", "-eu", "-c", code],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        return answer.stdout.splitlines()

    def test_commands_options_and_values(self) -> None:
        for words, wanted in (
            (("lxcspec", "re"), ["report"]),
            (("lxcspec", "run", "--ext"), ["--extension"]),
            (("lxcspec", "run", "--extension", "pi"), ["pidfd"]),
            (("lxcspec", "run", "--extension", "=", "pi"), ["pidfd"]),
            (("lxcspec", "run", "--requirement", "console_log.r"), ["console_log.read_empty"]),
            (("lxcspec", "run", "--testee", "ref"), ["reference"]),
            (("lxcspec", "run", "--testee", "results"), ["results file.json"]),
            (("lxcspec", "explain", "pidfd."), ["pidfd.announced"]),
            (("lxcspec", "report", "res"), ["results file.json"]),
            (("lxcspec", "report", "x", "--html", "res"), ["results file.json"]),
            (("lxcspec", "run", "--repeat", ""), [""]),
            (("lxcspec", "nothing", "x"), [""]),
            (("lxcspec", "bench", "err"), ["error-rates"]),
            (("lxcspec", "bench", "ack", "--rea"), ["--reason"]),
        ):
            with self.subTest(words):
                self.assertEqual(self._complete(*words), wanted)

    def test_every_command_is_offered(self) -> None:
        first = {name for name in main.declare().by_name if " " not in name}
        self.assertLessEqual(first, set(self._complete("lxcspec", "")))


class ManualTest(unittest.TestCase):
    def test_every_command_and_option_is_there(self) -> None:
        commands = main.declare()
        page = manual.page(commands)
        for name, parser in commands.by_name.items():
            self.assertIn(".SS " + name.replace("-", "\\-") + "\n", page)
            for option in parser.option_names():
                self.assertIn("\\fB" + option.replace("-", "\\-") + "\\fR", page)

    def test_no_text_is_a_request(self) -> None:
        known = (".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".RS", ".RE", ".nf", ".fi", '.\\"')
        for line in manual.page(main.declare()).splitlines():
            if line.startswith((".", "'")):
                self.assertIn(line.split(" ")[0], known)
        self.assertEqual(manual._text(".x \\n-"), "\\&.x \\en\\-")


if __name__ == "__main__":
    unittest.main()
