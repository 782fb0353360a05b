# SPDX-License-Identifier: Apache-2.0
"""protoc-gen-nnrpc-c: how it runs protoc-gen-c, what it changes on the way, what it refuses.

The environment says where things are: PROTOC, PROTOC_GEN_NNRPC, PROTOC_GEN_NNRPC_C, PROTOC_GEN_C
and NNRPC_IMPORTS (folders, joined by colons).
"""
import os
import pathlib
import stat
import subprocess
import tempfile
import unittest

from google.protobuf import descriptor_pb2
from google.protobuf.compiler import plugin_pb2

HERE = pathlib.Path(__file__).resolve().parent
PROTOC = os.environ["PROTOC"]
PLUGIN = os.environ["PROTOC_GEN_NNRPC_C"]
OTHER_PLUGIN = os.environ["PROTOC_GEN_NNRPC"]
REAL = os.environ["PROTOC_GEN_C"]
IMPORTS = os.environ["NNRPC_IMPORTS"].split(":")


def run_protoc(output, folder, protos, *options):
    """Runs protoc with the plugin; returns its status and what it says on standard error."""
    command = [PROTOC, f"--plugin=protoc-gen-nnrpc-c={PLUGIN}", f"--nnrpc-c_out={output}"]
    command += [f"-I{folder}"] + [f"-I{path}" for path in IMPORTS] + list(options) + list(protos)
    result = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return result.returncode, result.stderr.decode()


def generate(protos, *options):
    """What the plugin makes of files of ours, {name: text}."""
    with tempfile.TemporaryDirectory() as output:
        code, error = run_protoc(output, HERE / "protos", protos, *options)
        if code != 0:
            raise AssertionError(error)
        root = pathlib.Path(output)
        return {
            str(path.relative_to(root)): path.read_text()
            for path in root.rglob("*")
            if path.is_file()
        }


def run_plugin(request, plugin=PLUGIN, environment=None):
    data = request.SerializeToString()
    return subprocess.run(
        [plugin], input=data, capture_output=True, check=False, timeout=60, env=environment
    )


def a_request(**fields):
    file = descriptor_pb2.FileDescriptorProto(name="a.proto", **fields)
    return plugin_pb2.CodeGeneratorRequest(file_to_generate=["a.proto"], proto_file=[file])


class Output(unittest.TestCase):
    """What comes out."""

    def test_is_protobuf_c_s_own_where_there_is_nothing_to_change(self):
        proto = "library/v1/book.proto"
        files = generate([proto])
        with tempfile.TemporaryDirectory() as output:
            command = [PROTOC, f"--plugin=protoc-gen-c={REAL}", f"--c_out={output}"]
            command += [f"-I{HERE / 'protos'}"] + [f"-I{path}" for path in IMPORTS] + [proto]
            subprocess.run(command, check=True)
            for name, text in files.items():
                self.assertEqual(text, (pathlib.Path(output) / name).read_text(), name)

    def test_has_optional_fields_as_oneofs_of_one_member(self):
        header = generate(["optional/v1/optional.proto"])["optional/v1/optional.pb-c.h"]
        self.assertIn("OPTIONAL__V1__EVERYTHING___TEXT_TEXT = 1\n", header)
        self.assertIn("} Optional__V1__Everything__TextCase;", header)
        self.assertIn("OPTIONAL__V1__EVERYTHING___DATA__NOT_SET, {{0, NULL}}", header)

    def test_has_no_services(self):
        for name, text in generate(["optional/v1/optional.proto"]).items():
            self.assertNotIn("ProtobufCService", text, name)

    def test_has_names_that_options_would_leave_out(self):
        files = generate(["odd/code_size.proto"])
        self.assertNotIn("CODE_SIZE", files["odd/code_size.pb-c.c"])
        self.assertIn('"odd.small.Small",', files["odd/code_size.pb-c.c"])
        self.assertIn('    "number",\n    2,\n', files["odd/code_size.pb-c.c"])
        self.assertIn("#define ODD_CODE_SIZE_NNRPC_C\n", files["odd/code_size.pb-c.h"])

    def test_says_no_more_than_protobuf_c_about_other_files(self):
        self.assertNotIn("_NNRPC_C", generate(["odd/names.proto"])["odd/names.pb-c.h"])

    def test_hands_the_other_options_on(self):
        files = generate(
            ["optional/v1/optional.proto"],
            f"--nnrpc-c_opt=plugin={REAL},dllexport_decl=EXPORTED",
        )
        self.assertIn("struct EXPORTED  ", files["optional/v1/optional.pb-c.h"])

    def test_supports_proto3_optional_says_each_plugin(self):
        for plugin in (PLUGIN, OTHER_PLUGIN):
            result = run_plugin(a_request(syntax="proto3"), plugin)
            response = plugin_pb2.CodeGeneratorResponse.FromString(result.stdout)
            self.assertEqual(response.supported_features, response.FEATURE_PROTO3_OPTIONAL)


