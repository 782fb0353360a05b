#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles each header alone, twice in a row, so that none leans on what was included before it.

Usage: check_headers.py PROJECT BUILD

The runtime's public headers get no help but the C standard and their own folder, and say what the
shared library exports; the others are compiled with the flags of all sources beside them.
"""

import subprocess
import sys
from pathlib import Path

import compilation
import tree

PUBLIC = Path("rpc/include")
PUBLIC_FLAGS = ["-std=c17", "-Wpedantic"]
MARKS = ["NNRPC_BEGIN_DECLARATIONS", "NNRPC_END_DECLARATIONS"]
MARKS_ARE_MADE_IN = PUBLIC / "nnrpc/base.h"
WARNINGS = ["-Wall", "-Wextra", "-Wstrict-prototypes", "-Werror"]


def shared_parts(one, other):
    count = 0
    for left, right in zip(one.parts, other.parts):
        if left != right:
            break
        count += 1
    return count


def flags_for(root, header, units):
    if header.is_relative_to(PUBLIC):
        return PUBLIC_FLAGS + [f"-I{root / PUBLIC}"]
    near = [(shared_parts(header.parent, unit.source.parent), unit) for unit in units]
    nearest = max(count for count, _ in near)
    flags = [flag for count, unit in near if count == nearest for flag in unit.flags()]
    return list(dict.fromkeys(flags))


def check_marks(root, header):
    if header.is_relative_to(PUBLIC) and header != MARKS_ARE_MADE_IN:
        lines = tree.read(root / header).splitlines()
        if [line for line in lines if line in MARKS] != MARKS:
            yield f"{header}:1: declares nothing between {MARKS[0]} and {MARKS[1]}"


def check_header(root, header, units):
    yield from check_marks(root, header)
    line = f'#include "{root / header}"\n'
    end = "extern int unit_is_not_empty;\n"
    result = subprocess.run(
        ["cc", *flags_for(root, header, units), *WARNINGS, "-fsyntax-only", "-x", "c", "-"],
        input=line + line + end,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        yield f"{header}:1: does not compile alone\n{result.stderr.rstrip()}"


def main():
    root, build = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    units = compilation.units(root, build)
    headers = tree.files(root, ".h")
    tree.finish(compilation.for_each(headers, lambda header: check_header(root, header, units)))


if __name__ == "__main__":
    main()
