# SPDX-License-Identifier: Apache-2.0
"""Tests of reading a kernel log."""

import datetime
import json
import os
import unittest
from pathlib import Path

from vmtests.policy.kernel_log import (
    Policy,
    PolicyError,
    Splat,
    parse,
    parse_entries,
    read_policy,
)

CASES = Path(__file__).with_name("testdata")

# Lines as kernels 5.10 to 6.12 print them.
SPLATS = (
    "WARNING: CPU: 1 PID: 4711 at kernel/cgroup/cgroup.c:6789 css_task_iter_advance+0x5c/0xd0",
    "WARNING: possible circular locking dependency detected",
    "BUG: kernel NULL pointer dereference, address: 0000000000000008",
    "BUG: KASAN: slab-use-after-free in dev_put+0x1c/0x50",
    "BUG: sleeping function called from invalid context at mm/slab.h:494",
    "kernel BUG at fs/inode.c:611!",
    "Oops: 0002 [#1] PREEMPT SMP NOPTI",
    "general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1]",
    "UBSAN: shift-out-of-bounds in net/core/dev.c:1:2",
    "INFO: task suite:321 blocked for more than 120 seconds.",
    "watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [suite:321]",
    "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
    "unregister_netdevice: waiting for lo to become free. Usage count = 2",
    "refcount_t: underflow; use-after-free.",
)

HARMLESS = (
    'Unstable clock detected, switching default tracing clock to "global"',
    "ACPI: IRQ 5 override to level(!), high",
    "Kernel command line: console=ttyS0 panic=-1",
    "veth0: entered promiscuous mode",
    "debug: nothing here",
    "Memory cgroup out of memory: Killed process 77 (probe) total-vm:2000kB",
)


class KernelLogTest(unittest.TestCase):
    """parse()."""

    def test_every_form_of_complaint_is_a_splat(self) -> None:
        for line in SPLATS:
            with self.subTest(line):
                self.assertEqual(parse(f"[    3.141592] {line}\r\n").splats, (Splat(line, None),))

    def test_ordinary_messages_are_none(self) -> None:
        log = parse("".join(f"[    1.000000] {line}\r\n" for line in HARMLESS))
        self.assertEqual((log.splats, log.panic, log.out_of_memory), ((), None, None))

    def test_splat_belongs_to_the_test_that_started_last(self) -> None:
        log = parse(
            "[    1.0] lxcspec: start A.One 1\n"
            "[    2.0] lxcspec: start A.Two 3\n"
            "[    2.5][  T12] WARNING: CPU: 0 PID: 1 at x.c:1 f+0x0/0x0\n"
            "[    3.0] lxcspec: start A.Three 1\n"
        )
        self.assertEqual([splat.test for splat in log.splats], ["A.Two"])
        self.assertEqual(log.starts, (("A.One", 1), ("A.Two", 3), ("A.Three", 1)))

    def test_first_panic_counts_and_is_no_splat(self) -> None:
        log = parse(
            "[    1.0] Kernel panic - not syncing: sysrq triggered crash\n"
            "[    1.1] Kernel panic - not syncing: Attempted to kill init!\n"
        )
        self.assertEqual(log.panic, "Kernel panic - not syncing: sysrq triggered crash")
        self.assertEqual(log.splats, ())

    def test_breakpoint_that_nobody_waits_for_is_noticed(self) -> None:
        for line in ("Oops: int3: 0000 [#1] SMP NOPTI", "int3: 0000 [#1] SMP PTI"):
            self.assertTrue(parse(f"[    1.126633] {line}\n").breakpoint)
        self.assertFalse(parse("[ 1.1] Oops: invalid opcode: 0000 [#1] SMP\n").breakpoint)
        self.assertFalse(parse("[ 1.1] probe: int3: 0000 [#1]\n").breakpoint)

    def test_global_out_of_memory_is_told_from_a_cgroup_s(self) -> None:
        log = parse("[   9.0] Out of memory: Killed process 99 (launcher) total-vm:1kB\n")
        self.assertEqual(
            log.out_of_memory, "Out of memory: Killed process 99 (launcher) total-vm:1kB"
        )

    def test_user_space_cannot_forge_a_panic_inside_a_line(self) -> None:
        self.assertIsNone(parse("[ 1.0] probe: Kernel panic - not syncing: no\n").panic)