class Refusals(unittest.TestCase):
    """Files of which protobuf-c makes no C, and protoc-gen-c that is none."""

    def refuse(self, proto, *options):
        with tempfile.TemporaryDirectory() as output:
            code, error = run_protoc(output, HERE, [proto], *options)
            self.assertEqual((code, os.listdir(output)), (1, []))
        lines = [line for line in error.splitlines() if line.startswith("--nnrpc-c_out: ")]
        self.assertEqual(len(lines), 1, error)
        return lines[0].removeprefix("--nnrpc-c_out: ")

    def test_refuses_with_the_words_of_the_other_plugin(self):
        expected = {}
        for line in (HERE / "refused.txt").read_text().splitlines():
            expected[line.split(":", 1)[0]] = line
        for name in ("default_infinite", "group", "member_keyword", "members_alike"):
            proto = f"refused/{name}.proto"
            self.assertEqual(self.refuse(proto), expected[proto])

    def test_says_so_when_there_is_no_protoc_gen_c(self):
        with tempfile.TemporaryDirectory() as output:
            code, error = run_protoc(
                output, HERE / "protos", ["shelf/plain.proto"], "--nnrpc-c_opt=plugin=./no/such"
            )
        self.assertEqual(code, 1)
        self.assertIn(
            "protoc-gen-nnrpc-c: ./no/such cannot be run: No such file or directory\n", error
        )

    def with_plugin(self, script, request=None):
        """Runs the plugin with a shell script in protoc-gen-c's place, found by PATH."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "protoc-gen-c"
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
            environment = dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}")
            return run_plugin(request or a_request(), PLUGIN, environment)

    def test_fails_when_protoc_gen_c_fails(self):
        for script, reason in (
            ("exit 3", "protoc-gen-c failed with status 3"),
            ("kill -SEGV $$", "protoc-gen-c ended by signal 11"),
            (
                "printf x",
                "protoc-gen-c wrote no CodeGeneratorResponse: "
                "bytes that are not the protobuf wire format",
            ),
        ):
            result = self.with_plugin(script)
            self.assertEqual((result.returncode, result.stdout), (1, b""))
            self.assertEqual(result.stderr.decode(), f"protoc-gen-nnrpc-c: {reason}\n")

    def test_passes_on_what_protoc_gen_c_says(self):
        result = self.with_plugin("cat >/dev/null; echo hello >&2; printf '\\012\\002no'")
        self.assertEqual((result.returncode, result.stderr), (0, b"hello\n"))
        response = plugin_pb2.CodeGeneratorResponse.FromString(result.stdout)
        self.assertEqual(response.error, "no")

    def test_does_not_wait_for_one_that_reads_nothing(self):
        request = a_request()
        for number in range(5000):
            request.proto_file.add(name=f"{number}.proto", package="p" * 100)
        self.assertEqual(self.with_plugin("exit 0", request).returncode, 0)

    def test_arguments(self):
        for plugin in (PLUGIN, OTHER_PLUGIN):
            name = os.path.basename(plugin)
            result = subprocess.run([plugin, "x"], capture_output=True, check=False)
            self.assertEqual((result.returncode, result.stdout), (1, b""))
            self.assertEqual(len(result.stderr.decode().splitlines()), 1)
            result = subprocess.run([plugin, "--version"], capture_output=True, check=False)
            self.assertRegex(result.stdout.decode(), rf"^{name} \d+\.\d+\.\d+\n$")
            result = subprocess.run([plugin, "--help"], capture_output=True, check=False)
            self.assertEqual((result.returncode, result.stderr), (0, b""))
            self.assertIn("Usage: protoc ", result.stdout.decode())

    def test_help_names_every_option(self):
        result = subprocess.run([OTHER_PLUGIN, "--help"], capture_output=True, check=True)
        request = a_request()
        request.parameter = "none"
        error = plugin_pb2.CodeGeneratorResponse.FromString(
            run_plugin(request, OTHER_PLUGIN).stdout
        ).error
        known = error.split("there are ")[1].replace(" and ", ", ").split(", ")
        self.assertEqual(len(known), 3)
        for option in known:
            self.assertRegex(result.stdout.decode(), rf"(?m)^  {option}  ")

    def test_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run(
                [PLUGIN],
                input=a_request().SerializeToString(),
                stdout=full,
                stderr=subprocess.PIPE,
                check=False,
            )
        self.assertEqual(result.returncode, 1)
        self.assertEqual(
            result.stderr.decode(), "protoc-gen-nnrpc-c: standard output cannot be written\n"
        )


if __name__ == "__main__":
    unittest.main()
