# SPDX-License-Identifier: Apache-2.0
"""Files of JSON lines survive full disks and broken lines with everything that was in them."""

from __future__ import annotations

import multiprocessing
import resource
import signal
import tempfile
import unittest
from pathlib import Path

from bench.tracking import journal


def _append_many(path: Path, who: int) -> None:
    for number in range(50):
        journal.append(path, [{"who": who, "number": number}, {"and": "one more"}])


def _append_on_full_disk(path: Path, told: "multiprocessing.Queue[str]") -> None:
    # A file that may not grow is what a full disk is like: part of the line fits.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limit = path.stat().st_size + 10
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        journal.append(path, [{"long": "x" * 100}])
        told.put("written")
    except journal.Broken as error:
        told.put(str(error))


class JournalTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "below" / "j.jsonl"

    def _read(self) -> list[tuple[int, dict[str, object]]]:
        return list(journal.read(self.path))

    def test_lines_come_back_in_order(self) -> None:
        journal.append(self.path, [{"a": 1}, {"b": "ü"}])
        journal.append(self.path, [{"c": None}])
        self.assertEqual(self._read(), [(1, {"a": 1}), (2, {"b": "ü"}), (3, {"c": None})])

    def test_a_full_disk_leaves_what_was_there(self) -> None:
        journal.append(self.path, [{"a": 1}])
        before = self.path.read_bytes()
        context = multiprocessing.get_context("spawn")
        told: multiprocessing.Queue[str] = context.Queue()
        process = context.Process(target=_append_on_full_disk, args=(self.path, told))
        process.start()
        said = told.get(timeout=60)
        process.join(60)
        self.assertRegex(said, "no room for 112 bytes|cannot write")
        self.assertIn("what was in it is as it was", said)
        self.assertEqual(self.path.read_bytes(), before)

    def test_a_device_that_is_always_full_is_an_error(self) -> None:
        with self.assertRaisesRegex(journal.Broken, "No space left on device"):
            journal.append(Path("/dev/full"), [{"a": 1}])

    def test_many_at_once_do_not_mix(self) -> None:
        context = multiprocessing.get_context("spawn")
        writers = [context.Process(target=_append_many, args=(self.path, n)) for n in range(3)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(120)
        lines = [value for _, value in self._read()]
        self.assertEqual(len(lines), 300)
        self.assertTrue(all("who" in one for one in lines[::2]))

    def test_a_broken_line_is_named(self) -> None:
        for text, wanted in (
            ('{"a":1}\n{"b"\n{"c":3}\n', ":2: "),
            ('{"a":1}\n[2]\n', ":2: not an object"),
            ('{"a":1}\n{"b":2}', ":2: the line is cut off"),
            ("\n", ":1: "),
            ("\udc80", ":1: "),
        ):
            with self.subTest(text):
                self.path.parent.mkdir(exist_ok=True)
                self.path.write_bytes(text.encode("utf-8", "surrogateescape"))
                with self.assertRaisesRegex(journal.Broken, f"j.jsonl{wanted}.*--set-aside"):
                    self._read()

    def test_nothing_is_appended_to_half_a_line(self) -> None:
        journal.append(self.path, [{"a": 1}])
        torn = self.path.read_bytes() + b'{"b":'
        self.path.write_bytes(torn)
        with self.assertRaisesRegex(journal.Broken, "ends in half a line"):
            journal.append(self.path, [{"c": 3}])
        self.assertEqual(self.path.read_bytes(), torn)

    def test_broken_lines_are_set_aside_and_kept(self) -> None:
        self.path.parent.mkdir()
        self.path.write_bytes(b'{"a":1}\nnonsense \xff\n{"c":3}\n{"d":')
        self.assertEqual(journal.set_aside(self.path), 2)
        self.assertEqual(self._read(), [(1, {"a": 1}), (2, {"c": 3})])
        aside = list(journal.read(self.path.with_name("j.jsonl.broken")))
        self.assertEqual([value["line"] for _, value in aside], [2, 4])
        self.assertEqual(aside[0][1]["text"], "nonsense \\xff\n")
        self.assertEqual(journal.set_aside(self.path), 0)

    def test_a_file_that_is_not_there_is_an_error(self) -> None:
        with self.assertRaisesRegex(journal.Broken, "cannot read"):
            self._read()


if __name__ == "__main__":
    unittest.main()
