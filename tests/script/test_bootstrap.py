#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""script/bootstrap and the options of script/test, with stand-ins for Debian's and npm's tools.

Usage: test_bootstrap.py PROJECT [UNITTEST-OPTION...]

Each test works on a copy of the scripts in a folder of its own and installs nothing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROJECT = Path(sys.argv.pop(1)).resolve()
NOBODY = 65534
PACKAGES = """\
# set package command
build  gcc
build  cmake
test   curl
test   nodejs  node
bench  wrk
"""


class Bootstrap(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        os.chmod(self.root, 0o777)
        (self.root / "script").mkdir()
        for name in ("bootstrap", "test"):
            shutil.copy(PROJECT / "script" / name, self.root / "script")
        (self.root / "script/packages.txt").write_text(PACKAGES, encoding="utf-8")
        (self.root / "bin").mkdir()
        self.stand_in("dpkg-query", "echo gcc installed; echo cmake config-files")
        self.stand_in("apt-get", f'echo "$*" >>{self.root}/calls')
        self.stand_in("npm", f'echo "npm $*" >>{self.root}/calls; mkdir -p node_modules')

    def stand_in(self, name, script):
        path = self.root / "bin" / name
        path.write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def run_script(self, name, *arguments, user=None, path="/usr/bin:/bin"):
        return subprocess.run(
            [str(self.root / "script" / name), *arguments],
            env={"PATH": f"{self.root}/bin:{path}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            user=user,
        )

    def bare_path(self):
        """A folder with what the script itself runs on, and neither sudo nor node."""
        bare = self.root / "bare"
        bare.mkdir()
        for tool in ("bash", "cat", "cmp", "cp", "dirname", "env", "mkdir", "sed", "tail"):
            (bare / tool).symlink_to(shutil.which(tool))
        return str(bare)

    def calls(self):
        path = self.root / "calls"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def as_root(self):
        if os.geteuid() != 0:
            self.stand_in("sudo", '[[ $1 == -v ]] || exec "$@"')

    def test_it_installs_what_is_missing_and_nothing_else(self):
        self.as_root()
        result = self.run_script("bootstrap", path=self.bare_path())
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(result.stdout, "Installing Debian packages: cmake curl nodejs\n")
        update, install = self.calls()
        self.assertTrue(update.endswith(" update"))
        self.assertTrue(install.endswith(" install --no-install-recommends cmake curl nodejs"))

    def test_the_build_set_leaves_out_what_only_tests_need(self):
        self.as_root()
        result = self.run_script("bootstrap", "build")
        self.assertEqual(result.stdout, "Installing Debian packages: cmake\n")

    def test_a_command_stands_in_for_its_package(self):
        self.as_root()
        self.stand_in("node", "")
        result = self.run_script("bootstrap")
        self.assertEqual(result.stdout, "Installing Debian packages: cmake curl\n")

    def test_with_everything_there_it_asks_nobody(self):
        self.stand_in("dpkg-query", "for p in gcc cmake curl nodejs; do echo $p installed; done")
        result = self.run_script("bootstrap", user=NOBODY if os.geteuid() == 0 else None)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        self.assertEqual(self.calls(), [])

    def test_a_failure_shows_the_log_without_addresses(self):
        self.as_root()
        self.stand_in("apt-get", "echo E: cannot fetch http://mirror.example/pool/x.deb; exit 100")
        result = self.run_script("bootstrap", "build")
        self.assertEqual(result.returncode, 1)
        self.assertIn("E: cannot fetch (address)", result.stderr)
        self.assertNotIn("mirror.example", result.stderr + result.stdout)
        self.assertIn("build/bootstrap.log", result.stderr)

    @unittest.skipIf(os.geteuid() != 0, "only root can become somebody else")
    def test_without_root_and_sudo_one_line_says_what_is_missing(self):
        result = self.run_script("bootstrap", user=NOBODY, path=self.bare_path())
        self.assertEqual(result.returncode, 1)
        self.assertEqual(
            result.stderr,
            "script/bootstrap: run it as root once (no sudo here); missing: cmake curl nodejs\n",
        )
        self.assertEqual(self.calls(), [])

    def test_node_tools_are_installed_once_a_lock_file(self):
        self.stand_in("dpkg-query", "for p in gcc cmake curl nodejs; do echo $p installed; done")
        lock = self.root / "package-lock.json"
        for content, count in (("one", 1), ("one", 1), ("two", 2)):
            lock.write_text(content, encoding="utf-8")
            self.assertEqual(self.run_script("bootstrap").returncode, 0)
            self.assertEqual(len(self.calls()), count)
        self.assertTrue(self.calls()[0].startswith("npm ci "))

    def test_the_bench_set_has_packages_of_its_own_from_both_worlds(self):
        self.as_root()
        peer = self.root / "bench/http/peer"
        (peer / "node_modules").mkdir(parents=True)
        (peer / "package-lock.json").write_text("one", encoding="utf-8")
        for _ in range(2):
            result = self.run_script("bootstrap", "bench")
            self.assertEqual(result.returncode, 0, result.stderr)
        apt = [call for call in self.calls() if " install " in call]
        self.assertTrue(apt[0].endswith(" install --no-install-recommends cmake wrk"))
        npm = [call for call in self.calls() if call.startswith("npm ")]
        self.assertEqual(len(npm), 1)
        self.assertTrue(npm[0].startswith("npm ci --prefix bench/http/peer "))

    def test_unknown_words_are_refused(self):
        self.assertEqual(self.run_script("bootstrap", "everything").returncode, 2)

    def test_script_test_refuses_an_option_that_nobody_knows(self):
        (self.root / "script/bootstrap").write_text("#!/bin/bash\n", encoding="utf-8")
        result = self.run_script("test", "--sanitise")
        self.assertEqual(result.returncode, 2)
        self.assertIn("option --sanitise;", result.stderr)

    def test_script_test_refuses_words_that_no_option_takes_before_anything_else(self):
        for words, problem in (
                (("sanitize",), 'unexpected argument "sanitize"'),
                (("-L", "unit", "gen"), 'unexpected argument "gen"'),
                (("-L",), "-L needs a pattern"),
                (("-R", "-j2"), "-R needs a pattern")):
            result = self.run_script("test", *words)
            self.assertEqual(result.returncode, 2)
            self.assertEqual(result.stderr, f"script/test: {problem}; script/test --help\n")
        self.assertEqual(self.calls(), [])


if __name__ == "__main__":
    unittest.main()
