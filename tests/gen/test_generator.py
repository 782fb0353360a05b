# SPDX-License-Identifier: Apache-2.0
"""What protoc-gen-nnrpc writes, what it refuses, and what it does with input that is none.

The environment says where things are: PROTOC, PROTOC_GEN_NNRPC, and NNRPC_IMPORTS (folders, joined
by colons). `refresh_golden.py` uses this file to write the golden files again.
"""
import os
import pathlib
import random
import re
import subprocess
import tempfile
import unittest

from google.protobuf import descriptor_pb2
from google.protobuf.compiler import plugin_pb2

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE / "golden"
PROTOC = os.environ["PROTOC"]
PLUGIN = os.environ["PROTOC_GEN_NNRPC"]
IMPORTS = os.environ["NNRPC_IMPORTS"].split(":")

PROTOS = [
    "library/v1/book.proto",
    "library/v1/library_service.proto",
    "optional/v1/optional.proto",
    "shelf/plain.proto",
]

KNOWN_OPTIONS = "there are prefix=NAME, full_names and skip_streaming"

# The bytes of an embedded descriptor set: they depend on protoc's version, so golden files have
# their place only, and a test of its own looks into them.
DESCRIPTOR_SET = re.compile(r"(_descriptor_set\[\] = \{\n)((?:    [0-9, ]+\n)*)(\};\n)")


def run_protoc(output, folder, protos, *options):
    """Runs protoc with the plugin; returns what it says on standard error."""
    command = [PROTOC, f"--plugin=protoc-gen-nnrpc={PLUGIN}", f"--nnrpc_out={output}"]
    command += [f"-I{folder}"] + [f"-I{path}" for path in IMPORTS]
    result = subprocess.run(
        command + list(options) + list(protos), cwd=folder, capture_output=True, check=False
    )
    return result.returncode, result.stderr.decode()


def run_plugin(data):
    """Runs the plugin itself on bytes."""
    return subprocess.run([PLUGIN], input=data, capture_output=True, check=False, timeout=60)


