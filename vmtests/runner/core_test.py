# SPDX-License-Identifier: Apache-2.0
"""Tests of the runner's pure core: command line, limits, results, endings."""

import unittest
from dataclasses import replace
from pathlib import Path

from vmtests.policy.kernel_log import KernelLog, Splat
from vmtests.runner.endings import GuestEnding, Kind, conclude
from vmtests.runner.observation import Observation, judge, parse_event
from vmtests.runner.pace import Pace, first_trial_limit
from vmtests.runner.qemu import Accelerator, Machine, command
from vmtests.runner.results import (
    Tracker,
    lost_record,
    parse_record,
    start_record,
    whole_lines,
)

MACHINE = Machine(
    kernel=Path("/k/vmlinuz"),
    initramfs=Path("/k/initramfs"),
    console=Path("/logs/a,b/console.log"),
    results=Path("/r/results.jsonl"),
    accelerator=Accelerator.EMULATION,
    memory_mib=768,
    cpus=3,
    kernel_arguments=("slub_debug=F",),
)


def _after(words: list[str], option: str) -> str:
    return words[words.index(option) + 1]


class CommandTest(unittest.TestCase):
    """command()."""

    def test_emulation_avoids_the_broken_instruction(self) -> None:
        words = command(MACHINE)
        self.assertEqual(_after(words, "-accel"), "tcg,thread=multi")
        self.assertEqual(_after(words, "-cpu"), "max,la57=off,-cx16")

    def test_kvm_shows_the_host_s_processor(self) -> None:
        words = command(replace(MACHINE, accelerator=Accelerator.KVM))
        self.assertEqual(_after(words, "-accel"), "kvm")
        self.assertEqual(_after(words, "-cpu"), "host")

    def test_late_timer_of_a_busy_host_is_no_panic(self) -> None:
        words = command(MACHINE)
        self.assertIn("no_timer_check", _after(words, "-append").split())

    def test_programs_stay_where_they_are_translated_and_only_there(self) -> None:
        self.assertIn("norandmaps", _after(command(MACHINE), "-append").split())
        words = command(replace(MACHINE, accelerator=Accelerator.KVM))
        self.assertNotIn("norandmaps", _after(words, "-append").split())

    def test_panic_ends_qemu(self) -> None:
        words = command(MACHINE)
        self.assertIn("-no-reboot", words)
        self.assertIn("panic=-1", _after(words, "-append").split())

    def test_machine_is_as_asked_for(self) -> None:
        words = command(MACHINE, "/opt/qemu")
        self.assertEqual(words[0], "/opt/qemu")
        self.assertEqual(_after(words, "-kernel"), "/k/vmlinuz")
        self.assertEqual(_after(words, "-initrd"), "/k/initramfs")
        self.assertEqual((_after(words, "-m"), _after(words, "-smp")), ("768", "3"))
        self.assertIn("slub_debug=F", _after(words, "-append").split())

    def test_cores_have_threads_where_that_is_wanted(self) -> None:
        words = command(replace(MACHINE, cpus=2, smt=True))
        self.assertEqual(_after(words, "-smp"), "2,threads=2")
        self.assertIn("vendor=GenuineIntel", _after(words, "-cpu"))
        self.assertNotIn("vendor", _after(command(MACHINE), "-cpu"))

    def test_comma_in_a_path_is_no_separator(self) -> None:
        self.assertIn("file,id=console,path=/logs/a,,b/console.log", command(MACHINE))

    def test_results_of_earlier_guests_are_kept(self) -> None:
        self.assertIn("file,id=results,path=/r/results.jsonl,append=on", command(MACHINE))

    def test_guest_has_no_network_disk_or_user_configuration(self) -> None:
        words = command(MACHINE)
        self.assertIn("-nodefaults", words)
        self.assertIn("-no-user-config", words)
        self.assertFalse({"-netdev", "-nic", "-drive", "-hda", "-virtfs"} & set(words))


