#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""contactctl's command line, environment, output forms, tokens, help and completion."""

import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
import time
import unicodedata
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import contactctl as ctl  # noqa: E402

VERBS = [
    "contact get", "contact batch-get", "contact list", "contact create", "contact update",
    "contact delete", "contact convert-to-shared", "contact customers", "contact verify-password",
    "customer get", "customer list", "customer create", "customer update", "customer delete",
    "customer add-shared-contact", "customer remove-shared-contact", "preset list", "preset put",
    "preset retire", "preset load", "change list", "token create", "token list", "token revoke",
    "import", "export", "health", "stats", "backup", "methods", "describe", "call", "completion",
]


def width(text):
    """Columns of a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text)


class Usage(unittest.TestCase):
    """What needs no server."""

    bash_script = None

    def ctl(self, *words, code=ctl.OK, **options):
        result = ctl.run(None, *words, **options)
        self.assertEqual(result.code, code, f"{words}: {result.out} {result.err}")
        return result

    def complaint(self, *words, **options):
        """The one line of a wrong command line."""
        err = self.ctl(*words, code=ctl.USAGE, **options).err
        self.assertTrue(err.startswith("contactctl: ") and err.count("\n") == 1, err)
        return err

    def test_every_level_has_help_on_standard_output(self):
        program = self.ctl("--help").out
        for verb in VERBS:
            words = verb.split()
            self.assertIn(f"  {words[-1]} ", program)
            text = self.ctl(*words, "--help").out
            self.assertIn(f"Usage: contactctl [OPTION...] {verb}", text)
            self.assertEqual(self.ctl("help", *words).out, text)
            self.assertIn("--server=URL", text)
        for noun in {verb.split()[0] for verb in VERBS if " " in verb}:
            self.assertIn(f"Usage: contactctl [OPTION...] {noun} VERB", self.ctl(noun, "-h").out)
        for line in program.splitlines():
            self.assertLessEqual(len(line), 80, line)

    def test_help_has_the_table_of_exit_codes(self):
        text = self.ctl("--help").out
        table = text[text.index("Exit codes:"):]
        codes = [int(code) for code in re.findall(r"^ {2,4}(\d+)  ", table, re.MULTILINE)]
        self.assertEqual(codes, [*range(10), 130])

    def test_the_sample_is_what_its_script_makes(self):
        with ctl.tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "sample")
            subprocess.run([sys.executable, ctl.DATA / "make_sample.py", path], check=True)
            self.assertEqual(path.read_bytes(), ctl.SAMPLE.read_bytes())

    def test_the_version_is_printed(self):
        self.assertRegex(self.ctl("--version").out, r"^contactctl \d+\.\d+\.\d+\n$")

    def test_wrong_words_get_one_clear_line(self):
        for words, expected in (
            ((), "what is to be done?"),
            (("contcat",), 'did you mean "contact"?'),
            (("contact",), "contact needs a verb: get, "),
            (("contact", "gte", "1"), 'did you mean "contact get"?'),
            (("contact", "get", "1", "--feilds", "id"), "did you mean --fields?"),
            (("contact", "get"), "ID is missing"),
            (("contact", "get", "1", "2"), "one argument too many"),
            (("contact", "get", "1", "-o", "xml"), "must be one of: table json ndjson"),
            (("contact", "get", "1", "--fields"), "needs a value"),
            (("contact", "get", "1", "--quiet=yes"), "takes no value"),
            (("contact", "get", "1", "--request-id", "x"), "has no flag --request-id"),
            (("help", "contcat"), 'did you mean "contact"?'),
        ):
            self.assertIn(expected, self.complaint(*words))

    def test_wrong_environment_is_named(self):
        for variable, value in (
            ("CONTACTS_SERVER", "localhost:4000"), ("CONTACTS_TIMEOUT", "soon"),
            ("CONTACTS_OUTPUT", "xml"), ("CONTACTS_TOKEN_FILE", "/nonexistent/token"),
        ):
            variables = {"CONTACTS_SERVER": "ipc:///nonexistent/socket", variable: value}
            self.assertIn(f"contactctl: {variable}", self.complaint("health", **variables))

    def test_wrong_flags_are_named(self):
        server = ("--server", "ipc:///nonexistent/socket")
        self.assertIn("--server has", self.complaint("health", "--server", "localhost"))
        self.assertIn("--timeout is", self.complaint("health", *server, "--timeout", "1"))
        self.assertIn("--token-file", self.complaint("health", *server, "--token-file", "/none"))

    def test_without_a_server_it_says_what_to_give(self):
        self.assertIn("Give --server URL or set CONTACTS_SERVER", self.complaint("health", cwd="/"))

    def test_tokens_are_made_listed_and_revoked(self):
        with ctl.tempfile.TemporaryDirectory() as folder:
            tokens = f"{folder}/tokens"
            made = self.ctl("token", "create", "reports", "--role", "reader", "--tokens", tokens)
            self.assertRegex(made.out, r"^\S{32,63}\n$")
            self.assertIn("only time", made.err)
            self.assertEqual(os.stat(tokens).st_mode & 0o777, 0o600)
            self.assertNotIn(made.out.strip(), Path(tokens).read_text(encoding="ascii"))
            listed = self.ctl("token", "list", "--tokens", tokens, "-o", "json").json
            self.assertEqual(listed, [{"name": "reports", "role": "reader"}])
            self.assertIn("reports  reader", self.ctl("token", "list", "--tokens", tokens).out)
            self.ctl("token", "create", "reports", "--role", "admin", "--tokens", tokens,
                     code=ctl.CONFLICT)
            self.ctl("token", "revoke", "reports", "--tokens", tokens)
            self.ctl("token", "revoke", "reports", "--tokens", tokens, code=ctl.NOT_FOUND)
            self.assertEqual(self.ctl("token", "list", "--tokens", tokens, "-o", "json").json, [])
            self.assertIn("--tokens FILE", self.complaint("token", "list"))
            self.assertIn("--role reader", self.complaint("token", "create", "x", "--tokens", tokens))
            self.ctl("token", "create", "a b", "--role", "reader", "--tokens", tokens,
                     code=ctl.USAGE)

    def complete(self, line):
        """What bash offers at the end of a line."""
        if self.bash_script is None:
            type(self).bash_script = self.ctl("completion", "bash").out
        script = (
            'eval "$(cat)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _contactctl; '
            'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(
            ["bash", "-uc", script, "bash", *line.split(" ")],
            input=self.bash_script, capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_completes_verbs_flags_values_and_files(self):
        self.assertIn("contact", self.complete("contactctl "))
        self.assertEqual(self.complete("contactctl imp"), ["import"])
        self.assertEqual(self.complete("contactctl -o json contact ve"), ["verify-password"])
        self.assertEqual(self.complete("contactctl contact list --fo"), ["--form"])
        self.assertEqual(self.complete("contactctl contact list --form "), ["direct", "shared"])
        self.assertEqual(self.complete("contactctl contact list --form = s"), ["shared"])
        self.assertEqual(self.complete("contactctl contact get --al"), [])
        self.assertEqual(self.complete("contactctl preset put ti"), ["title"])
        self.assertEqual(self.complete("contactctl -s ipc:///x preset put title "), [])
        self.assertIn("/etc/passwd", self.complete("contactctl import /etc/pass"))
        for verb in VERBS:
            self.assertIn(verb.split()[-1], self.complete(f"contactctl {verb}"))
            self.assertIn("--quiet", self.complete(f"contactctl {verb} --q"))

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_takes_its_script(self):
        script = self.ctl("completion", "zsh").out
        subprocess.run(["zsh", "-n"], input=script, text=True, check=True)

    def test_the_zsh_script_names_every_verb_with_what_it_does(self):
        script = self.ctl("completion", "zsh").out
        self.assertTrue(script.startswith("#compdef contactctl\n"))
        for verb in VERBS:
            self.assertIn(f"'{verb.split()[-1]}:", script)


class Output(ctl.Case):
    def setUp(self):
        super().setUp()
        self.ctl("import", ctl.SAMPLE)

    def on_terminal(self, columns, *words, **variables):
        """The lines that contactctl writes to a terminal."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        env = ctl.environment(self.server, **variables)
        env.pop("COLUMNS", None)
        env.update(variables)
        process = subprocess.Popen(
            [ctl.CONTACTCTL, *words], stdout=follower, stderr=subprocess.DEVNULL, env=env)
        os.close(follower)
        text = b""
        try:
            while chunk := os.read(leader, 65536):
                text += chunk
        except OSError:
            pass  # the last writer has gone
        os.close(leader)
        self.assertEqual(process.wait(), ctl.OK)
        return text.decode().replace("\r\n", "\n").splitlines()

    def converse(self, *words, answers=()):
        """Runs contactctl on a terminal of its own, answering each prompt; what it showed, and
        its exit code."""
        child, leader = pty.fork()
        if child == 0:
            os.execve(ctl.CONTACTCTL, [ctl.CONTACTCTL, *words], ctl.environment(self.server))
        shown = b""
        answers = list(answers)
        try:
            while chunk := os.read(leader, 65536):
                shown += chunk
                if answers and chunk.endswith(b": "):
                    time.sleep(0.2)  # echo goes off after the prompt
                    os.write(leader, answers.pop(0).encode() + b"\n")
        except OSError:
            pass  # the last writer has gone
        os.close(leader)
        return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def test_a_password_is_asked_for_twice_and_never_shown(self):
        words = ("contact", "create", "--last-name", "Ash", "--password", "-o", "json")
        shown, code = self.converse(*words, answers=["sécret", "sécret"])
        self.assertEqual(code, ctl.OK)
        self.assertNotIn("sécret", shown)
        contact = json.loads(shown[shown.index("{"):])
        self.assertTrue(contact["hasAccountPassword"])
        shown, code = self.converse(
            "contact", "verify-password", contact["id"], answers=["sécret"])
        self.assertIn("the password is right", shown)
        shown, code = self.converse(*words, answers=["sécret", "other"])
        self.assertEqual(code, ctl.USAGE)
        self.assertIn("the two passwords differ", shown)

    def test_progress_is_shown_on_a_terminal_and_wiped(self):
        shown, code = self.converse("import", str(ctl.SAMPLE), "--window", "1")
        self.assertEqual(code, ctl.OK)
        self.assertRegex(shown, r"import \[#*-*\] +\d+%  \d+ lines  [\d,]+/s")
        self.assertTrue(shown.rstrip().endswith("0 failed"), shown[-300:])
        self.assertIn("\r\x1b[Kimported ", shown)
        shown, _ = self.converse("import", str(ctl.SAMPLE), "--window", "1", "-q")
        self.assertNotIn("[", shown)
        shown, _ = self.converse("export", str(self.folder / "export"))
        self.assertRegex(shown, r"export \[[#-]+\] +\d+% ")
        shown, _ = self.converse("backup", "b")
        self.assertIn("backup 0:00", shown)

    def test_a_table_fits_every_terminal(self):
        for columns in (40, 60, 80, 120, 200):
            lines = self.on_terminal(columns, "contact", "list", "--all")
            self.assertEqual(len(lines), 261)
            self.assertLessEqual(max(map(width, lines)), columns)
            self.assertTrue(lines[0].startswith("ID   "))
            self.assertIn("LAST NAME", lines[0])
        self.assertLessEqual(
            max(map(width, self.on_terminal(200, "contact", "list", COLUMNS="50"))), 50)

    def test_a_wide_terminal_shows_what_a_narrow_one_cuts(self):
        narrow = "\n".join(self.on_terminal(60, "contact", "list"))
        wide = "\n".join(self.on_terminal(400, "contact", "list"))
        self.assertIn("…", narrow)
        self.assertNotIn("…", wide)
        self.assertIn("合名会社青山", wide)

    def test_off_a_terminal_nothing_is_cut_and_columns_stand_below_each_other(self):
        lines = self.ctl("contact", "list", "--all", COLUMNS="40").out.splitlines()
        self.assertNotIn("…", "".join(lines))
        email = width(lines[0][:lines[0].index("EMAIL")])
        for line in lines[1:]:
            before = line[:line.index("person")]
            self.assertEqual(width(before), email, line)

    def test_columns_are_the_fields_in_their_order(self):
        lines = self.ctl("contact", "list", "--fields", "email,id,number1type").out.splitlines()
        self.assertEqual(lines[0].split("  ")[0], "EMAIL")
        self.assertRegex(lines[0], r"^EMAIL +ID +NUMBER1 TYPE$")

    def test_json_has_every_field_of_the_contract_and_no_other(self):
        contact = self.get("contact", "get", 1)
        self.assertEqual(len(contact), 35)  # fields 1 to 33 but the password, and 40 to 42
        for name in ("customerID", "number1type", "copyCorrespondenceTypeIDs", "copyTicketTypeIDs",
                     "hasAccountPassword", "createTime", "updateTime", "etag"):
            self.assertIn(name, contact)
        customer = self.get("customer", "get", "C100")
        self.assertEqual(list(customer), ["id", "name", "accountNumber", "CRMReference",
                                          "createTime", "updateTime", "etag"])

    def test_ndjson_has_one_object_a_line(self):
        for words in (("contact", "list", "--all"), ("customer", "list", "--all"),
                      ("change", "list", "--all"), ("preset", "list")):
            text = self.ctl(*words, "-o", "ndjson", "-q").out
            array = self.get(*words, "-q")
            self.assertEqual([json.loads(line) for line in text.splitlines()], array)
        self.assertEqual(self.ctl("contact", "get", 1, "-o", "ndjson").out.count("\n"), 1)

    def test_an_empty_list_is_an_empty_array_or_a_title(self):
        words = ("contact", "list", "--email", "nobody@example.org")
        self.assertEqual(self.ctl(*words, "-o", "json").out, "[]\n")
        self.assertEqual(self.ctl(*words, "-o", "ndjson").out, "")
        self.assertEqual(self.ctl(*words).out.count("\n"), 1)

    def test_quiet_leaves_out_remarks_but_not_errors(self):
        self.assertIn("There is more", self.ctl("contact", "list").err)
        self.assertEqual(self.ctl("contact", "list", "-q").err, "")
        self.assertIn("NOT_FOUND", self.ctl("contact", "get", 9999, "-q", code=ctl.NOT_FOUND).err)

    def test_output_may_come_from_the_environment(self):
        self.assertEqual(
            self.ctl("contact", "get", 1, CONTACTS_OUTPUT="json").json["id"], "1")
        self.assertIn("FIELD", self.ctl("contact", "get", 1, "-o", "table",
                                        CONTACTS_OUTPUT="json").out)

    def test_a_full_disk_is_not_success(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [ctl.CONTACTCTL, "contact", "list", "--all"], stdout=full,
                stderr=subprocess.PIPE, env=ctl.environment(self.server), check=False)
        self.assertEqual(done.returncode, ctl.FAILED)
        self.assertIn(b"cannot write", done.stderr)

    def test_the_socket_of_this_folder_is_found(self):
        result = ctl.run(None, "health", cwd=self.folder)
        self.assertEqual((result.code, result.out), (ctl.OK, "the server takes calls\n"))


