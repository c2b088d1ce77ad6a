# SPDX-License-Identifier: Apache-2.0
"""What counts as a false alarm, and what a bare guest is made of. Without QEMU."""

import tempfile
import unittest
from pathlib import Path

from vmtests.evidence import bare, boots
from vmtests.runner.endings import GuestEnding, Kind, conclude

FINISHED = GuestEnding(Kind.FINISHED, "")


class FalseAlarmTest(unittest.TestCase):
    """boots.false_alarm()."""

    def test_clean_guest_is_none(self) -> None:
        self.assertIsNone(boots.false_alarm(conclude((FINISHED,)), ["pass"]))

    def test_guest_that_emulation_has_ended_is_none_once_the_run_got_over_it(self) -> None:
        lost = GuestEnding(Kind.START_FAILURE, "silent", emulators_fault=True)
        self.assertIsNone(boots.false_alarm(conclude((lost, FINISHED)), ["pass"]))
        self.assertIn("silent", boots.false_alarm(conclude((lost,)), []) or "")

    def test_every_other_ending_is_one(self) -> None:
        for kind in Kind:
            if kind is not Kind.FINISHED:
                guest = GuestEnding(kind, "why")
                self.assertIn("why", boots.false_alarm(conclude((guest,)), ["pass"]) or "")
                self.assertIn("why", boots.false_alarm(conclude((guest, FINISHED)), ["pass"]) or "")

    def test_test_that_did_not_pass_is_one(self) -> None:
        wrong: list[list[str]] = [["fail"], [], ["pass", "pass"]]
        for verdicts in wrong:
            self.assertIsNotNone(boots.false_alarm(conclude((FINISHED,)), verdicts))


class BareGuestTest(unittest.TestCase):
    """bare.write_initramfs()."""

    def test_archive_has_busybox_and_little_else(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "initramfs"
            bare.write_initramfs(path)
            content = path.read_bytes()
        self.assertTrue(content.startswith(b"070701"))
        self.assertIn(bare.BUSYBOX.read_bytes(), content)
        self.assertLess(len(content), bare.BUSYBOX.stat().st_size + 10_000)


if __name__ == "__main__":
    unittest.main()
