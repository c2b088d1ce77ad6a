# SPDX-License-Identifier: Apache-2.0
"""Results files as launchers leave them: whole, torn, resumed, from a newer version."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path

from ci.reports import results
from ci.reports.fixtures import record, records, text_of

_TEST = "PidfdTest.SignalArrives"


class ResultsTest(unittest.TestCase):
    def test_a_whole_file_is_read(self) -> None:
        run = results.parse(text_of(records()).splitlines())
        self.assertEqual((run.name, run.version, run.cgroup), ("liblxc", "5.0.2", "hybrid"))
        self.assertEqual((len(run.results), run.planned, run.ended), (10, 10, True))
        self.assertEqual((run.unfinished, run.damaged, run.seed), ([], [], None))
        self.assertIs(run.claims["pidfd"].claimed, True)

    def test_unknown_records_and_fields_are_ignored(self) -> None:
        newer = [*records(), {"record": "weather", "rain": True}]
        newer[0]["colour"] = "blue"
        self.assertEqual(len(results.parse(text_of(newer).splitlines()).results), 10)

    def test_a_torn_last_line_leaves_its_test_unfinished(self) -> None:
        whole = text_of(records(only=(_TEST,)))
        cut = whole[: whole.rindex('"verdict"')]
        run = results.parse(cut.splitlines())
        self.assertEqual((run.results, run.unfinished), ([], [(_TEST, 1)]))
        self.assertEqual(run.damaged, [8])

    def test_a_later_record_replaces_an_earlier_one(self) -> None:
        twice = [*records(only=(_TEST,)), record(_TEST, "fail", message="second")]
        run = results.parse(text_of(twice).splitlines())
        self.assertEqual([r.message for r in run.results], ["second"])

    def test_a_resumed_run_that_has_not_ended_is_not_ended(self) -> None:
        resumed = [*records(), records()[0]]
        self.assertFalse(results.parse(text_of(resumed).splitlines()).ended)

    def test_the_last_answer_to_a_claim_counts(self) -> None:
        asked = {"record": "claim", "extension": "pidfd", "claimed": None, "reason": "crashed"}
        run = results.parse(text_of([*records(), asked]).splitlines())
        self.assertIsNone(run.claims["pidfd"].claimed)

    def test_a_file_without_a_run_record_is_refused(self) -> None:
        with self.assertRaisesRegex(results.ResultsError, "no run record"):
            results.parse(["{}", "[1]", "nonsense"])

    def test_another_schema_is_refused(self) -> None:
        other = {**records()[0], "schema": 2}
        with self.assertRaisesRegex(results.ResultsError, "line 1: schema 2"):
            results.parse([json.dumps(other)])

    def test_fields_of_a_wrong_type_are_refused_with_their_line(self) -> None:
        for field, value in (
            ("verdict", "maybe"),
            ("test", 7),
            ("iteration", "one"),
            ("leaks", "none"),
            ("requirements", {"a": 1}),
        ):
            wrong = {**record(_TEST), field: value}
            with self.subTest(field), self.assertRaisesRegex(results.ResultsError, "line 2: "):
                results.parse(text_of([records()[0], wrong]).splitlines())

    def test_errors_name_the_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "results.jsonl"
            with self.assertRaisesRegex(results.ResultsError, "results.jsonl: No such file"):
                results.read(path)
            path.write_bytes(b"\xff\xfe\n")
            with self.assertRaisesRegex(results.ResultsError, "results.jsonl: there is no run"):
                results.read(path)


if __name__ == "__main__":
    unittest.main()
