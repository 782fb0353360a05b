#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds what the libraries export against the committed list.

Usage: check_symbols.py LIST SHARED_LIBRARY [ARCHIVE]
       check_symbols.py --update LIST SHARED_LIBRARY

The list has one name and its version a line, sorted. An archive exports the same names, without
versions. --update writes the list; a new name may be added so, but one that a release has had may
only go, or change its meaning, with a new NNRPC_ABI_VERSION.
"""

import subprocess
import sys
from pathlib import Path

HEAD = """\
# What libnnrpc exports, with versions. Names come from the marks in rpc/include/nnrpc/*.h and from
# the .proto files of rpc/CMakeLists.txt. To write this list anew:
#     cmake --build build/dev --target update_symbols
"""

# What AddressSanitizer adds for each exported object.
SANITIZER = "__odr_asan."


def run_nm(*arguments):
    return subprocess.run(
        ["nm", *arguments], capture_output=True, text=True, check=True).stdout.splitlines()


def shared_symbols(library):
    """Lines "name version"; the version's own name is no symbol that anyone uses."""
    found = set()
    for line in run_nm("--dynamic", "--defined-only", "--with-symbol-versions", library):
        name, _, version = line.split()[-1].partition("@@")
        if name.startswith(SANITIZER):
            continue
        if version:
            found.add(f"{name} {version}")
        elif line.split()[-2] != "A":
            found.add(name)
    return found


def archive_symbols(archive):
    lines = [line.split() for line in run_nm("--extern-only", "--defined-only", archive)]
    return {words[2] for words in lines
            if len(words) == 3 and not words[2].startswith(SANITIZER)}


def read_list(path):
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def differences(expected, actual, what):
    yield from (f"{what} lacks {name}" for name in sorted(expected - actual))
    yield from (f"{what} exports {name} too" for name in sorted(actual - expected))


def update(path, library):
    Path(path).write_text(HEAD + "".join(f"{line}\n" for line in sorted(shared_symbols(library))),
                          encoding="utf-8")


def check(path, library, archive=None):
    expected = read_list(path)
    problems = list(differences(expected, shared_symbols(library), "the shared library"))
    if archive:
        names = {line.split()[0] for line in expected}
        problems += differences(names, archive_symbols(archive), "the archive")
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(
            "What is exported is not what rpc/nnrpc.symbols says. When a public name was added,\n"
            "run this and commit the list with it:\n"
            "    cmake --build build/dev --target update_symbols\n"
            "When a name is missing that should be public, its header lacks\n"
            "NNRPC_BEGIN_DECLARATIONS and NNRPC_END_DECLARATIONS, or rpc/nnrpc.map has no pattern for\n"
            "it. A name that a release has had goes only with a new NNRPC_ABI_VERSION.")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--update"] and len(sys.argv) == 4:
        update(*sys.argv[2:])
    elif len(sys.argv) in (3, 4) and sys.argv[1] != "--update":
        check(*sys.argv[1:])
    else:
        sys.exit(__doc__)