class CasesTest(unittest.TestCase):
    """Each folder below testdata/: what its console.log says of its kernel."""

    maxDiff = None

    def test_every_case_is_as_expected(self) -> None:
        cases = sorted(path for path in CASES.iterdir() if path.is_dir())
        self.assertGreaterEqual(len(cases), 8)
        for case in cases:
            with self.subTest(case.name):
                self._check(case)

    def _check(self, case: Path) -> None:
        text = (case / "console.log").read_text(encoding="utf-8")
        allow_file = case / "allow.yaml"
        allow = (
            parse_entries(allow_file.read_text(encoding="utf-8"), "allow")
            if (allow_file.is_file())
            else ()
        )
        expected_file = case / "expected.json"
        expected = (
            json.loads(expected_file.read_text(encoding="utf-8")) if expected_file.is_file() else {}
        )
        kernel, day = expected.get("kernel"), expected.get("today", "2026-11-25")
        policy = Policy(read_policy().deny, allow)
        log = parse(text, policy, kernel, datetime.date.fromisoformat(day))
        found = {
            "kernel": kernel,
            "today": day,
            "panic": log.panic,
            "out_of_memory": log.out_of_memory,
            "splats": [[splat.line, splat.test] for splat in log.splats],
            "starts": [list(start) for start in log.starts],
        }
        if os.environ.get("LXCSPEC_UPDATE") == "1":
            expected_file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
            expected = found
        self.assertEqual(found, expected)


class PolicyTest(unittest.TestCase):
    """parse_entries() and what it denies and allows."""

    TEXT = (
        "allow:\n- line: 'css_task_iter'\n  because: fixed upstream in 6.2\n"
        "  kernels: '>=5.10, <6.2'\n  until: 2027-01-31\n"
    )
    LAST = datetime.date(2027, 1, 31)

    def _splats(self, line: str, kernel: str | None, day: datetime.date) -> tuple[Splat, ...]:
        policy = Policy(read_policy().deny, parse_entries(self.TEXT, "allow"))
        return parse(line, policy, kernel, day).splats

    def test_allowed_line_is_no_splat_until_its_day_is_over(self) -> None:
        self.assertEqual(self._splats(SPLATS[0], None, self.LAST), ())
        after = self.LAST + datetime.timedelta(days=1)
        self.assertEqual(self._splats(SPLATS[0], None, after), (Splat(SPLATS[0], None),))

    def test_allowed_line_is_allowed_on_its_kernels_alone(self) -> None:
        self.assertEqual(self._splats(SPLATS[0], "6.1.0-56-cloud-amd64", self.LAST), ())
        self.assertEqual(len(self._splats(SPLATS[0], "6.12.117+deb12-cloud-amd64", self.LAST)), 1)

    def test_allowed_line_allows_no_other(self) -> None:
        self.assertEqual(len(self._splats(SPLATS[2], None, self.LAST)), 1)

    def test_line_may_be_denied_on_some_kernels(self) -> None:
        deny = parse_entries("deny:\n- {line: odd, because: x, kernels: '>=7'}\n", "deny")
        self.assertEqual(len(parse("how odd", Policy(deny), "7.0.13+deb13").splats), 1)
        self.assertEqual(parse("how odd", Policy(deny), "6.19.14+deb13").splats, ())

    def test_entry_without_reason_day_or_pattern_is_refused(self) -> None:
        for text, complaint in (
            ("allow:\n- line: x\n  until: 2027-01-31\n", "fields must be"),
            ("allow:\n- line: x\n  because: y\n", "fields must be"),
            ("allow:\n- line: x\n  because: ' '\n  until: 2027-01-31\n", "reason"),
            ("allow:\n- line: x\n  because: y\n  until: some day\n", "date"),
            ("allow:\n- {line: x, because: y, until: 2027-01-31, kernels: new}\n", "kernels must"),
            ("allow:\n- line: '('\n  because: y\n  until: 2027-01-31\n", "regular expression"),
            ("- line: x\n", "list `allow`"),
            ("allow: {", "not YAML"),
        ):
            with self.subTest(text), self.assertRaisesRegex(PolicyError, complaint):
                parse_entries(text, "allow")

    def test_own_policy_gives_reasons(self) -> None:
        policy = read_policy()
        self.assertTrue(policy.deny)
        for entry in (*policy.deny, *policy.allow):
            self.assertTrue(entry.because)


if __name__ == "__main__":
    unittest.main()
