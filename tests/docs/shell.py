# SPDX-License-Identifier: Apache-2.0
"""A shell in a folder of its own, as a reader has it: what one command sets, the next one sees."""

import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

COMMAND_SECONDS_MOST = 600


class Shell:
    """Bash, fed one command at a time; the same folder is HOME, and "~" in what is returned."""

    def __init__(self, variables):
        self.home = Path(tempfile.mkdtemp(prefix="page-")).resolve()
        self.process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=self.home,
            env=dict(os.environ, HOME=str(self.home), LC_ALL="C.UTF-8", COLUMNS="100", **variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def read_until(self, mark, command):
        output = b""
        deadline = time.monotonic() + COMMAND_SECONDS_MOST
        while mark not in output:
            if not self.selector.select(deadline - time.monotonic()):
                sys.exit(f"no end of: {command}\n{output.decode('utf-8', 'replace')}")
            chunk = os.read(self.process.stdout.fileno(), 65536)
            if not chunk:
                sys.exit(f"the shell ended with: {command}\n{output.decode('utf-8', 'replace')}")
            output += chunk
        return output.partition(mark)[0].decode("utf-8")

    def run(self, command):
        """Runs a command and returns the lines that it printed."""
        mark = f"--- {uuid.uuid4()}"
        script = f"{{ {command}\n}} </dev/null\nprintf %s '{mark}'\n"
        self.process.stdin.write(script.encode("utf-8"))
        self.process.stdin.flush()
        text = self.read_until(mark.encode("utf-8"), command)
        return text.replace(str(self.home), "~").splitlines()

    def folder(self):
        """Where the shell is now."""
        return Path(self.run("pwd")[0].replace("~", str(self.home), 1))

    def close(self):
        """Ends the shell and whatever it left running, and removes its folder."""
        self.process.stdin.close()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.home)
