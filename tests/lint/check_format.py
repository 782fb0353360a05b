#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds C sources to .clang-format and scripts to shellcheck.

Usage: check_format.py PROJECT

To mend C sources: clang-format -i FILE...
"""

import subprocess
import sys
from pathlib import Path

import tree

SHELL_HEADS = (b"#!/usr/bin/env bash", b"#!/bin/bash", b"#!/bin/sh", b"#!/usr/bin/env sh")


def is_shell(path):
    with open(path, "rb") as file:
        return file.readline().rstrip() in SHELL_HEADS


def run(root, command, paths):
    if not paths:
        return []
    result = subprocess.run(
        [*command, *map(str, paths)], cwd=root, capture_output=True, text=True, check=False
    )
    lines = (result.stdout + result.stderr).splitlines()
    return lines + [f"{command[0]} failed"] if result.returncode != 0 else []


def check_project(root):
    scripts = [path for path in tree.files(root) if is_shell(root / path)]
    problems = run(root, ["clang-format", "--dry-run", "--Werror"], tree.files(root, ".c", ".h"))
    return problems + run(root, ["shellcheck", "--format=gcc", "--external-sources"], scripts)


if __name__ == "__main__":
    tree.finish(check_project(Path(sys.argv[1])))
