# SPDX-License-Identifier: Apache-2.0
"""buf's view of the .proto files: style, and no change that breaks a caller.

BUF is the program, PROJECT the project's folder. When buf is missing, script/bootstrap installs it.
To accept the present state as the new baseline:

    node_modules/.bin/buf build --exclude-source-info -o proto/baseline.binpb
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

PROJECT = pathlib.Path(os.environ["PROJECT"])
BUF = pathlib.Path(os.environ["BUF"])
BASELINE = PROJECT / "proto" / "baseline.binpb"


class Buf(unittest.TestCase):
    def setUp(self):
        self.assertTrue(BUF.exists(), f"{BUF} is missing: run script/bootstrap")
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def run_buf(self, folder, *arguments):
        """Runs buf on a project; returns its status and what it says."""
        environment = dict(os.environ, BUF_CACHE_DIR=str(self.folder / "cache"))
        result = subprocess.run(
            [BUF, *arguments], cwd=folder, env=environment, capture_output=True, check=False
        )
        return result.returncode, (result.stdout + result.stderr).decode()

    def changed(self, name, old, new):
        """A copy of the project's protos in which one text is another."""
        copy = self.folder / "copy"
        shutil.copytree(PROJECT / "proto", copy / "proto")
        shutil.copy(PROJECT / "buf.yaml", copy)
        path = copy / "proto" / name
        text = path.read_text()
        self.assertEqual(text.count(old), 1, f"{name}: {old}")
        path.write_text(text.replace(old, new))
        return copy

    def breaking(self, folder):
        return self.run_buf(folder, "breaking", "--against", str(BASELINE))

    def test_lint_finds_nothing(self):
        self.assertEqual(self.run_buf(PROJECT, "lint"), (0, ""))

    def test_lint_finds_what_is_wrong(self):
        folder = self.changed("contacts/v1/customer.proto", "string name = 2;", "string Name = 2;")
        code, text = self.run_buf(folder, "lint")
        self.assertNotEqual(code, 0)
        self.assertIn("contacts/v1/customer.proto:", text)

    def test_nothing_breaks_the_baseline(self):
        self.assertEqual(self.breaking(PROJECT), (0, ""))

    def test_a_changed_number_breaks_the_baseline(self):
        folder = self.changed(
            "contacts/v1/contact.proto", "string email = 23;", "string email = 43;"
        )
        code, text = self.breaking(folder)
        self.assertNotEqual(code, 0)
        self.assertIn('field "23"', text)

    def test_a_changed_json_name_breaks_the_baseline(self):
        folder = self.changed(
            "contacts/v1/customer.proto", '[json_name = "CRMReference"]', '[json_name = "crmRef"]'
        )
        code, text = self.breaking(folder)
        self.assertNotEqual(code, 0)
        self.assertIn("CRMReference", text)

    def test_a_removed_method_breaks_the_baseline(self):
        folder = self.changed(
            "contacts/v1/admin_service.proto", "rpc Backup(", "rpc WriteBackup("
        )
        code, text = self.breaking(folder)
        self.assertNotEqual(code, 0)
        self.assertIn("Backup", text)


if __name__ == "__main__":
    unittest.main()
