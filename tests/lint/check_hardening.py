#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks into built programs for the hardening that they were to get.

Usage: check_hardening.py [--fortified] PROGRAM...

Position-independent, relocations read-only and resolved at start, no executable stack, no text
relocations, no library path, stack protection; --fortified: checked string functions too.
"""

import re
import subprocess
import sys

import tree


def readelf(*arguments):
    return subprocess.run(
        ["readelf", "--wide", *arguments], capture_output=True, text=True, check=True
    ).stdout


def check_program(program, fortified):
    header, segments = readelf("-h", program), readelf("-l", program)
    dynamic, symbols = readelf("-d", program), readelf("--dyn-syms", program)
    stack = re.search(r"GNU_STACK\s.*", segments)
    facts = {
        "is not position-independent": re.search(r"Type:\s+DYN", header),
        "has no read-only relocations": "GNU_RELRO" in segments,
        "resolves symbols lazily": re.search(r"BIND_NOW|Flags:.*\bNOW\b", dynamic),
        "has an executable stack": stack and "E" not in stack[0].split()[6],
        "has text relocations": "TEXTREL" not in dynamic,
        "has a library path": not re.search(r"\((RPATH|RUNPATH)\)", dynamic),
        "has no stack protection": "__stack_chk_fail" in symbols,
    }
    if fortified:
        facts["has no checked string functions"] = re.search(r"__\w+_chk\b", symbols)
    return [f"{program}: {problem}" for problem, good in facts.items() if not good]


def main():
    programs = sys.argv[1:]
    fortified = programs[:1] == ["--fortified"]
    programs = programs[1:] if fortified else programs
    if not programs:
        sys.exit(__doc__)
    tree.finish([line for program in programs for line in check_program(program, fortified)])


if __name__ == "__main__":
    main()
