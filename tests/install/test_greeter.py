# SPDX-License-Identifier: Apache-2.0
"""The example, built away from these sources in each way that its files offer, and run."""

import subprocess
import unittest

from installation import Installation

LINES_MOST = 99


class Greeter(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation()
        cls.addClassCleanup(cls.installation.remove)

    def libraries(self, program):
        return self.installation.run("ldd", program, cwd="/").stdout

    def check_greeting(self, programs, shared):
        """Runs server and client of a folder: a greeting, an error, a clean end."""
        library_path = str(self.installation.libraries) if shared else ""
        variables = {"LD_LIBRARY_PATH": library_path}
        address = f"ipc://{self.installation.new_folder(self.id().split('.')[-1] + '_run')}/socket"
        server = subprocess.Popen(
            [programs / "greeter_server", address],
            env=dict(self.installation.environment, **variables))
        self.addCleanup(server.kill)

        def greet(name):
            return self.installation.run(
                programs / "greeter_client", address, name, cwd=programs, check=False, **variables)

        greeted = greet("Ada")
        refused = greet("")
        server.terminate()
        self.assertEqual(server.wait(timeout=30), 0)
        self.assertEqual((greeted.stdout, greeted.returncode), ("Hello, Ada!\n", 0))
        self.assertEqual(
            (refused.stdout, refused.returncode),
            ("INVALID_ARGUMENT NAME_LENGTH: name: has 0 bytes, expected 1 to 100\n", 1))

    def test_cmake_links_the_shared_library(self):
        source = self.installation.copy_example("cmake_shared")
        programs = self.installation.build_with_cmake(source)
        self.assertIn("libnnrpc.so.1", self.libraries(programs / "greeter_server"))
        self.check_greeting(programs, shared=True)

    def test_cmake_links_the_static_library(self):
        source = self.installation.copy_example("cmake_static")
        programs = self.installation.build_with_cmake(source, "-DNNRPC_USE_STATIC_LIBS=ON")
        self.assertNotIn("libnnrpc", self.libraries(programs / "greeter_server"))
        self.check_greeting(programs, shared=False)

    def test_make_links_the_shared_library(self):
        source = self.installation.copy_example("make_shared")
        programs = self.installation.build_with_make(source)
        self.assertIn("libnnrpc.so.1", self.libraries(programs / "greeter_server"))
        self.check_greeting(programs, shared=True)

    def test_make_links_the_static_library(self):
        source = self.installation.copy_example("make_static")
        programs = self.installation.build_with_make(source, "STATIC=1")
        self.assertNotIn("libnnrpc", self.libraries(programs / "greeter_server"))
        self.check_greeting(programs, shared=False)

    def test_server_and_client_together_stay_short(self):
        example = self.installation.copy_example("short")
        lines = sum(len(path.read_text().splitlines()) for path in example.glob("*.c"))
        self.assertLessEqual(lines, LINES_MOST)


if __name__ == "__main__":
    unittest.main()
