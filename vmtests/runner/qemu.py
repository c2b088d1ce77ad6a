# SPDX-License-Identifier: Apache-2.0
"""The command line of QEMU. Pure: what is to be run, not the running of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path

PROGRAM = "qemu-system-x86_64"


class Accelerator(enum.Enum):
    """What executes the guest's instructions."""

    KVM = "kvm"
    EMULATION = "emulation"


_ACCELERATION = {
    Accelerator.KVM: ("-accel", "kvm", "-cpu", "host"),
    # QEMU 7.2 corrupts flags in an unlocked cmpxchg16b, which later kernels' allocator uses;
    # five-level page tables only cost.
    Accelerator.EMULATION: ("-accel", "tcg,thread=multi", "-cpu", "max,la57=off,-cx16"),
}

# What is emulated by default is a processor of AMD without the leaf that tells of threads.
_THREADS = ",vendor=GenuineIntel"

_KERNEL_ARGUMENTS = (
    "console=ttyS0",
    # Up to notices, so that the log says which kernel this is, and nothing slows the boot.
    "loglevel=6",
    # A panic resets the machine at once, and -no-reboot turns that into the end of QEMU.
    "panic=-1",
    "printk.devkmsg=on",
    # On a busy host an emulated timer can be too late for the look whether it works at all,
    # and that ends in a panic.
    "no_timer_check",
    # No profile is loaded in the guest, and an implementation that tries to enter one would fail
    # for that alone.
    "apparmor=0",
)

_KERNEL_ARGUMENTS_OF = {
    Accelerator.KVM: (),
    # QEMU 7.2 keeps what it has translated by address, and would translate every program again for
    # each address that it is loaded at: four fifths of the time of a run went into that. An Oops
    # ends the guest: it may be the emulator's fault (endings.py), and then nothing of it counts.
    Accelerator.EMULATION: ("norandmaps", "oops=panic"),
}


@dataclass(frozen=True)
class Machine:
    """What to boot, and where its three serial ports lead; control is QEMU's standard output."""

    kernel: Path
    initramfs: Path
    console: Path
    results: Path
    accelerator: Accelerator
    memory_mib: int = 1024
    cpus: int = 2
    # Two threads a core; wants an even number of processors.
    smt: bool = False
    kernel_arguments: tuple[str, ...] = ()


def _value(path: Path) -> str:
    # QEMU separates options by commas and takes a doubled one as itself.
    return str(path.absolute()).replace(",", ",,")


def _acceleration(machine: Machine) -> tuple[str, ...]:
    words = _ACCELERATION[machine.accelerator]
    if machine.smt and machine.accelerator is Accelerator.EMULATION:
        return (*words[:-1], words[-1] + _THREADS)
    return words


def command(machine: Machine, program: str = PROGRAM) -> list[str]:
    """Return the command line that boots a machine."""
    return [
        program,
        "-no-user-config",
        "-nodefaults",
        "-display",
        "none",
        "-no-reboot",
        "-machine",
        "pc,usb=off",
        *_acceleration(machine),
        "-smp",
        f"{machine.cpus},threads=2" if machine.smt else str(machine.cpus),
        "-m",
        str(machine.memory_mib),
        "-kernel",
        str(machine.kernel.absolute()),
        "-initrd",
        str(machine.initramfs.absolute()),
        "-append",
        " ".join(
            (
                *_KERNEL_ARGUMENTS,
                *_KERNEL_ARGUMENTS_OF[machine.accelerator],
                *machine.kernel_arguments,
            )
        ),
        "-chardev",
        f"file,id=console,path={_value(machine.console)}",
        "-serial",
        "chardev:console",
        # Appends to what earlier guests of the same run have brought.
        "-chardev",
        f"file,id=results,path={_value(machine.results)},append=on",
        "-serial",
        "chardev:results",
        "-chardev",
        "stdio,id=control,signal=off",
        # By default the third port shares its interrupt with the first, which loses interrupts; and
        # the firmware declares 5, 9, 10 and 11, PCI's, to be level-triggered, which a serial port
        # is not.
        "-device",
        "isa-serial,chardev=control,index=2,irq=7",
    ]
