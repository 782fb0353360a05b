# SPDX-License-Identifier: Apache-2.0
"""An installation of the framework away from its sources, and programs that are built with it.

The environment says where things are: CMAKE, PROJECT, BUILD, and in SANITIZE the flags that the
libraries were compiled with.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

CMAKE = os.environ["CMAKE"]
PROJECT = Path(os.environ["PROJECT"])
BUILD = Path(os.environ["BUILD"])
SANITIZE = os.environ["SANITIZE"]
EXAMPLE = "share/doc/nnrpc/examples/greeter"
# What a caller of these tests may have set and an out-of-tree build must not see.
FOREIGN = (
    "CFLAGS", "CPPFLAGS", "LDFLAGS", "LD_LIBRARY_PATH", "PKG_CONFIG_PATH", "CMAKE_PREFIX_PATH",
    "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR")


class Installation:
    """Component nnrpc, installed in one place and then moved: a package may be."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="nnrpc-"))
        first = self.folder / "first"
        subprocess.run(
            [CMAKE, "--install", BUILD, "--component", "nnrpc", "--prefix", first, "--strip"],
            check=True, stdout=subprocess.DEVNULL)
        self.prefix = self.folder / "moved/usr"
        self.prefix.parent.mkdir()
        first.rename(self.prefix)
        self.environment = {
            name: value for name, value in os.environ.items() if name not in FOREIGN}
        (pkgconfig,) = self.prefix.glob("lib*/**/nnrpc.pc")
        self.libraries = pkgconfig.parent.parent
        self.environment["PKG_CONFIG_PATH"] = str(pkgconfig.parent)

    def remove(self):
        shutil.rmtree(self.folder)

    def new_folder(self, name):
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        return folder

    def copy_example(self, name):
        folder = self.folder / name
        shutil.copytree(self.prefix / EXAMPLE, folder)
        return folder

    def run(self, *command, cwd, check=True, **variables):
        """Runs a command; shows what it said when it fails and must not."""
        result = subprocess.run(
            [str(word) for word in command], cwd=cwd, env=dict(self.environment, **variables),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False)
        if check and result.returncode != 0:
            raise AssertionError(f"{command} failed:\n{result.stdout}")
        return result

    def build_with_cmake(self, source, *options):
        """Builds a project against the installation; returns where its programs are."""
        build = source / "build"
        self.run(CMAKE, "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
                 f"-DCMAKE_C_FLAGS={SANITIZE} -Wall -Wextra -Werror", *options, cwd=source)
        self.run(CMAKE, "--build", build, cwd=source)
        return build

    def build_with_make(self, source, *options):
        self.run("make", f"CFLAGS={SANITIZE} -O2 -Wall -Wextra -Werror", f"LDFLAGS={SANITIZE}",
                 *options, cwd=source)
        return source
