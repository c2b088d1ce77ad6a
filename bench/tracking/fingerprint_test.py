# SPDX-License-Identifier: Apache-2.0
"""Machines are read from their files, and unlike ones are refused with what differs."""

from __future__ import annotations

import dataclasses
import tempfile
import unittest
from pathlib import Path
from typing import Any

from bench.tracking import fingerprint
from bench.tracking.fixtures import MACHINE
from bench.tracking.verdicts import NotComparable, Verdict

_FILES = {
    "proc/cpuinfo": "processor\t: 0\nmodel name\t: Some CPU\ncpu family\t: 6\nmodel\t\t: 85\n"
    "stepping\t: 7\nmicrocode\t: 0x5003605\nflags\t\t: fpu hypervisor\n\nprocessor\t: 1\n",
    "proc/cmdline": "quiet mitigations=off root=/dev/vda\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave\n",
    "sys/devices/system/cpu/cpu1/cpufreq/scaling_governor": "powersave\n",
    "sys/devices/system/cpu/intel_pstate/no_turbo": "1\n",
    "sys/devices/system/cpu/smt/control": "on\n",
    "sys/devices/system/cpu/vulnerabilities/meltdown": "Vulnerable\n",
    "sys/class/dmi/id/sys_vendor": "QEMU\n",
    ".dockerenv": "",
}


class FingerprintTest(unittest.TestCase):
    def _read(self, files: dict[str, str]) -> fingerprint.Fingerprint:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return fingerprint.of_this_machine(Path(folder), kernel="6.1", libc="glibc 2.36")

    def test_a_machine_is_read(self) -> None:
        self.assertEqual(
            self._read(_FILES),
            fingerprint.Fingerprint(
                cpu="Some CPU (6/85/7)",
                cpus="2",
                microcode="0x5003605",
                governor="powersave",
                boost="no_turbo 1",
                smt="on",
                mitigations="meltdown: Vulnerable; mitigations=off",
                kernel="6.1",
                libc="glibc 2.36",
                virtualisation="virtual QEMU; container docker",
            ),
        )

    def test_what_a_machine_does_not_tell_is_unknown(self) -> None:
        silent = self._read({})
        self.assertEqual(silent.microcode, "unknown")
        self.assertEqual(silent.governor, "unknown")
        self.assertEqual(silent.virtualisation, "bare")

    def test_this_machine_is_like_itself(self) -> None:
        here = fingerprint.of_this_machine()
        self.assertEqual(fingerprint.differences(here, fingerprint.of_this_machine()), [])
        self.assertEqual(fingerprint.from_json(here.as_json()), here)

    def test_each_difference_alone_is_refused_and_named(self) -> None:
        for field in dataclasses.fields(MACHINE):
            with self.subTest(field.name):
                other = dataclasses.replace(MACHINE, **{field.name: "other"})
                with self.assertRaisesRegex(NotComparable, f"{field.name}: ") as caught:
                    fingerprint.require_alike(MACHINE, other, "they")
                self.assertEqual(caught.exception.verdict, Verdict.NOT_COMPARABLE)
                self.assertNotEqual(MACHINE.id, other.id)

    def test_of_mitigations_only_those_that_differ_are_named(self) -> None:
        changed = MACHINE.mitigations.replace("IBRS", "Retpolines")
        other = dataclasses.replace(MACHINE, mitigations=changed)
        (only,) = fingerprint.differences(MACHINE, other)
        self.assertIn("Retpolines", only)
        self.assertNotIn("meltdown", only)

    def test_what_is_no_machine_is_refused(self) -> None:
        whole: dict[str, Any] = {**MACHINE.as_json()}
        for wrong in ({}, {**whole, "more": "x"}, {**whole, "cpu": 1}, "text"):
            with self.assertRaises(ValueError):
                fingerprint.from_json(wrong)


if __name__ == "__main__":
    unittest.main()