def generate(output, *options):
    """Generates the golden set; returns {relative path: text}."""
    code, error = run_protoc(output, HERE / "protos", PROTOS, *options)
    if code != 0:
        raise AssertionError(error)
    root = pathlib.Path(output)
    return {
        str(path.relative_to(root)): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def without_bytes(text):
    """Cuts the bytes of descriptor sets out of a generated file."""
    return DESCRIPTOR_SET.sub(r"\1    ...\n\3", text)


def descriptor_set(text):
    """The descriptor set that is embedded in a generated file."""
    numbers = DESCRIPTOR_SET.search(text).group(2)
    data = bytes(int(number) for number in re.findall(r"\d+", numbers))
    return descriptor_pb2.FileDescriptorSet.FromString(data)


def request_bytes(protos, folder):
    """The CodeGeneratorRequest that protoc makes of files."""
    with tempfile.TemporaryDirectory() as output:
        image = os.path.join(output, "image")
        command = [PROTOC, "--include_imports", "--include_source_info"]
        command += [f"--descriptor_set_out={image}", f"-I{folder}"]
        command += [f"-I{path}" for path in IMPORTS] + list(protos)
        subprocess.run(command, cwd=folder, check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(image).read_bytes())
    request = plugin_pb2.CodeGeneratorRequest(file_to_generate=protos, proto_file=files.file)
    return request.SerializeToString()


class Output(unittest.TestCase):
    """What comes out for the golden set."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as output:
            cls.files = generate(output)

    def test_is_the_golden_files(self):
        golden = {
            str(path.relative_to(GOLDEN)): path.read_text()
            for path in sorted(GOLDEN.rglob("*"))
            if path.is_file()
        }
        self.assertEqual(sorted(self.files), sorted(golden))
        for name, text in self.files.items():
            self.assertEqual(without_bytes(text), golden[name], f"{name}: see refresh_golden.py")

    def test_is_byte_identical_on_a_second_run(self):
        with tempfile.TemporaryDirectory() as output:
            self.assertEqual(generate(output), self.files)

    def test_does_not_depend_on_what_else_is_generated(self):
        for proto in PROTOS:
            with tempfile.TemporaryDirectory() as output:
                code, error = run_protoc(output, HERE / "protos", [proto])
                self.assertEqual((code, error), (0, ""))
                for suffix in (".nnrpc.h", ".nnrpc.c"):
                    name = proto.replace(".proto", suffix)
                    text = (pathlib.Path(output) / name).read_text()
                    self.assertEqual(text, self.files[name])

    def test_has_no_trace_of_the_machine(self):
        for name, text in self.files.items():
            self.assertNotIn(str(HERE), text, name)
            self.assertNotIn(os.uname().nodename, text.replace("localhost", ""), name)

    def test_has_the_descriptor_set_of_a_service_after_its_imports(self):
        files = descriptor_set(self.files["library/v1/library_service.nnrpc.c"]).file
        names = [file.name for file in files]
        self.assertEqual(names[-1], "library/v1/library_service.proto")
        self.assertEqual(len(names), len(set(names)))
        for index, file in enumerate(files):
            for dependency in file.dependency:
                self.assertIn(dependency, names[:index], file.name)

    def test_keeps_comments_but_google_s_in_the_descriptor_set(self):
        for file in descriptor_set(self.files["library/v1/library_service.nnrpc.c"]).file:
            locations = file.source_code_info.location
            if file.name.startswith("google/"):
                self.assertFalse(file.HasField("source_code_info"), file.name)
                continue
            self.assertGreater(len(locations), 0, file.name)
            for location in locations:
                comments = (
                    location.leading_comments
                    + location.trailing_comments
                    + "".join(location.leading_detached_comments)
                )
                self.assertNotEqual(comments, "", file.name)

    def test_has_the_descriptors_of_protoc_otherwise(self):
        data = request_bytes(["library/v1/library_service.proto"], HERE / "protos")
        asked = plugin_pb2.CodeGeneratorRequest.FromString(data)
        response = plugin_pb2.CodeGeneratorResponse.FromString(run_plugin(data).stdout)
        source = next(file for file in response.file if file.name.endswith(".c"))
        given = {file.name: file for file in asked.proto_file}
        for file in descriptor_set(source.content).file:
            expected = given[file.name]
            expected.ClearField("source_code_info")
            file.ClearField("source_code_info")
            self.assertEqual(file, expected)

    def test_puts_the_prefix_before_the_functions_of_services(self):
        with tempfile.TemporaryDirectory() as output:
            files = generate(output, "--nnrpc_opt=prefix=acme_")
        header = files["library/v1/library_service.nnrpc.h"]
        for name in (
            "enum nnrpc_code acme_library_service_get_book(",
            "struct acme_library_service_handlers {",
            "extern const struct nnrpc_service acme_library_service_service;",
            "    ACME_LIBRARY_SERVICE_GET_BOOK = 0,",
            "extern const struct nnrpc_message library_v1_get_book_request_message;",
        ):
            self.assertIn(name, header)


class Refusals(unittest.TestCase):
    """What cannot be generated is refused with its place and the reason."""

    # Files that need company to be wrong.
    TOGETHER = {
        "mask_not_imported": ["refused/elsewhere.proto"],
        "services_alike": ["refused/services_alike_first.proto"],
        "types_alike_across": ["refused/types_alike_first.proto"],
    }

    def refuse(self, folder, protos, *options):
        with tempfile.TemporaryDirectory() as output:
            code, error = run_protoc(output, folder, protos, *options)
            self.assertEqual(code, 1)
            self.assertEqual(os.listdir(output), [])
        lines = [line for line in error.splitlines() if line.startswith("--nnrpc_out: ")]
        self.assertEqual(len(lines), 1, error)
        return lines[0].removeprefix("--nnrpc_out: ")

    def test_every_refused_file_has_its_message(self):
        expected = {}
        for line in (HERE / "refused.txt").read_text().splitlines():
            expected[line.split(":", 1)[0]] = line
        company = {name for names in self.TOGETHER.values() for name in names}
        files = {f"refused/{path.name}" for path in (HERE / "refused").glob("*.proto")}
        self.assertEqual(files - company, set(expected))
        for name, message in expected.items():
            with self.subTest(name):
                protos = self.TOGETHER.get(pathlib.Path(name).stem, []) + [name]
                self.assertEqual(self.refuse(HERE, protos), message)

    def test_every_place_is_one_in_the_file(self):
        for line in (HERE / "refused.txt").read_text().splitlines():
            name, row, column = line.split(":")[:3]
            text = (HERE / name).read_text().splitlines()[int(row) - 1]
            self.assertFalse(text[int(column) - 1 :].startswith(" "), line)

    def test_unknown_options_are_refused_by_name(self):
        protos = HERE / "protos"
        self.assertEqual(
            self.refuse(protos, PROTOS, "--nnrpc_opt=prefix=a_,postfix=b"),
            f'unknown option "postfix"; {KNOWN_OPTIONS}',
        )
        self.assertEqual(
            self.refuse(protos, PROTOS, "--nnrpc_opt=prefix"),
            f'unknown option "prefix"; {KNOWN_OPTIONS}',
        )
        self.assertEqual(
            self.refuse(protos, PROTOS, "--nnrpc_opt=skip_streaming=1"),
            "option skip_streaming takes no value",
        )
        self.assertEqual(
            self.refuse(protos, PROTOS, "--nnrpc_opt=prefix=a-b"),
            'option prefix: "a-b" cannot start a name in C',
        )


def message_error(request):
    """What the plugin answers to a request, as its error."""
    result = run_plugin(request.SerializeToString())
    assert result.returncode == 0, result.stderr
    return plugin_pb2.CodeGeneratorResponse.FromString(result.stdout).error


class HandMadeRequests(unittest.TestCase):
    """Requests that protoc would not make."""

    def request(self, **fields):
        file = descriptor_pb2.FileDescriptorProto(name="a.proto", **fields)
        return plugin_pb2.CodeGeneratorRequest(file_to_generate=["a.proto"], proto_file=[file])

    def test_a_field_of_a_oneof_that_is_not_there(self):
        for index in (-1, 1):
            request = self.request(syntax="proto3")
            message = request.proto_file[0].message_type.add(name="A")
            message.oneof_decl.add(name="_b")
            message.field.add(name="b", number=1, type=9, label=1, oneof_index=index)
            self.assertEqual(message_error(request), "a.proto: A.b has no known oneof")

    def test_a_oneof_without_a_name(self):
        request = self.request(syntax="proto3")
        message = request.proto_file[0].message_type.add(name="A")
        message.oneof_decl.add()
        message.field.add(name="b", number=1, type=9, label=1, oneof_index=0)
        self.assertEqual(message_error(request), "a.proto: A.b has no known oneof")

    def test_no_problem_of_other_files(self):
        request = self.request(syntax="proto2")
        message = request.proto_file[0].message_type.add(name="A")
        message.field.add(name="b", number=1, type=10, label=1, type_name=".A")
        self.assertIn("is a group", message_error(request))
        request.file_to_generate[:] = []
        self.assertEqual(message_error(request), "")

    def test_a_file_to_generate_that_is_not_there(self):
        request = self.request()
        request.file_to_generate.append("b.proto")
        self.assertEqual(message_error(request), "b.proto: the file to generate was not given")

    def test_a_file_twice(self):
        request = self.request()
        request.proto_file.append(request.proto_file[0])
        self.assertEqual(message_error(request), "a.proto: the file was given twice")

    def test_files_that_import_each_other(self):
        request = self.request(dependency=["a.proto"])
        self.assertEqual(
            message_error(request), 'a.proto: import "a.proto" was not given before the file'
        )

    def test_names_that_are_none(self):
        for name in ("", "a b", "9a", "a;", 'a"', "a\n#include <x>", "ä", "a.b"):
            request = self.request()
            request.proto_file[0].message_type.add(name=name)
            self.assertEqual(message_error(request), "a.proto: a message has no name")

    def test_file_names_that_lead_elsewhere(self):
        for name in ("/a.proto", "../a.proto", "a/../../b.proto", "a//b.proto", 'a".proto', "a\n"):
            request = self.request()
            request.proto_file[0].name = name
            request.file_to_generate[0] = name
            self.assertTrue(
                message_error(request).endswith(": the file's name cannot be used"), name
            )

    def test_packages_that_are_none(self):
        for package in (".", "a.", ".a", "a..b", "a b", "9"):
            error = message_error(self.request(package=package))
            self.assertEqual(error, "a.proto: the package is not a name")

    def test_a_type_that_is_not_there(self):
        request = self.request()
        message = request.proto_file[0].message_type.add(name="A")
        message.field.add(name="b", number=1, type=11, label=1, type_name=".B")
        self.assertEqual(message_error(request), "a.proto: A.b has no known type")

    def test_an_enum_where_a_message_is_due(self):
        request = self.request()
        enum = request.proto_file[0].enum_type.add(name="E")
        enum.value.add(name="E_A", number=0)
        message = request.proto_file[0].message_type.add(name="A")
        message.field.add(name="b", number=1, type=11, label=1, type_name=".E")
        self.assertEqual(message_error(request), "a.proto: A.b has no known type")

    def test_a_message_twice(self):
        request = self.request(package="p")
        request.proto_file[0].message_type.add(name="A")
        request.proto_file[0].message_type.add(name="A")
        self.assertEqual(message_error(request), "a.proto: p.A is defined twice")

    def test_a_number_twice(self):
        request = self.request()
        message = request.proto_file[0].message_type.add(name="A")
        message.field.add(name="b", number=1, type=9, label=1)
        message.field.add(name="c", number=1, type=9, label=1)
        self.assertIn("has no number of its own", message_error(request))

    def test_an_enum_without_values(self):
        request = self.request()
        request.proto_file[0].enum_type.add(name="E")
        self.assertEqual(message_error(request), "a.proto: E has no values")

    def test_values_that_differ_by_case_keep_it_in_json(self):
        for names, expected in ((("E_A", "E_a"), ("A", "a")), (("E_A", "E_B"), ("a", "b"))):
            request = self.request()
            enum = request.proto_file[0].enum_type.add(name="E")
            for number, name in enumerate(names):
                enum.value.add(name=name, number=number)
            result = run_plugin(request.SerializeToString())
            response = plugin_pb2.CodeGeneratorResponse.FromString(result.stdout)
            source = next(file for file in response.file if file.name.endswith(".c"))
            for number, name in enumerate(expected):
                self.assertIn(f'            "{name}", /* {number} */\n', source.content)

    def test_a_map_entry_that_is_no_pair(self):
        request = self.request()
        message = request.proto_file[0].message_type.add(name="A")
        message.options.map_entry = True
        self.assertEqual(message_error(request), "a.proto: map entry A is not a key and a value")

    def test_a_method_of_unknown_types(self):
        request = self.request()
        service = request.proto_file[0].service.add(name="S")
        service.method.add(name="M", input_type=".X", output_type=".Y")
        self.assertEqual(message_error(request), "a.proto: rpc S/M has no known request type")

    def test_services_named_as_libnnrpc_s_own(self):
        protos = HERE.parent.parent / "proto" / "nnrpc" / "v1"
        text = "".join(path.read_text() for path in sorted(protos.glob("*.proto")))
        names = re.findall(r"(?m)^service (\w+)", text)
        self.assertGreaterEqual(len(names), 4)
        for name in names:
            request = self.request()
            request.proto_file[0].message_type.add(name="A")
            service = request.proto_file[0].service.add(name=name)
            service.method.add(name="M", input_type=".A", output_type=".A")
            self.assertIn("as libnnrpc has; --nnrpc_opt=prefix=NAME", message_error(request))
            request.parameter = "prefix=my_"
            self.assertEqual(message_error(request), "")

    def test_a_role_that_is_none(self):
        request = self.request()
        request.proto_file[0].message_type.add(name="A")
        service = request.proto_file[0].service.add(name="S")
        method = service.method.add(name="M", input_type=".A", output_type=".A")
        # Field 50201, varint 9.
        method.options.MergeFromString(b"\xc8\xc1\x18\x09")
        self.assertEqual(
            message_error(request), "a.proto: rpc S/M: role 9 is not one of nnrpc.v1.Role"
        )

    def test_an_option_that_is_malformed(self):
        request = self.request()
        request.proto_file[0].message_type.add(name="A")
        service = request.proto_file[0].service.add(name="S")
        method = service.method.add(name="M", input_type=".A", output_type=".A")
        # Field 50202 with a field of length 5 in 2 bytes.
        method.options.MergeFromString(b"\xd2\xc1\x18\x02\x0a\x05")
        self.assertEqual(message_error(request), "a.proto: rpc S/M: nnrpc.v1.http is malformed")

    def test_more_files_than_are_looked_up(self):
        request = self.request()
        for number in range(10000):
            request.proto_file.add(name=f"{number}.proto")
        self.assertEqual(message_error(request), "more than 10000 files in one request")

    def test_nothing_to_generate(self):
        request = self.request()
        request.file_to_generate[:] = []
        result = run_plugin(request.SerializeToString())
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        response = plugin_pb2.CodeGeneratorResponse.FromString(result.stdout)
        self.assertEqual((response.error, list(response.file)), ("", []))
        self.assertEqual(response.supported_features, response.FEATURE_PROTO3_OPTIONAL)


def change_at_random(message, chance):
    """Goes down to some field of a message and clears, doubles or overwrites it."""
    while True:
        fields = message.ListFields()
        if not fields:
            return
        field, value = chance.choice(fields)
        repeated = field.label == field.LABEL_REPEATED
        if repeated and chance.random() < 0.2:
            change = chance.choice((value.pop, lambda: value.extend(list(value)[:2])))
            change()
            return
        if field.type == field.TYPE_MESSAGE and (not repeated or value):
            message = chance.choice(list(value)) if repeated else value
            continue
        if repeated or chance.random() < 0.2:
            message.ClearField(field.name)
        elif field.type == field.TYPE_STRING:
            setattr(message, field.name, chance.choice(("", ".", "a", ".a.b", "a" * 300, value * 2)))
        elif field.type == field.TYPE_ENUM:
            setattr(message, field.name, chance.choice(field.enum_type.values).number)
        elif field.type == field.TYPE_BOOL:
            setattr(message, field.name, not value)
        elif field.type in (field.TYPE_INT32, field.TYPE_INT64):
            setattr(message, field.name, chance.choice((-(2**31), -1, 0, 1, 2**31 - 1)))
        return


class HostileInput(unittest.TestCase):
    """Bytes on standard input that are no request: one line, status 1, nothing written."""

    def refused(self, data, reason):
        result = run_plugin(data)
        self.assertEqual(result.stderr.decode(), f"protoc-gen-nnrpc: {reason}\n")
        self.assertEqual((result.returncode, result.stdout), (1, b""))

    def not_a_request(self, data, reason):
        self.refused(data, f"standard input is no CodeGeneratorRequest: {reason}")

    def test_nothing(self):
        self.refused(
            b"",
            "standard input is empty; this program is run by protoc, see --help",
        )

    def test_bytes_that_are_no_message(self):
        wire = "bytes that are not the protobuf wire format"
        self.not_a_request(b"\xff" * 20, wire)
        self.not_a_request(b"hello, world", wire)
        self.not_a_request(b"\x7a\x05\x0a\x03a", wire)
        self.not_a_request(b"\x00\x00", wire)

    def test_groups(self):
        self.not_a_request(b"\x0b\x0c", "bytes that are not the protobuf wire format")

    def test_a_field_of_another_type(self):
        self.not_a_request(b"\x08\x01", "a field of the wrong wire type")

    def test_text_that_is_none(self):
        self.not_a_request(b"\x0a\x02\xc0\x80", "text that is not UTF-8 or has NUL in it")
        self.not_a_request(b"\x0a\x03a\x00b", "text that is not UTF-8 or has NUL in it")

    def test_a_required_field_that_is_missing(self):
        request = plugin_pb2.CodeGeneratorRequest()
        file = request.proto_file.add(name="a.proto")
        file.options.uninterpreted_option.add().name.add()
        self.not_a_request(
            request.SerializePartialToString(), "a message that lacks a required field"
        )

    def test_nesting_without_end(self):
        def field(number, content):
            size = len(content)
            varint = b""
            while size >= 0x80:
                varint += bytes([size & 0x7F | 0x80])
                size >>= 7
            return bytes([number << 3 | 2]) + varint + bytes([size]) + content

        nested = b""
        for _ in range(20000):
            nested = field(3, nested)
        self.not_a_request(field(15, field(4, nested)), "messages nested deeper than 100")

    def test_a_request_cut_short_anywhere(self):
        data = request_bytes(["library/v1/book.proto"], HERE / "protos")
        for size in range(1, len(data), max(1, len(data) // 40)):
            result = run_plugin(data[:size])
            self.assertIn(result.returncode, (0, 1), result.stderr)
            lines = result.stderr.decode().splitlines()
            if result.returncode == 1:
                self.assertEqual((len(lines), result.stdout), (1, b""), result.stderr)
                self.assertTrue(lines[0].startswith("protoc-gen-nnrpc: standard input"))
            else:
                # Cut between two fields: a request, of which something is missing or not.
                plugin_pb2.CodeGeneratorResponse.FromString(result.stdout)

    def answered_or_refused(self, data):
        result = run_plugin(data)
        self.assertIn(result.returncode, (0, 1), result.stderr)
        if result.returncode == 1:
            self.assertEqual(len(result.stderr.decode().splitlines()), 1)
            self.assertEqual(result.stdout, b"")
            return
        self.assertEqual(result.stderr, b"")
        response = plugin_pb2.CodeGeneratorResponse.FromString(result.stdout)
        self.assertFalse(response.HasField("error") and response.file)

    def test_requests_with_bytes_changed_at_random(self):
        chance = random.Random(1)
        data = request_bytes(["shelf/plain.proto"], HERE / "protos")
        for _ in range(100):
            changed = bytearray(data)
            for _ in range(chance.choice((1, 2, 8))):
                position = chance.randrange(len(changed))
                changed[position] = chance.choice((0, 1, 0x7F, 0xFF, chance.randrange(256)))
            self.answered_or_refused(bytes(changed))

    def test_requests_with_fields_changed_at_random(self):
        chance = random.Random(2)
        data = request_bytes(["library/v1/library_service.proto"], HERE / "protos")
        for _ in range(100):
            request = plugin_pb2.CodeGeneratorRequest.FromString(data)
            for _ in range(chance.choice((1, 2, 5))):
                change_at_random(request, chance)
            if request.file_to_generate and request.ByteSize() > 0:
                self.answered_or_refused(request.SerializePartialToString())

    def test_arguments(self):
        result = subprocess.run([PLUGIN, "x"], capture_output=True, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(len(result.stderr.decode().splitlines()), 1)
        result = subprocess.run([PLUGIN, "--version"], capture_output=True, check=False)
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout.decode(), r"^protoc-gen-nnrpc \d+\.\d+\.\d+\n$")

    def test_a_full_disk(self):
        data = request_bytes(["library/v1/book.proto"], HERE / "protos")
        with open("/dev/full", "wb") as full:
            result = subprocess.run(
                [PLUGIN], input=data, stdout=full, stderr=subprocess.PIPE, check=False
            )
        self.assertEqual(result.returncode, 1)
        self.assertEqual(
            result.stderr.decode(), "protoc-gen-nnrpc: standard output cannot be written\n"
        )


if __name__ == "__main__":
    unittest.main()
