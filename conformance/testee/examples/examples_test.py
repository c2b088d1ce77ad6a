# SPDX-License-Identifier: Apache-2.0
"""The suite against the example testees, through the launcher: what breaks the protocol is one result of each test, and
the minimal one has all that the chapters without containers ask."""

from __future__ import annotations

import json
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any

# Links below the folders that tests see empty lead nowhere there.
_EXAMPLES = Path("conformance/testee/examples/minimal_testee.py").resolve().parent
_ANNOUNCED = "LxcConfigItemIsSupportedTest.IsAnnounced"
_NULL = "LxcConfigItemIsSupportedTest.NullIsNotSupported"
# Verdict and a part of the reason, by way of hostile_testee.py.
_HOSTILE = {
    "ends_at_once": ("broken", "it ended: exited with status 0"),
    "never_greets": ("timeout", "deadline"),
    "greets_with_noise": ("broken", "a frame of"),
    "speaks_version_9": ("broken", "version 9 of the protocol, not 1"),
    "offers_nonsense": ("broken", "nonsense"),
    "ends_early": ("crash", "exited with status 3"),
    "is_killed": ("crash", "killed by SIGKILL"),
    "closes_its_output": ("fail", "closed its output"),
    "never_answers": ("timeout", "deadline"),
    "frame_too_long": ("fail", "a frame of 4294967295 bytes"),
    "frame_without_body": ("fail", "a frame of 0 bytes"),
    "half_a_frame_and_end": ("crash", "exited with status 0"),
    "no_json": ("fail", "not JSON"),
    "deep_json": ("fail", "nested too deeply"),
    "another_id": ("fail", "without the request's id"),
    "another_type": ("fail", "of type array, not boolean"),
    "refuses": ("fail", "not today"),
    "says_more": ("fail", "more than it was asked"),
    "endless_output": ("fail", "a frame of"),
    "endless_frames": ("fail", ""),
    "endless_errors": ("fail", "printed more than the launcher accepts"),
    "outlives_its_input": ("fail", "did not end when its input was closed"),
}


class ExamplesTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def suite_tests(self, *groups: str) -> list[str]:
        """The names of the suite's tests in groups that begin so."""
        listing = subprocess.run(
            ["conformance/tests/suite", "--gtest_list_tests"],
            # Bazel's XML_OUTPUT_FILE is for this test's results.
            env={},
            capture_output=True,
            text=True,
            check=True,
        )
        names, group = [], ""
        for line in listing.stdout.splitlines():
            word = line.split("#")[0].strip()
            if not line.startswith(" "):
                group = word
            elif group.split("/")[-1].startswith(groups):
                names.append(group + word)
        return names

    def results(
        self, testee: str, tests: list[str], speed: str = "1"
    ) -> tuple[list[dict[str, Any]], str]:
        """The records of a run, which must have executed all it was to, and what was said."""
        wanted, results = self.folder / "tests", self.folder / "results"
        wanted.write_text("".join(f"{name}\n" for name in tests), encoding="utf-8")
        done = subprocess.run(
            [
                "conformance/launcher/launcher",
                "--suite=conformance/tests/suite",
                "--probe=conformance/probes/probe",
                f"--testee=exec:{_EXAMPLES}/{testee}",
                f"--tests={wanted}",
                f"--results={results}",
                f"--speed={speed}",
                "--jobs=2",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        records = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
        self.assertEqual(records[-1]["executed"], len(tests))
        return records, done.stderr

    def test_every_way_to_break_the_protocol_is_one_result(self) -> None:
        listed = subprocess.run(
            [_EXAMPLES / "hostile_testee.py", "--list"], capture_output=True, text=True, check=True
        )
        self.assertEqual(listed.stdout.split(), list(_HOSTILE))
        for way, (verdict, reason) in _HOSTILE.items():
            with self.subTest(way=way):
                # Deadlines of 3 s: some ways end by nothing else.
                records, _ = self.results(f"hostile_testee.py {way}", [_ANNOUNCED, _NULL], "0.3")
                found = [each for each in records if each["record"] == "result"]
                self.assertEqual(len(found), 2)
                for each in found:
                    self.assertEqual((each["verdict"], each["leaks"]), (verdict, []), each)
                    self.assertIn(reason, each["reason"])

    def test_the_minimal_testee_passes_the_chapters_without_containers(self) -> None:
        tests = self.suite_tests("LxcLog", "LxcConfigItemIsSupported")
        records, _ = self.results("minimal_testee.py", tests)
        verdicts: dict[str, int] = {}
        for each in records:
            if each["record"] != "result":
                continue
            verdicts[each["verdict"]] = verdicts.get(each["verdict"], 0) + 1
            self.assertIn(each["verdict"], ("pass", "unsupported"), each)
            self.assertEqual(each["leaks"], [], each)
            if each["verdict"] == "unsupported":
                self.assertTrue(each["reason"].startswith("not in the testee protocol: "), each)
        # Most of it is really asked.
        self.assertGreater(verdicts["pass"], 3 * verdicts["unsupported"])
        claims = {each["extension"]: each["claimed"] for each in records if "claimed" in each}
        self.assertEqual(
            [name for name, claimed in claims.items() if claimed],
            ["lxc_log", "lxc_config_item_is_supported"],
        )
        self.assertEqual(records[0]["testee"]["version"], "0.1")


if __name__ == "__main__":
    unittest.main()
