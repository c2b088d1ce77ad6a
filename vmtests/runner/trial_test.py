# SPDX-License-Identifier: Apache-2.0
"""Tests of the decision between KVM and emulation."""

import unittest

from vmtests.runner.endings import GuestEnding, Kind
from vmtests.runner.qemu import Accelerator
from vmtests.runner.trial import TrialFailed, decide


class _Boots:
    """Boots that take the given seconds; None: they hang."""

    def __init__(self, emulation: float | None, kvm: float | None) -> None:
        self._seconds = {Accelerator.EMULATION: emulation, Accelerator.KVM: kvm}
        self.limits: dict[Accelerator, float] = {}
        # How many boots hang whatever they would take.
        self.hanging = 0

    def __call__(self, accelerator: Accelerator, limit: float) -> GuestEnding:
        self.limits[accelerator] = limit
        if self.hanging > 0:
            self.hanging -= 1
            return GuestEnding(Kind.START_FAILURE, "init did not run", emulators_fault=True)
        seconds = self._seconds[accelerator]
        if seconds is None or seconds > limit:
            return GuestEnding(Kind.START_FAILURE, f"init did not run within {limit:.0f} s")
        return GuestEnding(Kind.FINISHED, "", boot_seconds=seconds)


class DecideTest(unittest.TestCase):
    """decide()."""

    def test_kvm_that_boots_is_taken(self) -> None:
        found = decide(_Boots(3.0, 0.6), 90, True, "")
        self.assertIs(found.accelerator, Accelerator.KVM)
        self.assertEqual((found.boot_seconds, found.kvm_tried), (0.6, True))

    def test_kvm_that_hangs_is_not_and_the_reason_is_said(self) -> None:
        boots = _Boots(3.0, None)
        found = decide(boots, 90, True, "")
        self.assertIs(found.accelerator, Accelerator.EMULATION)
        self.assertEqual((found.boot_seconds, found.kvm_tried), (3.0, True))
        self.assertIn("trial boot with it failed", found.because)

    def test_trial_of_kvm_is_bounded_by_the_emulated_boot(self) -> None:
        boots = _Boots(3.0, None)
        decide(boots, 90, True, "")
        self.assertEqual(boots.limits, {Accelerator.EMULATION: 90, Accelerator.KVM: 6.0})

    def test_kvm_that_cannot_be_opened_is_not_tried_and_may_be_later(self) -> None:
        boots = _Boots(3.0, 0.6)
        found = decide(boots, 90, False, "cannot be opened")
        self.assertNotIn(Accelerator.KVM, boots.limits)
        self.assertEqual((found.because, found.kvm_tried), ("cannot be opened", False))

    def test_boot_that_hangs_once_is_tried_again(self) -> None:
        boots = _Boots(3.0, None)
        boots.hanging = 1
        self.assertEqual(decide(boots, 90, False, "").boot_seconds, 3.0)

    def test_boot_that_hangs_twice_is_an_error(self) -> None:
        boots = _Boots(3.0, None)
        boots.hanging = 2
        with self.assertRaises(TrialFailed):
            decide(boots, 90, False, "")

    def test_kernel_that_does_not_boot_at_all_is_an_error(self) -> None:
        with self.assertRaises(TrialFailed) as raised:
            decide(_Boots(None, 0.6), 90, True, "")
        self.assertIs(raised.exception.ending.kind, Kind.START_FAILURE)


if __name__ == "__main__":
    unittest.main()