class PaceTest(unittest.TestCase):
    """Every limit follows what was measured."""

    def test_limits_grow_with_the_trial_boot(self) -> None:
        fast, slow = Pace(0.5), Pace(5.0)
        self.assertAlmostEqual(slow.boot_limit(0), 10 * fast.boot_limit(0))
        self.assertGreater(slow.silence_limit(0, 0), fast.silence_limit(0, 0))
        self.assertGreater(slow.stuck_limit(None), fast.stuck_limit(None))

    def test_silence_is_judged_by_what_the_guest_itself_has_shown(self) -> None:
        self.assertAlmostEqual(Pace(1.0).silence_limit(1.0, 30.0), 150.0)
        self.assertAlmostEqual(Pace(1.0).silence_limit(20.0, 0.0), 100.0)

    def test_silence_is_longer_than_several_heartbeats(self) -> None:
        self.assertGreaterEqual(Pace(0.01).silence_limit(0.01, 0), 10.0)

    def test_bigger_image_may_boot_longer(self) -> None:
        self.assertGreater(Pace(2.0).boot_limit(100_000_000), Pace(2.0).boot_limit(1_000_000))

    def test_stuck_limit_follows_the_launcher_s_measure(self) -> None:
        self.assertAlmostEqual(Pace(2.0).stuck_limit(8.0), 4 * Pace(2.0).stuck_limit(2.0))

    def test_first_trial_waits_longer_on_a_slow_host(self) -> None:
        self.assertAlmostEqual(first_trial_limit(3.0), 3 * first_trial_limit(1.0))


RUN = b'{"record":"run","schema":1,"machine":{"speed":12.5},"planned":2}\n'
RESULT = b'{"record":"result","test":"A.One","iteration":1,"verdict":"pass"}\n'


class ResultsTest(unittest.TestCase):
    """Tracker and whole_lines()."""

    def test_records_are_found_however_the_bytes_are_cut(self) -> None:
        content = RUN + start_record("A.One", 1) + RESULT + start_record("A.Two", 1)
        for size in (1, 7, len(content)):
            with self.subTest(size):
                tracker = Tracker()
                kinds = []
                for at in range(0, len(content), size):
                    kinds += [r["record"] for r in tracker.feed(content[at : at + size])]
                self.assertEqual(kinds, ["run", "start", "result", "start"])
                self.assertEqual(tracker.running, [("A.Two", 1)])
                self.assertEqual((tracker.finished, tracker.speed), (1, 12.5))

    def test_iterations_of_a_test_are_told_apart(self) -> None:
        tracker = Tracker()
        list(tracker.feed(start_record("A.One", 1) + RESULT + start_record("A.One", 2)))
        self.assertEqual(tracker.running, [("A.One", 2)])

    def test_start_known_only_from_the_console_runs(self) -> None:
        tracker = Tracker()
        list(tracker.feed(RUN + start_record("A.One", 1) + RESULT))
        tracker.add_starts([("A.One", 1), ("A.Two", 1)])
        self.assertEqual(tracker.running, [("A.Two", 1)])
        self.assertFalse(tracker.has_start("A.Two", 1))

    def test_one_at_a_time_only_the_last_started_can_run(self) -> None:
        tracker = Tracker()
        list(tracker.feed(start_record("A.One", 1)))
        tracker.add_starts([("A.One", 1), ("A.Two", 1)])
        self.assertEqual(tracker.running, [("A.Two", 1)])

    def test_several_at_a_time_all_of_them_run(self) -> None:
        tracker = Tracker(parallel=True)
        list(tracker.feed(start_record("A.One", 1) + start_record("A.Two", 1)))
        self.assertEqual(tracker.running, [("A.One", 1), ("A.Two", 1)])

    def test_damaged_line_is_no_record(self) -> None:
        tracker = Tracker()
        self.assertEqual(list(tracker.feed(b'{"record":"st\n[]\n{"a":1}\n\xff\n')), [])

    def test_what_was_cut_off_is_dropped(self) -> None:
        self.assertEqual(whole_lines(RUN + RESULT[:-1]), RUN)
        self.assertEqual(whole_lines(RUN + RESULT[:20] + b"\n"), RUN)
        self.assertEqual(whole_lines(RUN + RESULT), RUN + RESULT)
        self.assertEqual(whole_lines(b"\x00\x01"), b"")
        self.assertEqual(whole_lines(b""), b"")

    def test_lost_test_gets_every_field_of_a_result(self) -> None:
        record = parse_record(lost_record("A.One", 2, "crash", "panic: x"))
        assert record is not None
        self.assertEqual(
            set(record),
            {"record", "test", "iteration", "extension", "requirements", "verdict", "reason"}
            | {"message", "leaks", "output", "ms"},
        )
        self.assertEqual((record["test"], record["iteration"]), ("A.One", 2))


