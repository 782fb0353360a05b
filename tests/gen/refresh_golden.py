#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the golden files of the generator's tests again: tests/gen/refresh_golden.py BUILD_DIR"""
import os
import pathlib
import shutil
import sys
import tempfile


def main():
    here = pathlib.Path(__file__).resolve().parent
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    os.environ.setdefault("PROTOC", shutil.which("protoc") or "protoc")
    build = pathlib.Path(sys.argv[1]).resolve()
    os.environ.setdefault("PROTOC_GEN_NNRPC", str(build / "gen" / "protoc-gen-nnrpc"))
    os.environ.setdefault("NNRPC_IMPORTS", f"{here.parent.parent / 'proto'}:/usr/include")
    import test_generator

    with tempfile.TemporaryDirectory() as output:
        files = test_generator.generate(output)
    shutil.rmtree(test_generator.GOLDEN, ignore_errors=True)
    for name, text in files.items():
        path = test_generator.GOLDEN / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(test_generator.without_bytes(text))
        print(path.relative_to(here))


main()
