# SPDX-License-Identifier: Apache-2.0
"""Pages that are wrong are found to be, and pages that are right are not."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

from page import run_page
from shell import Shell

SOURCE = "int one(void) {\n    return 1;\n}\n\nint two(int a) {\n    return a;\n}\n"


class Page(unittest.TestCase):
    def setUp(self):
        self.shell = Shell({})
        self.addCleanup(self.shell.close)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "page.md"

    def is_good(self, text, update=False):
        self.path.write_text(text)
        with contextlib.redirect_stdout(io.StringIO()):
            return run_page(self.path, self.shell, update)

    def test_outputs_are_compared(self):
        self.assertTrue(self.is_good("```console\n$ echo a\na\n```\n"))
        self.assertFalse(self.is_good("```console\n$ echo a\nb\n```\n"))
        self.assertFalse(self.is_good("```console\n$ echo a\n```\n"))

    def test_an_ellipsis_stands_for_any_lines(self):
        self.assertTrue(self.is_good("```console\n$ seq 5\n1\n...\n5\n```\n"))
        self.assertTrue(self.is_good("```console\n$ true\n...\n```\n"))
        self.assertFalse(self.is_good("```console\n$ seq 5\n2\n...\n5\n```\n"))
        self.assertFalse(self.is_good("```console\n$ seq 5\n1\n...\n4\n```\n"))

    def test_what_a_command_sets_the_next_one_sees(self):
        self.assertTrue(self.is_good("```console\n$ A=b; mkdir c; cd c\n$ echo $A; pwd\nb\n~/c\n```\n"))

    def test_what_is_started_in_the_background_ends_with_the_shell(self):
        self.assertTrue(self.is_good("```console\n$ sleep 1000 &\n$ kill -0 $!; echo $?\n0\n```\n"))

    def test_files_are_made_compared_and_changed(self):
        made = f"```c a.c new\n{SOURCE}```\n"
        changed = "```c a.c two\nint two(int a) {\n    return 2 * a;\n}\n```\n"
        console = "```console\n$ cat a.c\n" + SOURCE.replace("return a", "return 2 * a") + "```\n"
        self.assertTrue(self.is_good(made + changed + console))
        self.assertTrue(self.is_good("```c a.c\n    return 2 * a;\n```\n```console\n$ true\n```\n"))
        self.assertFalse(self.is_good("```c a.c\n    return 3;\n```\n```console\n$ true\n```\n"))
        self.assertFalse(self.is_good(changed.replace(" two\n", " six\n") + "```console\n$ true\n```\n"))

    def test_an_update_writes_down_what_was_printed(self):
        self.assertTrue(self.is_good("a\n```console\n$ echo a\nb\n```\nc\n", update=True))
        self.assertEqual(self.path.read_text(), "a\n```console\n$ echo a\na\n```\nc\n")

    def test_a_page_without_commands_is_no_page(self):
        with self.assertRaises(SystemExit):
            self.is_good("nothing\n")


if __name__ == "__main__":
    unittest.main()