BOOTED = Observation(boot_seconds=2.0, exit_status=0, running=("A.One",))
EXITED = {"event": "exited", "code": 0, "sent": 10}
PANIC = KernelLog(panic="Kernel panic - not syncing: x")


class JudgeTest(unittest.TestCase):
    """judge() and conclude()."""

    def _expect(self, observation: Observation, kind: Kind, *parts: str) -> GuestEnding:
        ending = judge(observation)
        self.assertIs(ending.kind, kind, ending.reason)
        for part in parts:
            self.assertIn(part, ending.reason)
        return ending

    def test_launcher_that_ended_well_with_all_results_here_is_finished(self) -> None:
        self._expect(
            Observation(boot_seconds=2.0, exit_status=0, exited=EXITED, received=10), Kind.FINISHED
        )

    def test_results_lost_on_the_way_are_no_success(self) -> None:
        seen = Observation(boot_seconds=2.0, exit_status=0, exited=EXITED, received=9)
        self._expect(seen, Kind.INFRASTRUCTURE, "sent 10 bytes", "9 arrived")

    def test_launcher_that_failed_is_infrastructure(self) -> None:
        seen = Observation(boot_seconds=2.0, exited={"event": "exited", "code": 3, "sent": 0})
        ending = self._expect(seen, Kind.INFRASTRUCTURE, "exited with 3")
        self.assertEqual(ending.launcher_exit, 3)
        seen = Observation(boot_seconds=2.0, exited={"event": "exited", "signal": 11, "sent": 0})
        self._expect(seen, Kind.INFRASTRUCTURE, "SIGSEGV")

    def test_launcher_killed_for_memory_is_out_of_memory(self) -> None:
        log = KernelLog(out_of_memory="Out of memory: Killed process 9")
        event = {"event": "exited", "signal": 9, "sent": 0}
        self._expect(
            Observation(boot_seconds=2.0, exited=event, log=log), Kind.OUT_OF_MEMORY, "process 9"
        )

    def test_panic_names_its_line_and_the_running_test(self) -> None:
        self._expect(replace(BOOTED, log=PANIC), Kind.PANIC, "not syncing: x", "during A.One")

    def test_panic_counts_even_if_qemu_had_to_be_ended(self) -> None:
        self._expect(replace(BOOTED, log=PANIC, stopped=Kind.HANG, exit_status=-9), Kind.PANIC)

    def test_silence_is_a_hang(self) -> None:
        seen = replace(BOOTED, stopped=Kind.HANG, stopped_after=26.2, exit_status=-9)
        self._expect(seen, Kind.HANG, "26 s", "during A.One")

    def test_life_without_results_is_a_timeout(self) -> None:
        seen = replace(BOOTED, stopped=Kind.TIMEOUT, stopped_after=90.0, exit_status=-9)
        self._expect(seen, Kind.TIMEOUT, "90 s", "alive", "during A.One")

    def test_run_whose_time_is_over_says_so(self) -> None:
        seen = replace(BOOTED, stopped=Kind.TIMEOUT, time_over=True, exit_status=-9)
        self._expect(seen, Kind.TIMEOUT, "time limit of the whole run", "during A.One")

    def test_machine_that_vanished_is_lost(self) -> None:
        self._expect(BOOTED, Kind.LOST_VM, "reset without a word", "during A.One")
        self._expect(replace(BOOTED, exit_status=-9), Kind.LOST_VM, "SIGKILL")
        seen = replace(BOOTED, exit_status=1, errors="qemu: bus error\n")
        self._expect(seen, Kind.LOST_VM, "status 1", "bus error")

    def test_kernel_that_never_reached_init_failed_to_start(self) -> None:
        self._expect(Observation(exit_status=1, errors="qemu: bad kernel\n"), Kind.START_FAILURE)
        self._expect(Observation(exit_status=0, log=PANIC), Kind.START_FAILURE, "before init", "x")
        seen = Observation(stopped=Kind.START_FAILURE, stopped_after=20.0, exit_status=-9)
        ending = self._expect(seen, Kind.START_FAILURE, "20 s", "console is empty")
        self.assertTrue(ending.emulators_fault)
        self.assertFalse(judge(replace(seen, errors="qemu: bad kernel\n")).emulators_fault)
        self.assertFalse(judge(replace(seen, log=PANIC)).emulators_fault)
        self._expect(
            replace(seen, console_tail="one\r\ntwo\r\n"), Kind.START_FAILURE, "ends with: two"
        )

    def test_breakpoint_that_emulation_kept_is_its_fault(self) -> None:
        log = replace(PANIC, breakpoint=True)
        for seen in (Observation(exit_status=0, log=log), replace(BOOTED, log=log)):
            self.assertTrue(judge(replace(seen, emulated=True)).emulators_fault)
            self.assertFalse(judge(seen).emulators_fault)
            self.assertFalse(judge(replace(seen, emulated=True, log=PANIC)).emulators_fault)

    def test_complaints_of_a_guest_that_emulation_ended_do_not_count(self) -> None:
        splat = Splat("Oops: int3: 0000 [#1] SMP NOPTI", None)
        lost = GuestEnding(Kind.PANIC, "x", splats=(splat,), emulators_fault=True)
        whole = GuestEnding(Kind.FINISHED, "y")
        self.assertIs(conclude((lost, whole)).kind, Kind.FINISHED)
        self.assertIs(conclude((replace(lost, emulators_fault=False), whole)).kind, Kind.SPLAT)

    def test_init_that_failed_is_infrastructure(self) -> None:
        self._expect(
            Observation(boot_seconds=2.0, failed="mount(x): EPERM"), Kind.INFRASTRUCTURE, "mount(x)"
        )

    def test_damaged_control_line_is_no_event(self) -> None:
        self.assertIsNone(parse_event(b'{"event":'))
        self.assertIsNone(parse_event(b'{"event":3}'))
        self.assertIsNone(parse_event(b"[]"))

    def test_run_ends_as_its_last_guest(self) -> None:
        panic = GuestEnding(Kind.PANIC, "p", ("A.One",))
        finished = GuestEnding(Kind.FINISHED, "f")
        self.assertTrue(conclude((panic, finished)).complete)
        self.assertFalse(conclude((finished, panic)).complete)

    def test_complaint_of_any_guest_s_kernel_is_reported(self) -> None:
        splat = Splat("BUG: x", "A.One")
        first = GuestEnding(Kind.PANIC, "p", splats=(splat,))
        ending = conclude((first, GuestEnding(Kind.FINISHED, "f")))
        self.assertIs(ending.kind, Kind.SPLAT)
        self.assertIn("BUG: x", ending.reason)
        self.assertIn("A.One", ending.reason)


if __name__ == "__main__":
    unittest.main()
