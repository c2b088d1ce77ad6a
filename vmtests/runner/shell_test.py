# SPDX-License-Identifier: Apache-2.0
"""Tests of the shell's command lines."""

import unittest
from pathlib import Path

from vmtests.guest.image import Image, Payload, command_line, job
from vmtests.runner import shell
from vmtests.runner.qemu import Accelerator, Machine

MACHINE = Machine(
    kernel=Path("/k/id=console"),
    initramfs=Path("/k/initramfs"),
    console=Path("/k/c"),
    results=Path("/k/r"),
    accelerator=Accelerator.EMULATION,
)


class ShellTest(unittest.TestCase):
    """qemu_command(), console_command()."""

    def test_console_is_this_terminal_and_nothing_is_recorded(self) -> None:
        words = shell.qemu_command(MACHINE, shell.Session(), "qemu")
        backends = [words[i + 1] for i, word in enumerate(words) if word == "-chardev"]
        self.assertEqual(
            backends, ["stdio,id=console,signal=off", "null,id=results", "null,id=control"]
        )
        self.assertIn("/k/id=console", words)
        self.assertNotIn("-gdb", words)

    def test_gdb_may_attach_from_this_machine_only(self) -> None:
        words = shell.qemu_command(MACHINE, shell.Session(gdb=True), "qemu")
        self.assertEqual(words[-2:], ["-gdb", "tcp:127.0.0.1:1234"])

    def test_command_takes_the_interactive_shell_s_place(self) -> None:
        self.assertEqual(shell.console_command(shell.Session())[-1], "-i")
        self.assertEqual(shell.console_command(shell.Session(command="ls"))[-2:], ["-c", "ls"])

    def test_guest_runs_it_on_the_console_instead_of_the_launcher(self) -> None:
        nothing = Path("/x")
        payload = Payload(nothing, nothing, nothing, nothing, console_command=["/bin/sh"])
        content = job(Image(nothing, payload=payload, cgroup="hybrid"), [])
        self.assertEqual(content["command"], ["/bin/sh"])
        self.assertTrue(content["on_console"])
        self.assertEqual(content["cgroup"], "hybrid")


class DenyTest(unittest.TestCase):
    """System calls that are denied."""

    def test_launcher_puts_the_filter_before_the_suite(self) -> None:
        nothing = Path("/x")
        payload = Payload(
            nothing, nothing, nothing, nothing, deny=nothing, denied=["openat2", "clone3"]
        )
        words = command_line(payload)
        self.assertEqual(words[words.index("--loader") + 1], "/lxcspec/deny openat2,clone3")

    def test_without_denials_there_is_no_filter(self) -> None:
        nothing = Path("/x")
        payload = Payload(nothing, nothing, nothing, nothing, deny=nothing)
        self.assertNotIn("--loader", command_line(payload))


if __name__ == "__main__":
    unittest.main()
