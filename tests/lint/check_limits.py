#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds files to 600 lines and functions to 60.

Usage: check_limits.py PROJECT

A function's lines are those from its opening to its closing brace, in C as clang-format leaves it;
in Python those of the whole definition.
"""

import ast
import re
import sys
from pathlib import Path

import tree

FILE_LINES_MOST = 600
FUNCTION_LINES_MOST = 60
SOURCES = (".c", ".h", ".py", ".proto", ".sh", ".cmake", ".txt")

TYPE = re.compile(r"^(typedef\s+)?(struct|enum|union)\b[^(]*$")
NAME = re.compile(r"(\w+)\s*\(")


def c_functions(lines):
    """Yields (name, first line, last line) of each function's braces, counted from 1."""
    heading, opened = "", 0
    for number, line in enumerate(lines, 1):
        if opened:
            if line.startswith("}"):
                found = NAME.search(re.sub(r"__attribute__\s*\(\(.*?\)\)", "", heading))
                if found and not TYPE.match(heading):
                    yield found[1], opened, number
                heading, opened = "", 0
        elif line.endswith("{") and "=" not in heading + line:
            heading, opened = heading + line[:-1], number
        elif not line or line.startswith(("#", "/", " *", "}")) or line.endswith(";"):
            heading = ""
        else:
            heading += line + " "


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno


def functions(path, text):
    if path.suffix in (".c", ".h"):
        return c_functions(text.splitlines())
    if path.suffix == ".py":
        return python_functions(text)
    return []


def check_file(root, path):
    text = tree.read(root / path)
    lines = text.count("\n")
    if lines > FILE_LINES_MOST:
        yield f"{path}:1: {lines} lines; a file has at most {FILE_LINES_MOST}"
    for name, first, last in functions(path, text):
        if last - first + 1 > FUNCTION_LINES_MOST:
            yield (
                f"{path}:{first}: {name} has {last - first + 1} lines; "
                f"a function has at most {FUNCTION_LINES_MOST}"
            )


def check_project(root):
    return [line for path in tree.files(root, *SOURCES) for line in check_file(root, path)]


if __name__ == "__main__":
    tree.finish(check_project(Path(sys.argv[1])))
