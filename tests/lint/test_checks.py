#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the checks: each must find the faults that are seeded here, and nothing in clean files."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"


class SeededProject(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)

    def seed(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def run_check(self, name, *arguments):
        return subprocess.run(
            [sys.executable, "-B", str(HERE / name), *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
        )

    def assert_clean(self, name, *arguments):
        result = self.run_check(name, *arguments)
        self.assertEqual((result.stdout, result.stderr, result.returncode), ("", "", 0))

    def assert_finds(self, expected, name, *arguments):
        result = self.run_check(name, *arguments)
        self.assertIn(expected, result.stdout)
        self.assertEqual(result.returncode, 1, result.stderr)


class Includes(SeededProject):
    def assert_refused(self, path, include, expected):
        self.seed(path, f"#include <stdio.h>\n#include {include}\n")
        self.assert_finds(f"{path}:2: {expected}", "check_includes.py", self.root)

    def test_what_the_table_allows_passes(self):
        self.seed("rpc/include/nnrpc/client.h", "#include <stdint.h>\n")
        self.seed("rpc/transport_nn.c", "#include <nanomsg/nn.h>\n#include <sys/socket.h>\n")
        self.seed("rpc/json.c", "#include <jansson.h>\n")
        self.seed("rpc/crypto.c", "#include <sodium.h>\n")
        self.seed("server/store/store.h", "#include <protobuf-c/protobuf-c.h>\n")
        self.seed("server/store/engine.c", '#include <lmdb.h>\n#include "store.h"\n')
        self.seed("server/main.c", '#include "store/store.h"\n#include "nnrpc/client.h"\n')
        self.seed("client/main.c", '#include "contacts/v1/contact.pb-c.h"\n')
        self.seed("gateway/http/http_server.c", "#include <microhttpd.h>\n")
        self.seed("tests/unit/test_engine.c", "#include <lmdb.h>\n#include <cmocka.h>\n")
        self.assert_clean("check_includes.py", self.root)

    def test_foreign_libraries_stay_in_their_files(self):
        for path, include in (
            ("rpc/client.c", "<lmdb.h>"),
            ("server/main.c", "<lmdb.h>"),
            ("server/main.c", "<nanomsg/nn.h>"),
            ("rpc/client.c", "<nanomsg/nn.h>"),
            ("client/main.c", "<nanomsg/reqrep.h>"),
            ("client/main.c", "<lmdb.h>"),
            ("gateway/main.c", "<lmdb.h>"),
            ("rpc/schema.c", "<jansson.h>"),
            ("server/auth.c", "<sodium.h>"),
            ("client/main.c", "<microhttpd.h>"),
            ("gen/main.c", "<jansson.h>"),
        ):
            with self.subTest(path=path, include=include):
                self.assert_refused(path, include, f"{include} belongs in ")
                (self.root / path).unlink()

    def test_a_quoted_foreign_header_is_found_too(self):
        self.assert_refused("server/main.c", '"lmdb.h"', "<lmdb.h> belongs in server/store/*")

    def test_a_library_that_nobody_allowed_is_refused(self):
        self.assert_refused("rpc/crypto.c", "<openssl/ssl.h>", "<openssl/ssl.h> is a library that")

    def test_rooms_keep_to_what_they_may_see(self):
        self.seed("rpc/frame.h", "")
        self.seed("rpc/include/nnrpc/client.h", "")
        self.seed("server/service.h", "")
        self.seed("client/table.h", "")
        for path, include, target in (
            ("gen/main.c", '"nnrpc/client.h"', "rpc/include/nnrpc/client.h"),
            ("gen/main.c", '"service.h"', "server/service.h"),
            ("rpc/client.c", '"service.h"', "server/service.h"),
            ("rpc/client.c", '"../server/service.h"', "server/service.h"),
            ("server/main.c", '"frame.h"', "rpc/frame.h"),
            ("server/main.c", '"client/table.h"', "client/table.h"),
            ("client/main.c", '"service.h"', "server/service.h"),
            ("gateway/main.c", '"server/service.h"', "server/service.h"),
        ):
            with self.subTest(path=path, include=include):
                room = path.split("/", maxsplit=1)[0]
                self.assert_refused(path, include, f"{room}/ may not include {target}")
                (self.root / path).unlink()

    def test_the_runtime_knows_nothing_of_contacts(self):
        self.assert_refused(
            "rpc/client.c",
            '"contacts/v1/contact.pb-c.h"',
            "rpc/ may not include what is made of contacts/",
        )

    def test_the_store_has_one_door(self):
        self.seed("server/store/engine.h", "")
        self.assert_refused(
            "server/main.c", '"store/engine.h"', "server/store/engine.h is private to its folder"
        )

    def test_one_file_a_library(self):
        self.seed("rpc/json.c", "#include <jansson.h>\n")
        self.seed("rpc/json_read.c", "#include <jansson.h>\n")
        self.assert_finds("jansson.h stands in 2 files", "check_includes.py", self.root)

    def test_a_new_room_needs_rules(self):
        self.seed("plugins/main.c", "")
        self.assert_finds("no rules for plugins/", "check_includes.py", self.root)


class Limits(SeededProject):
    def function(self, lines):
        return "static int\nf(int a,\n  int b) {\n" + "    a++;\n" * (lines - 2) + "}\n"

    def test_what_is_within_the_limits_passes(self):
        table = "static const int table[] = {\n" + "    1,\n" * 100 + "};\n"
        kind = "enum kind {\n" + "    K,\n" * 100 + "};\n"
        self.seed("rpc/a.c", table + kind + self.function(60))
        self.seed("tests/gen/golden/a.c", self.function(400) * 2)
        self.seed("build/a.c", self.function(400) * 2)
        self.assert_clean("check_limits.py", self.root)

    def test_long_files_are_found(self):
        self.seed("rpc/a.h", "int a;\n" * 601)
        self.assert_finds("rpc/a.h:1: 601 lines", "check_limits.py", self.root)

    def test_long_functions_are_found(self):
        self.seed("rpc/a.c", "#include <a.h>\n\n" + self.function(61))
        self.seed("script/a.py", "def f():\n" + "    pass\n" * 60)
        self.assert_finds("rpc/a.c:5: f has 61 lines", "check_limits.py", self.root)
        self.assert_finds("script/a.py:1: f has 61 lines", "check_limits.py", self.root)


class Text(SeededProject):
    def test_clean_files_pass(self):
        self.seed("rpc/a.c", SPDX + "/* see https://example.org/home/page and $HOME/src/x */\n")
        self.seed("README.md", "Two spaces:  \nbreak a line.\n")
        (self.root / "image.bin").write_bytes(b"\0no text ")
        self.assert_clean("check_text.py", self.root)

    def test_paths_of_one_machine_are_found(self):
        self.seed("README.md", "Run " + "/" + "home/somebody/contacts/script/test.\n")
        self.seed("script/a", f"cd {self.root.resolve()}\n")
        self.assert_finds("README.md:1: a path of one machine", "check_text.py", self.root)
        self.assert_finds("script/a:1: a path of one machine", "check_text.py", self.root)

    def test_white_space_and_missing_ends_are_found(self):
        self.seed("rpc/a.c", SPDX + "int a; \nint b;")
        self.assert_finds("rpc/a.c:2: white space", "check_text.py", self.root)
        self.assert_finds("rpc/a.c:3: the last line has no end", "check_text.py", self.root)

    def test_a_missing_licence_line_is_found(self):
        self.seed("rpc/a.c", "int a;\n")
        self.seed("rpc/CMakeLists.txt", "add_library(a a.c)\n")
        self.assert_finds("rpc/a.c:1: the SPDX line", "check_text.py", self.root)
        self.assert_finds("rpc/CMakeLists.txt:1: the SPDX line", "check_text.py", self.root)


class Docs(SeededProject):
    def test_what_is_there_may_be_named(self):
        self.seed("server/store/engine.c", "")
        self.seed("docs/GUIDE.md", "# Guide\n")
        self.seed(
            "README.md",
            "See [the guide](docs/GUIDE.md#part), [a site](https://example.org/x), `server/store/`,\n"
            "`store/engine.c`, `engine.c`, `store/eng*.c`, `build/dev/`, `x.pb-c.h`, `key.value`.\n",
        )
        self.assert_clean("check_docs.py", self.root)

    def test_what_is_gone_is_found(self):
        self.seed("docs/GUIDE.md", "See [it](../README.md), `rpc/engine.c`,\n`engine.h` and `rpc/`.\n")
        for expected in (
            "docs/GUIDE.md:1: the link to ../README.md leads nowhere",
            "docs/GUIDE.md:1: there is no rpc/engine.c",
            "docs/GUIDE.md:2: there is no engine.h",
            "docs/GUIDE.md:2: there is no rpc/",
        ):
            self.assert_finds(expected, "check_docs.py", self.root)


class Format(SeededProject):
    def setUp(self):
        super().setUp()
        style = (HERE.parent.parent / ".clang-format").read_text(encoding="utf-8")
        self.seed(".clang-format", style)

    def test_clean_files_pass(self):
        self.seed("rpc/a.c", "int a(void) {\n    return 1;\n}\n")
        self.seed("script/a", '#!/usr/bin/env bash\necho "$1"\n')
        self.assert_clean("check_format.py", self.root)

    def test_unformatted_sources_are_found(self):
        self.seed("rpc/a.c", "int a(void)\n{\n  return 1;\n}\n")
        self.assert_finds("rpc/a.c:1:", "check_format.py", self.root)

    def test_faulty_scripts_are_found(self):
        self.seed("script/a", "#!/usr/bin/env bash\nrm $1\n")
        self.assert_finds("script/a:2:", "check_format.py", self.root)


class Compiled(SeededProject):
    def setUp(self):
        super().setUp()
        checks = (HERE.parent.parent / ".clang-tidy").read_text(encoding="utf-8")
        self.seed(".clang-tidy", checks)
        self.build = self.root / "build/dev"
        command = f"cc -std=gnu17 -I{self.root}/rpc -c {self.root}/rpc/a.c"
        entry = {"directory": str(self.root), "file": f"{self.root}/rpc/a.c", "command": command}
        self.seed("build/dev/compile_commands.json", json.dumps([entry]))

    def test_clean_files_pass(self):
        self.seed("rpc/a.h", "#ifndef A_H\n#define A_H\nint a(int b);\n#endif\n")
        self.seed("rpc/a.c", '#include "a.h"\n\nint a(int b) {\n    return b;\n}\n')
        self.assert_clean("check_headers.py", self.root, self.build)
        self.assert_clean("check_tidy.py", self.root, self.build)

    def test_headers_that_lean_on_others_are_found(self):
        self.seed("rpc/a.c", "")
        self.seed("rpc/a.h", "#ifndef A_H\n#define A_H\nuint8_t a(void);\n#endif\n")
        expected = "rpc/a.h:1: does not compile alone"
        self.assert_finds(expected, "check_headers.py", self.root, self.build)

    def test_headers_without_a_guard_are_found(self):
        self.seed("rpc/a.c", "")
        self.seed("rpc/a.h", "struct a {\n    int b;\n};\n")
        expected = "rpc/a.h:1: does not compile alone"
        self.assert_finds(expected, "check_headers.py", self.root, self.build)

    def test_public_headers_that_do_not_say_what_is_exported_are_found(self):
        self.seed("rpc/a.c", "")
        self.seed("rpc/include/nnrpc/a.h", "#ifndef A_H\n#define A_H\nint a(int b);\n#endif\n")
        expected = "rpc/include/nnrpc/a.h:1: declares nothing between"
        self.assert_finds(expected, "check_headers.py", self.root, self.build)

    def test_a_source_found_clean_is_looked_at_again_when_its_header_changes(self):
        self.seed("rpc/a.h", "#define DIVISOR 1\n")
        self.seed("rpc/a.c", '#include "a.h"\n\nint a(void) {\n    return 1 / DIVISOR;\n}\n')
        self.assert_clean("check_tidy.py", self.root, self.build)
        self.seed("rpc/a.h", "#define DIVISOR 0\n")
        self.assert_finds("rpc/a.c:4:", "check_tidy.py", self.root, self.build)

    def test_a_source_with_findings_fails_every_time(self):
        self.seed("rpc/a.c", "int a(int b) {\n    if (b)\n        return 1;\n    return 0;\n}\n")
        for _ in range(2):
            self.assert_finds("rpc/a.c:2:", "check_tidy.py", self.root, self.build)


class Hardening(SeededProject):
    GOOD = ["-O2", "-fPIE", "-pie", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2"]
    GOOD += ["-Wl,-z,relro", "-Wl,-z,now"]
    PROGRAM = (
        "#include <stdio.h>\n#include <string.h>\n"
        "int main(int count, char **values) {\n    char text[16];\n"
        "    strcpy(text, values[count - 1]);\n    return puts(text);\n}\n"
    )

    def compile(self, *flags):
        self.seed("a.c", self.PROGRAM)
        program = self.root / "a"
        subprocess.run(
            ["cc", "-U_FORTIFY_SOURCE", *self.GOOD, *flags, str(self.root / "a.c"), "-o", program],
            check=True,
            capture_output=True,
        )
        return program

    def test_a_hardened_program_passes(self):
        self.assert_clean("check_hardening.py", "--fortified", self.compile())

    def test_each_missing_measure_is_found(self):
        for flags, expected in (
            (["-no-pie", "-fno-pie"], "is not position-independent"),
            (["-Wl,-z,norelro"], "has no read-only relocations"),
            (["-Wl,-z,lazy"], "resolves symbols lazily"),
            (["-Wl,-z,execstack"], "has an executable stack"),
            (["-Wl,-rpath,/opt"], "has a library path"),
            (["-fno-stack-protector"], "has no stack protection"),
            (["-U_FORTIFY_SOURCE"], "has no checked string functions"),
        ):
            with self.subTest(flags=flags):
                program = self.compile(*flags)
                self.assert_finds(expected, "check_hardening.py", "--fortified", program)


if __name__ == "__main__":
    unittest.main()
