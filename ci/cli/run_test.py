# SPDX-License-Identifier: Apache-2.0
"""`lxcspec run` with a launcher that replays results: exit codes, files, interrupts."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from ci.cli import execution, main, prepare, specification, vm
from ci.cli.host import Follower, Job, Trouble, launcher_arguments
from ci.reports import fixtures

_CLEAR = "ConsoleLogTest.ClearEmpties"
_FAILED = fixtures.record(_CLEAR, "fail", message="Expected: 0 bytes")
_LEDGER = """testee: liblxc
entries:
- requirement: console_log.clear_empties
  status: fail
  because: it never empties
  message: 'Expected: 0 bytes'
"""
# Copies the prepared results to where --results says, then ends as it is told to.
_LAUNCHER = """#!/bin/sh
for word; do case $word in --results=*) results=${word#--results=} ;; esac; done
printf '%s\\n' "$@" > FOLDER/arguments
cat FOLDER/prepared >> "$results"
. FOLDER/ending
"""
_SUITE = """#!/bin/sh
cat FOLDER/tests
"""


class RunTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.testee = self.folder / "liblxc.so.1"
        self.testee.write_bytes(b"\x7fELF lxc_has_api_extension")
        self.ledger = self.folder / "ledger.yaml"
        self.ledger.write_text(_LEDGER, encoding="utf-8")
        self.results = self.folder / "results.jsonl"
        for name, text in (("launcher", _LAUNCHER), ("suite", _SUITE)):
            program = self.folder / name
            program.write_text(text.replace("FOLDER", folder.name), encoding="utf-8")
            program.chmod(0o755)
        tests = "".join(f"  {name.split('.')[1]}\n" for name in fixtures.catalogue().tests)
        self.write("tests", f"ConsoleLogTest.\n{tests}")
        self.end("exit 0")
        binaries = execution.Binaries(
            bazel_bin=self.folder,
            launcher=self.folder / "launcher",
            suite=self.folder / "suite",
            probe=self.folder / "probe",
            init=self.folder / "init",
            deny=self.folder / "init",
        )
        patches: list[tuple[Any, str, Any]] = [
            (execution, "build", mock.Mock(return_value=binaries)),
            (execution, "list_tests", mock.Mock(return_value=list(fixtures.catalogue().tests))),
            (specification, "load", fixtures.catalogue),
            (os, "geteuid", lambda: 0),
            (prepare, "for_building", lambda: None),
        ]
        for target, attribute, value in patches:
            patch = mock.patch.object(target, attribute, value)
            patch.start()
            self.addCleanup(patch.stop)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def end(self, command: str) -> None:
        self.write("ending", command + "\n")

    def run_with(self, *words: str, **how: Any) -> tuple[int, str, str]:
        records = how.pop("records", None) or fixtures.records(_FAILED, **how)
        self.write("prepared", fixtures.text_of(records))
        given = ["run", f"--testee={self.testee}", f"--ledger={self.ledger}", *words]
        if not any(word.startswith("--resume") for word in words):
            given.append(f"--results={self.results}")
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main.main(given)
        return code, out.getvalue(), err.getvalue()

    def test_nothing_unexpected_is_0(self) -> None:
        code, out, _ = self.run_with()
        self.assertEqual(code, 0)
        self.assertIn("9 pass, 1 expected fail; nothing unexpected", out)

    def test_a_ledger_entry_deleted_is_1_and_names_the_requirement(self) -> None:
        self.ledger.write_text("testee: liblxc\n", encoding="utf-8")
        code, out, _ = self.run_with()
        self.assertEqual(code, 1)
        self.assertIn("console_log.clear_empties\n    MUST: After a clear a read finds noth", out)
        self.assertIn("Expected: 0 bytes", out)

    def test_a_ledger_entry_that_does_not_apply_is_1_and_names_its_line(self) -> None:
        more = "- {requirement: pidfd.signals, status: fail, because: b, message: c}\n"
        self.ledger.write_text(_LEDGER + more, encoding="utf-8")
        code, out, _ = self.run_with()
        self.assertEqual(code, 1)
        self.assertIn("ledger.yaml:7", out)

    def test_a_ledger_with_a_mistake_is_2(self) -> None:
        self.ledger.write_text("testee: liblxc\nentrys: []\n", encoding="utf-8")
        code, _, err = self.run_with()
        self.assertEqual(code, 2)
        self.assertIn("ledger.yaml:2: unknown key 'entrys'", err)

    def test_a_launcher_that_fails_is_3_with_its_words(self) -> None:
        self.end("echo no namespaces here >&2; exit 3")
        code, _, err = self.run_with(records=fixtures.records()[:1])
        self.assertEqual(code, 3)
        self.assertIn("the launcher ended with 3: no namespaces here", err)

    def test_a_run_cut_short_is_3(self) -> None:
        code, out, _ = self.run_with(records=fixtures.records(_FAILED)[:-4])
        self.assertEqual(code, 3)
        self.assertIn("started and without a result: PidfdTest.SignalArrives", out)

    def test_no_results_file_is_3(self) -> None:
        self.write("launcher", "#!/bin/sh\nexit 0\n")
        code, _, err = self.run_with()
        self.assertEqual(code, 3)
        self.assertIn("results.jsonl", err)

    def test_reports_are_written(self) -> None:
        json_file, junit = self.folder / "r.json", self.folder / "r.xml"
        self.run_with(f"--json={json_file}", f"--junit={junit}")
        report = json.loads(json_file.read_text(encoding="utf-8"))
        self.assertEqual(report["runs"][0]["counts"], {"expected_fail": 1, "pass": 9})
        self.assertIn('<testsuite name="liblxc" tests="10"', junit.read_text(encoding="utf-8"))

    def test_a_filter_is_passed_on_as_a_list_of_tests(self) -> None:
        only = tuple(name for name in fixtures.catalogue().tests if name.startswith("Pidfd"))
        self.end(f"cp $(sed -n s/--tests=//p {self.folder}/arguments) {self.folder}/chosen")
        code, _, _ = self.run_with("--extension", "pidfd", only=only)
        self.assertEqual(code, 0)
        chosen = (self.folder / "chosen").read_text(encoding="utf-8").split()
        self.assertEqual(tuple(chosen), only)

    def test_a_selected_test_that_the_suite_lost_is_3(self) -> None:
        only = ("PidfdTest.IsAnnounced",)
        code, out, _ = self.run_with("--extension", "pidfd", only=only)
        self.assertEqual(code, 3)
        self.assertIn("2 of the selected tests have no result", out)

    def test_list_runs_nothing(self) -> None:
        code, out, _ = self.run_with("--list", "--requirement", "pidfd.signals")
        self.assertEqual((code, out), (0, "PidfdTest.SignalArrives  pidfd.signals\n"))
        self.assertFalse((self.folder / "arguments").exists())

    def test_the_ledger_is_rewritten_on_request(self) -> None:
        self.ledger.write_text("# Mine.\ntestee: liblxc\n", encoding="utf-8")
        code, out, err = self.run_with("--update-expectations")
        self.assertEqual(code, 1)
        self.assertIn("gives no reason yet", out)
        self.assertIn("is rewritten", err)
        self.assertTrue(self.ledger.read_text(encoding="utf-8").startswith("# Mine.\n"))

    def test_a_resumed_run_keeps_its_file_and_says_so_to_the_launcher(self) -> None:
        records = fixtures.records(_FAILED)
        self.results.write_text(fixtures.text_of(records[:10]), encoding="utf-8")
        code, _, _ = self.run_with(f"--resume={self.results}", records=records[10:])
        self.assertEqual(code, 0)
        self.assertIn("--resume", (self.folder / "arguments").read_text(encoding="utf-8"))

    def test_an_interrupt_keeps_the_results_and_says_how_to_go_on(self) -> None:
        self.end(f"trap 'exit 130' INT; touch {self.folder}/ready; sleep 60 & wait $!")

        def interrupt() -> None:
            until = time.monotonic() + 30
            while not (self.folder / "ready").exists() and time.monotonic() < until:
                threading.Event().wait(0.01)
            os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=interrupt)
        thread.start()
        code, _, err = self.run_with("--repeat", "2")
        thread.join()
        self.assertEqual(code, 130)
        self.assertIn(f"--repeat 2 --resume {self.results}", err)
        self.assertTrue(self.results.exists())

    def test_without_root_it_is_run_in_a_vm(self) -> None:
        prepared = fixtures.text_of(fixtures.records(_FAILED))

        def in_vm(job: Job, kernel: str, line: object) -> Trouble | None:
            self.assertEqual(kernel, "6.1")
            job.results.write_text(prepared, encoding="utf-8")
            return None

        with mock.patch.object(os, "geteuid", lambda: 1000), mock.patch.object(vm, "run", in_vm):
            code, _, err = self.run_with()
        self.assertEqual(code, 0)
        self.assertIn("Without root: running in a VM", err)

    def test_a_kernel_that_complained_is_1(self) -> None:
        prepared = fixtures.text_of(fixtures.records(_FAILED))

        def in_vm(job: Job, kernel: str, line: object) -> Trouble | None:
            job.results.write_text(prepared, encoding="utf-8")
            return Trouble("splat: the kernel complained", 1)

        with mock.patch.object(vm, "run", in_vm):
            code, _, err = self.run_with("--vm", "--kernel", "6.12")
        self.assertEqual(code, 1)
        self.assertIn("the kernel complained", err)


class HostTest(unittest.TestCase):
    def job(self, folder: Path, **how: Any) -> Job:
        files = ("path", "launcher", "suite", "probe", "init")
        plain: dict[str, Any] = {name: Path("/usr/lib") / name for name in files}
        plain.update(name="liblxc", results=folder / "r", tests=(), total=10)
        plain.update(repeat=1, seed=None, jobs=2, resume=False)
        return Job(**{**plain, **how})

    def test_progress_counts_what_ended_and_names_what_runs(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            job = self.job(Path(folder))
            follower = Follower(job)
            self.assertEqual(follower.poll(), "liblxc: 0 of 10  ")
            text = fixtures.text_of(fixtures.records(_FAILED))
            half = text.index(f'"test": "{_CLEAR}"') + 40
            job.results.write_text(text[:half], encoding="utf-8")
            self.assertEqual(
                follower.poll(), "liblxc: 3 of 10  ConsoleLogTest.ReadReturnsDataTwice"
            )
            job.results.write_text(text, encoding="utf-8")
            self.assertTrue(follower.poll().startswith("liblxc: 10 of 10, 1 not passed  "))

    def test_neighbours_of_a_testee_below_a_private_folder_are_made_visible(self) -> None:
        arguments = launcher_arguments(self.job(Path("/x"), path=Path("/tmp/a/l.so")), None)
        self.assertIn("--visible=/tmp/a", arguments)
        arguments = launcher_arguments(self.job(Path("/x"), seed=0, resume=True), Path("/t"))
        self.assertNotIn("--visible", " ".join(arguments))
        for wanted in ("--shuffle=0", "--resume", "--tests=/t"):
            self.assertIn(wanted, arguments)


if __name__ == "__main__":
    unittest.main()
