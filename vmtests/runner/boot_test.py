# SPDX-License-Identifier: Apache-2.0
"""Boots real guests, and brings every ending about on purpose."""

import contextlib
import json
import os
import shutil
import signal
import tempfile
import threading
import unittest
from pathlib import Path
from typing import Any

from vmtests.guest.image import Sabotage
from vmtests.kernels.fetch import Kernel, default_fetcher
from vmtests.runner.endings import Ending, GuestEnding, Kind
from vmtests.runner.results import Record
from vmtests.runner.run import Options, run_in_vm

SERIES = "6.1"
INIT = Path("vmtests/guest/init").absolute()
LAUNCHER = Path("vmtests/testdata/fake_launcher").absolute()
# Any program and any library: the stand-in only looks whether they are there.
SUITE = Path("/bin/sh")
TESTEE = Path("/lib/x86_64-linux-gnu/libc.so.6")


class BootTest(unittest.TestCase):
    """run_in_vm()."""

    kernel: Kernel

    @classmethod
    def setUpClass(cls) -> None:
        cls.kernel = default_fetcher(print).get(SERIES)

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.results = self.root / "results.jsonl"
        self.said: list[str] = []
        self.seen: list[Record] = []

    def _run(self, *tests: str, kernel: str = SERIES, **options: Any) -> Ending:
        # A short measure of speed: the stand-in's tests take no time.
        options.setdefault("launcher_arguments", ("--speed", "0.2"))
        return run_in_vm(
            kernel,
            LAUNCHER,
            SUITE,
            LAUNCHER,
            TESTEE,
            self.results,
            init=INIT,
            tests=tests,
            options=Options(memory_mib=512, **options),
            say=self.said.append,
            on_record=self.seen.append,
        )

    def _records(self) -> list[Record]:
        return [json.loads(line) for line in self.results.read_text("utf-8").splitlines()]

    def _verdicts(self) -> dict[str, str]:
        results = [record for record in self._records() if record["record"] == "result"]
        # One result each, whatever happened to the guest.
        self.assertEqual(len({record["test"] for record in results}), len(results))
        return {record["test"]: record["verdict"] for record in results}

    def _reason(self, test: str) -> str:
        for record in self._records():
            if record["record"] == "result" and record["test"] == test:
                return str(record["reason"])
        raise AssertionError(f"no result of {test}")

    def _guests(self, ending: Ending) -> list[GuestEnding]:
        # A kernel can die of its emulation, or before the word of the test that is to kill it has
        # come: then it is booted once more, and that guest proves nothing.
        return [
            guest
            for guest in ending.guests
            if not guest.emulators_fault and (guest.kind is not Kind.PANIC or guest.running)
        ]

    def _kinds(self, ending: Ending) -> list[Kind]:
        return [guest.kind for guest in self._guests(ending)]

    def test_finished_with_passing_and_failing_tests(self) -> None:
        ending = self._run("Fake.ChecksGuest", "Fake.Fails", "Fake.Floods")
        self.assertEqual(self._kinds(ending), [Kind.FINISHED], ending)
        self.assertEqual(
            self._verdicts(),
            {"Fake.ChecksGuest": "pass", "Fake.Fails": "fail", "Fake.Floods": "pass"},
        )
        # A mebibyte in one record has come over the port unharmed, and the caller has seen it all.
        (flood,) = [r for r in self._records() if r.get("test") == "Fake.Floods" and "message" in r]
        self.assertEqual(flood["message"], "x" * (1 << 20))
        self.assertEqual(self.seen, self._records())
        self.assertEqual(self._records()[-1], {"record": "end", "planned": 3, "executed": 3})
        logs = self._guests(ending)[0].logs
        assert logs is not None
        self.assertIn("Linux version 6.1", (logs / "console.log").read_text("utf-8"))
        self.assertIn("executed 3 tests", (logs / "launcher.log").read_text("utf-8"))

    def test_panic_crashes_its_test_and_the_rest_goes_on(self) -> None:
        ending = self._run("Fake.First", "Fake.Panics", "Fake.Last")
        self.assertEqual(self._kinds(ending), [Kind.PANIC, Kind.FINISHED], ending)
        self.assertTrue(ending.complete)
        self.assertEqual(
            self._verdicts(), {"Fake.First": "pass", "Fake.Panics": "crash", "Fake.Last": "pass"}
        )
        self.assertIn("sysrq triggered crash", self._reason("Fake.Panics"))

    def test_of_several_running_only_the_one_that_does_it_again_is_blamed(self) -> None:
        ending = self._run("Fake.First", "Fake.Panics", "Fake.Last", jobs=2)
        self.assertEqual(self._kinds(ending), [Kind.PANIC, Kind.PANIC, Kind.FINISHED], ending)
        self.assertEqual(
            self._verdicts(), {"Fake.First": "pass", "Fake.Panics": "crash", "Fake.Last": "pass"}
        )

    def test_hang_times_its_test_out_and_the_rest_goes_on(self) -> None:
        sabotage = Sabotage("hang", "Fake.NeverEnds")
        # Though the test's own time is over long before the silence is long enough.
        ending = self._run("Fake.First", "Fake.NeverEnds", "Fake.Last", sabotage=sabotage)
        self.assertEqual(self._kinds(ending), [Kind.HANG, Kind.FINISHED], ending)
        self.assertEqual(self._verdicts()["Fake.NeverEnds"], "timeout")
        self.assertIn("no sign of life", self._reason("Fake.NeverEnds"))
        self.assertEqual(self._verdicts()["Fake.Last"], "pass")

    def test_test_that_never_ends_in_a_living_guest_is_a_timeout(self) -> None:
        ending = self._run("Fake.First", "Fake.NeverEnds", "Fake.Last")
        self.assertEqual(self._kinds(ending), [Kind.TIMEOUT, Kind.FINISHED], ending)
        self.assertEqual(self._verdicts()["Fake.NeverEnds"], "timeout")
        self.assertIn("the guest is alive", self._reason("Fake.NeverEnds"))
        self.assertEqual(self._verdicts()["Fake.Last"], "pass")

    def test_run_that_outlasts_its_time_names_the_running_test(self) -> None:
        ending = self._run("Fake.NeverEnds", "Fake.Last", time_limit=0.0, launcher_arguments=())
        self.assertEqual(self._kinds(ending), [Kind.TIMEOUT], ending)
        self.assertNotIn("Fake.Last", self._verdicts())

    def test_launcher_killed_for_memory_is_out_of_memory_and_the_rest_goes_on(self) -> None:
        sabotage = Sabotage("memory", "Fake.NeverEnds")
        ending = self._run(
            "Fake.First",
            "Fake.NeverEnds",
            "Fake.Last",
            sabotage=sabotage,
            # Eating takes its time under emulation.
            launcher_arguments=("--speed", "2"),
        )
        self.assertEqual(self._kinds(ending), [Kind.OUT_OF_MEMORY, Kind.FINISHED], ending)
        self.assertEqual(self._verdicts()["Fake.NeverEnds"], "crash")
        self.assertIn("Out of memory: Killed process", self._reason("Fake.NeverEnds"))
        self.assertEqual(self._verdicts()["Fake.Last"], "pass")

    def test_reset_is_a_lost_vm(self) -> None:
        sabotage = Sabotage("reboot", "Fake.NeverEnds")
        ending = self._run("Fake.NeverEnds", "Fake.Last", sabotage=sabotage)
        self.assertEqual(self._kinds(ending), [Kind.LOST_VM, Kind.FINISHED], ending)
        self.assertEqual(self._verdicts(), {"Fake.NeverEnds": "crash", "Fake.Last": "pass"})

    def test_killed_qemu_is_a_lost_vm(self) -> None:
        killed = threading.Event()

        def kill_qemu(record: Record) -> None:
            if record.get("test") == "Fake.NeverEnds" and not killed.is_set():
                killed.set()
                for child in _children(os.getpid()):
                    os.kill(child, signal.SIGKILL)

        ending = run_in_vm(
            SERIES,
            LAUNCHER,
            SUITE,
            LAUNCHER,
            TESTEE,
            self.results,
            init=INIT,
            tests=["Fake.NeverEnds", "Fake.Last"],
            on_record=kill_qemu,
        )
        self.assertEqual(self._kinds(ending), [Kind.LOST_VM, Kind.FINISHED], ending)
        self.assertIn("SIGKILL", self._reason("Fake.NeverEnds"))

    def test_complaint_of_the_kernel_is_reported_with_its_test(self) -> None:
        ending = self._run("Fake.First", "Fake.Last", sabotage=Sabotage("splat", "Fake.Last"))
        self.assertIs(ending.kind, Kind.SPLAT, ending)
        self.assertEqual(self._guests(ending)[0].splats[0].test, "Fake.Last")
        self.assertEqual(self._verdicts(), {"Fake.First": "pass", "Fake.Last": "pass"})

    def test_corrupt_kernel_fails_to_start(self) -> None:
        damaged = self.root / "vmlinuz"
        damaged.write_bytes(self.kernel.image.read_bytes()[:1000])
        ending = self._run("Fake.First", kernel=str(damaged))
        self.assertIs(ending.kind, Kind.START_FAILURE, ending)
        self.assertIn("QEMU", ending.reason)
        self.assertFalse(self.results.exists())

    def test_missing_kernel_fails_to_start(self) -> None:
        ending = self._run("Fake.First", kernel="/no/such/vmlinuz")
        self.assertIs(ending.kind, Kind.START_FAILURE)
        self.assertIn("/no/such/vmlinuz", ending.reason)

    def test_missing_qemu_fails_to_start_and_says_what_to_install(self) -> None:
        path = os.environ["PATH"]
        os.environ["PATH"] = str(self.root)
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        ending = self._run("Fake.First")
        self.assertIs(ending.kind, Kind.START_FAILURE)
        self.assertIn("apt-get install qemu-system-x86", ending.reason)

    def test_guest_that_hangs_before_init_is_booted_once_more(self) -> None:
        self._run("Fake.First")
        real = shutil.which("qemu-system-x86_64")
        marker = self.root / "was-here"
        program = self.root / "qemu-system-x86_64"
        program.write_text(
            "#!/bin/sh\n"
            f'if [ "$1" != --version ] && [ ! -e "{marker}" ]; then\n'
            f'    touch "{marker}"; exec tail -f /dev/null\n'
            "fi\n"
            f'exec "{real}" "$@"\n'
        )
        program.chmod(0o755)
        path = os.environ["PATH"]
        os.environ["PATH"] = f"{self.root}:{path}"
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        ending = self._run("Fake.First")
        self.assertIs(ending.guests[0].kind, Kind.START_FAILURE, ending)
        self.assertTrue(ending.guests[0].emulators_fault, ending)
        self.assertEqual(self._kinds(ending), [Kind.FINISHED], ending)
        self.assertEqual(self._verdicts(), {"Fake.First": "pass"})
        self.assertTrue(any("trying once more" in line for line in self.said), self.said)

    def test_missing_testee_is_no_start_failure_of_the_kernel(self) -> None:
        ending = run_in_vm(
            SERIES, LAUNCHER, SUITE, LAUNCHER, self.root / "none.so", self.results, init=INIT
        )
        self.assertIs(ending.kind, Kind.INFRASTRUCTURE)
        self.assertIn("none.so", ending.reason)

    def test_launcher_that_cannot_run_is_infrastructure(self) -> None:
        broken = self.root / "launcher"
        content = bytearray(LAUNCHER.read_bytes())
        # Another machine's program: the guest's kernel refuses it.
        content[18] = 0
        broken.write_bytes(content)
        ending = run_in_vm(
            SERIES, broken, SUITE, LAUNCHER, TESTEE, self.results, init=INIT, tests=["Fake.First"]
        )
        self.assertIs(ending.kind, Kind.INFRASTRUCTURE, ending)
        self.assertIn("exited with 127", ending.reason)

    def test_resumed_run_keeps_what_is_there(self) -> None:
        self._run("Fake.First")
        before = self.results.read_bytes()
        # As a killed run leaves it: with a line cut off.
        self.results.write_bytes(before + b'{"record":"start","te')
        ending = self._run("Fake.First", "Fake.Fails", resume=True)
        self.assertEqual(self._kinds(ending), [Kind.FINISHED], ending)
        self.assertTrue(self.results.read_bytes().startswith(before))
        self.assertEqual(self._verdicts(), {"Fake.First": "pass", "Fake.Fails": "fail"})

    def test_accelerator_is_said_in_one_line_and_remembered(self) -> None:
        self._run("Fake.First")
        first = [line for line in self.said if "software emulation" in line or "KVM" in line]
        self.assertEqual(len(first), 1, self.said)
        self.said.clear()
        self._run("Fake.First")
        self.assertIn("known from an earlier run", self.said[0])


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and _parent(entry) == pid:
                found.append(int(entry.name))
    return found


def _parent(process: Path) -> int:
    # After the program's name, which may hold anything.
    return int((process / "stat").read_text("utf-8").rpartition(")")[2].split()[1])


if __name__ == "__main__":
    if shutil.which("qemu-system-x86_64") is None:
        raise SystemExit("qemu-system-x86_64 is not installed: apt-get install qemu-system-x86")
    unittest.main()
