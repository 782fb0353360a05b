#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over our sources as the build folder compiles them.

Usage: check_tidy.py PROJECT BUILD

Tests are left out: they misuse what they test on purpose. The analyzer works in its shallow mode,
which is ten times as fast; what only shows across many calls is for the sanitizers.
A source found clean is not looked at again until it, a header that it includes, its flags, the
checks or clang-tidy change: BUILD/tidy keeps the digest of all these, one file a source.
"""

import functools
import hashlib
import subprocess
import sys
from pathlib import Path

import compilation
import tree

# Assertions tell the analyzer what it cannot see; the optimised build switches them off.
EXTRA = ["-UNDEBUG", "-Xclang", "-analyzer-config", "-Xclang", "mode=shallow"]


@functools.lru_cache(maxsize=None)
def content_digest(path):
    return hashlib.sha256(Path(path).read_bytes()).digest()


def dependencies(root, unit):
    """The source and the headers that it includes, but for the system's."""
    result = subprocess.run(
        ["cc", *unit.flags(), "-MM", "-MT", "x", str(root / unit.source)],
        cwd=unit.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    names = result.stdout.replace("\\\n", " ").split()[1:]
    return sorted(str(Path(unit.folder) / name) for name in names)


def digest(root, unit, common):
    hasher = hashlib.sha256(common)
    hasher.update("\0".join(unit.arguments).encode())
    for path in dependencies(root, unit):
        hasher.update(path.encode() + b"\0" + content_digest(path))
    return hasher.hexdigest()


def check_unit(root, build, unit, common):
    kept = build / "tidy" / str(unit.source).replace("/", "__")
    try:
        current = digest(root, unit, common)
    except (OSError, subprocess.CalledProcessError) as error:
        return [f"{unit.source}:1: cannot be read as the build does: {error}"]
    if kept.is_file() and kept.read_text(encoding="utf-8") == current:
        return []
    extra = [f"--extra-arg={argument}" for argument in EXTRA]
    result = subprocess.run(
        ["clang-tidy", "--quiet", f"-p={build}", *extra, str(unit.source)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        return [result.stdout.rstrip() or result.stderr.rstrip()]
    kept.write_text(current, encoding="utf-8")
    return []


def main():
    root, build = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    (build / "tidy").mkdir(exist_ok=True)
    version = subprocess.run(
        ["clang-tidy", "--version"], capture_output=True, check=True
    ).stdout
    common = version + " ".join(EXTRA).encode() + (root / ".clang-tidy").read_bytes()
    units = [unit for unit in compilation.units(root, build) if unit.source.parts[0] != "tests"]
    tree.finish(
        compilation.for_each(units, lambda unit: check_unit(root, build, unit, common))
    )


if __name__ == "__main__":
    main()