class Roles(ctl.Case):
    """A server on TCP, where a token is needed."""

    def setUp(self):
        self.keys = Path(ctl.tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.keys)
        for role in ("reader", "writer", "admin"):
            token = ctl.run(None, "token", "create", role, "--role", role, "--tokens",
                            self.keys / "tokens").out
            self.write_token(role, token)
        self.server = ctl.Server(
            "--tokens", str(self.keys / "tokens"), listen=f"tcp://127.0.0.1:{ctl.free_port()}")
        self.addCleanup(self.server.close)
        self.folder = self.server.folder

    def write_token(self, name, text, mode=0o600):
        path = self.keys / name
        path.write_text(text, encoding="ascii")
        path.chmod(mode)

    def test_a_token_file_opens_what_its_role_may(self):
        reader = ("--token-file", self.keys / "reader")
        admin = ("--token-file", self.keys / "admin")
        self.ctl("contact", "list", *reader)
        self.ctl("contact", "list", CONTACTS_TOKEN_FILE=str(self.keys / "reader"))
        err = self.ctl("contact", "create", "--last-name", "Ash", *reader, code=ctl.DENIED).err
        self.assertIn("PERMISSION_DENIED ROLE_REQUIRED", err)
        self.ctl("contact", "create", "--last-name", "Ash", "--token-file", self.keys / "writer")
        self.ctl("preset", "put", "title", "Sire", *admin)

    def test_without_or_with_a_wrong_token_it_is_denied(self):
        self.assertIn("UNAUTHENTICATED TOKEN_MISSING", self.ctl("contact", "list", code=ctl.DENIED).err)
        self.write_token("wrong", "x" * 43 + "\n")
        err = self.ctl("contact", "list", "--token-file", self.keys / "wrong", code=ctl.DENIED).err
        self.assertIn("UNAUTHENTICATED TOKEN_INVALID", err)
        self.ctl("health")

    def test_a_token_file_that_is_open_to_others_is_refused(self):
        (self.keys / "reader").chmod(0o640)
        err = self.ctl("contact", "list", "--token-file", self.keys / "reader", code=ctl.USAGE).err
        self.assertIn("open to others (mode 0640)", err)

    def test_a_token_file_holds_one_word(self):
        for name, text in (("empty", ""), ("two", "a b\n"), ("long", "x" * 5000)):
            self.write_token(name, text)
            err = self.ctl("contact", "list", "--token-file", self.keys / name, code=ctl.USAGE).err
            self.assertIn("must hold one token", err)

    def test_an_import_without_the_right_stops_at_once(self):
        result = self.ctl("import", ctl.SAMPLE, "--token-file", self.keys / "writer",
                          code=ctl.DENIED)
        self.assertEqual(result.err.count("PERMISSION_DENIED"), 1)


if __name__ == "__main__":
    ctl.main()
