#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds every text file to what all of them have in common.

Usage: check_text.py PROJECT

No paths of one machine, no white space at the end of lines, a line end at the end of the file, and
the licence's SPDX line at the head of every source.
"""

import re
import sys
from pathlib import Path

import tree

SOURCES = (".c", ".h", ".py", ".proto", ".cmake", ".sh")
SOURCE_NAMES = ("CMakeLists.txt",)
SPDX = "SPDX-License-Identifier: Apache-2.0"
HEAD_LINES = 2

# Folders of people and of build machines; the last group keeps URLs and longer paths out.
MACHINE_PATH = re.compile(r"(?<![\w.$}*-])/(home|root|work|Users)/\w")


def is_source(path):
    return path.suffix in SOURCES or path.name in SOURCE_NAMES


def check_lines(root, path, text):
    here = str(root.resolve())
    for number, line in enumerate(text.splitlines(), 1):
        if MACHINE_PATH.search(line) or (len(here) > 4 and here in line):
            yield f"{path}:{number}: a path of one machine"
        if line.rstrip() != line and path.suffix != ".md":
            yield f"{path}:{number}: white space at the end of the line"


def check_file(root, path):
    content = (root / path).read_bytes()
    if b"\0" in content:
        return
    text = content.decode("utf-8", errors="replace")
    yield from check_lines(root, path, text)
    if text and not text.endswith("\n"):
        yield f"{path}:{text.count(chr(10)) + 1}: the last line has no end"
    if is_source(path) and SPDX not in "\n".join(text.splitlines()[:HEAD_LINES]):
        yield f"{path}:1: the SPDX line is missing"


def check_project(root):
    paths = [path for path in tree.files(root) if not (root / path).is_symlink()]
    return [line for path in paths for line in check_file(root, path)]


if __name__ == "__main__":
    tree.finish(check_project(Path(sys.argv[1])))
