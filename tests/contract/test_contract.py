# SPDX-License-Identifier: Apache-2.0
"""The .proto files against the contract: fields, methods, HTTP rules, roles, comments, reasons.

The environment says where things are: PROTOC and NNRPC_IMPORTS (folders, joined by colons), of
which the first is the proto folder.
"""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import contract
from google.protobuf import descriptor_pb2, message_factory

PROTOC = os.environ["PROTOC"]
IMPORTS = os.environ["NNRPC_IMPORTS"].split(":")
PROTO = pathlib.Path(IMPORTS[0])
PREFIX = "/backend/api/v1"
OURS = ("contacts.v1.", "nnrpc.v1.")

FIELD = descriptor_pb2.FieldDescriptorProto


def load():
    """The files as protoc sees them, comments included."""
    protos = sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        image = pathlib.Path(folder) / "image"
        command = [PROTOC, "--include_imports", "--include_source_info"]
        command += [f"--descriptor_set_out={image}"] + [f"-I{path}" for path in IMPORTS] + protos
        subprocess.run(command, check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(image.read_bytes())


class Contract:
    """An index over the files."""

    def __init__(self):
        files = load().file
        self.classes = message_factory.GetMessages(files)
        self.files = [file for file in files if (file.package + ".").startswith(OURS)]
        self.messages = {}
        self.enums = {}
        self.methods = {}
        self.comments = {}
        for file in self.files:
            places = {tuple(l.path): l for l in file.source_code_info.location}
            for index, message in enumerate(file.message_type):
                self.add_message(places, f"{file.package}.{message.name}", message, (4, index))
            for index, enum in enumerate(file.enum_type):
                self.add_enum(places, f"{file.package}.{enum.name}", enum, (5, index))
            for index, service in enumerate(file.service):
                name = f"{file.package}.{service.name}"
                self.comments[name] = comment(places, (6, index))
                for number, method in enumerate(service.method):
                    self.methods[f"{name}/{method.name}"] = method
                    self.comments[f"{name}/{method.name}"] = comment(places, (6, index, 2, number))
        self.headers = {
            file.name: "".join(
                text
                for l in file.source_code_info.location
                if tuple(l.path) == (12,)
                for text in [*l.leading_detached_comments, l.leading_comments]
            )
            for file in self.files
        }

    def add_message(self, places, name, message, path):
        self.messages[name] = message
        if not message.options.map_entry:
            self.comments[name] = comment(places, path)
            for index, field in enumerate(message.field):
                self.comments[f"{name}.{field.name}"] = comment(places, path + (2, index))
        for index, nested in enumerate(message.nested_type):
            self.add_message(places, f"{name}.{nested.name}", nested, path + (3, index))

    def add_enum(self, places, name, enum, path):
        self.enums[name] = enum
        self.comments[name] = comment(places, path)
        for index, value in enumerate(enum.value):
            self.comments[f"{name}.{value.name}"] = comment(places, path + (2, index))

    def option(self, options, name):
        """A custom option of ours, or None."""
        kind = self.classes[options.DESCRIPTOR.full_name]
        known = kind.FromString(options.SerializeToString())
        for extension, value in known.ListFields():
            if extension.full_name == f"nnrpc.v1.{name}":
                return value
        return None

    def rules(self, field):
        """The names of a field's rules that are set, mask_of left out."""
        rule = self.option(field.options, "field")
        names = [] if rule is None else [f.name for f, _ in rule.ListFields()]
        return ",".join(name for name in names if name != "mask_of")

    def http_rules(self, method):
        rule = self.option(method.options, "http")
        return [] if rule is None else [rule, *rule.additional_bindings]

    def kind(self, field):
        """A field's kind as the tables write it."""
        entry = self.messages.get(field.type_name[1:])
        if entry is not None and entry.options.map_entry:
            key, value = entry.field
            return f"map<{self.kind(key)},{self.kind(value)}>"
        name = FIELD.Type.Name(field.type).removeprefix("TYPE_").lower()
        if field.type in (FIELD.TYPE_MESSAGE, FIELD.TYPE_ENUM):
            name = field.type_name.rsplit(".", 1)[1]
        return f"repeated-{name}" if field.label == FIELD.LABEL_REPEATED else name


def comment(places, path):
    place = places.get(path)
    return "" if place is None else (place.leading_comments + place.trailing_comments).strip()


def rows(text):
    return [line.split() for line in text.strip().splitlines()]


def reasons_in(text):
    """What a text names in UPPER_SNAKE: reasons, codes."""
    return set(re.findall(r"\b[A-Z][A-Z0-9_]{4,}\b", text))


CONTRACT = Contract()


class Fields(unittest.TestCase):
    maxDiff = None

    def test_every_resource_and_frame_has_the_fields_of_its_table(self):
        for name, table in contract.MESSAGES.items():
            with self.subTest(name):
                actual = [
                    [str(field.number), field.name, CONTRACT.kind(field), field.json_name]
                    + ([CONTRACT.rules(field)] if CONTRACT.rules(field) else [])
                    for field in sorted(CONTRACT.messages[name].field, key=lambda f: f.number)
                ]
                self.assertEqual(actual, rows(table))

    def test_every_request_and_response_has_the_fields_of_its_row(self):
        for name, *expected in rows(contract.REQUESTS):
            with self.subTest(name):
                actual = [f"{f.name}:{CONTRACT.kind(f)}" for f in CONTRACT.messages[name].field]
                self.assertEqual(sorted(actual), sorted(expected))

    def test_every_request_and_response_has_a_row(self):
        expected = {name for name, *_ in rows(contract.REQUESTS)}
        actual = {t[1:] for m in CONTRACT.methods.values() for t in (m.input_type, m.output_type)}
        self.assertEqual(actual, expected)

    def test_ids_have_one_json_name_in_every_message(self):
        names = {
            "customer_id": "customerID",
            "customer_ids": "customerIDs",
            "linked_customer_ids": "linkedCustomerIDs",
            "contact_id": "contactID",
            "crm_reference": "CRMReference",
        }
        seen = set()
        for full_name, message in CONTRACT.messages.items():
            for field in message.field:
                if full_name.startswith("contacts.v1.") and field.name in names:
                    seen.add(field.name)
                    self.assertEqual(field.json_name, names[field.name], full_name)
        self.assertEqual(seen, set(names))

    def test_every_mask_says_what_it_masks(self):
        count = 0
        for full_name, message in CONTRACT.messages.items():
            for field in message.field:
                rule = CONTRACT.option(field.options, "field")
                mask_of = "" if rule is None else rule.mask_of
                if field.type_name == ".google.protobuf.FieldMask":
                    count += 1
                    customer = "Customer" in full_name
                    expected = "contacts.v1.Customer" if customer else "contacts.v1.Contact"
                    self.assertEqual(mask_of, expected, f"{full_name}.{field.name}")
                else:
                    self.assertEqual(mask_of, "", f"{full_name}.{field.name}")
        self.assertEqual(count, 7)

    def test_every_password_is_input_only_and_sensitive(self):
        passwords = []
        for full_name, message in CONTRACT.messages.items():
            for field in message.field:
                if re.fullmatch(r"(.*_)?password", field.name) and field.type == FIELD.TYPE_STRING:
                    passwords.append(f"{full_name}.{field.name}")
                    self.assertEqual(CONTRACT.rules(field), "input_only,sensitive", full_name)
        self.assertEqual(
            sorted(passwords),
            [
                "contacts.v1.Contact.account_password",
                "contacts.v1.VerifyAccountPasswordRequest.password",
            ],
        )

    def test_no_field_needs_presence_that_protobuf_c_lacks(self):
        for file in CONTRACT.files:
            self.assertEqual(file.syntax, "proto3", file.name)
        for full_name, message in CONTRACT.messages.items():
            for field in message.field:
                self.assertFalse(field.proto3_optional, f"{full_name}.{field.name}")

    def test_enums_have_their_numbers(self):
        for name, expected in contract.ENUMS.items():
            enum = CONTRACT.enums[name]
            prefix = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", enum.name).upper() + "_"
            actual = [f"{v.name.removeprefix(prefix)}={v.number}" for v in enum.value]
            self.assertEqual(actual, expected.split(), name)

    def test_options_have_their_numbers(self):
        file = next(f for f in CONTRACT.files if f.name == "nnrpc/v1/options.proto")
        actual = [
            [e.extendee[1:], str(e.number), e.name, e.type_name.rsplit(".", 1)[1]]
            for e in file.extension
        ]
        self.assertEqual(actual, rows(contract.OPTIONS))


class Methods(unittest.TestCase):
    maxDiff = None

    def test_every_method_has_a_row_and_every_row_a_method(self):
        self.assertEqual(
            sorted(CONTRACT.methods), sorted(name for name, *_ in rows(contract.METHODS))
        )

    def test_every_method_has_the_role_of_its_row(self):
        for name, role, *_ in rows(contract.METHODS):
            value = CONTRACT.option(CONTRACT.methods[name].options, "role")
            self.assertIsNotNone(value, name)
            known = {v.number: v.name for v in CONTRACT.enums["nnrpc.v1.Role"].value}
            self.assertEqual(known[value], f"ROLE_{role}", name)

    def test_every_method_is_as_safe_to_repeat_as_its_row_says(self):
        levels = {"read": "NO_SIDE_EFFECTS", "write": "IDEMPOTENT", "once": "IDEMPOTENCY_UNKNOWN"}
        names = descriptor_pb2.MethodOptions.IdempotencyLevel
        for name, _, level, *_ in rows(contract.METHODS):
            actual = names.Name(CONTRACT.methods[name].options.idempotency_level)
            self.assertEqual(actual, levels[level], name)

    def test_every_method_is_slow_when_its_row_says(self):
        for name, _, _, slow, *_ in rows(contract.METHODS):
            rule = CONTRACT.option(CONTRACT.methods[name].options, "slow")
            actual = "-"
            if rule is not None:
                actual = "always" if rule.always else ",".join(rule.when_set)
            self.assertEqual(actual, slow, name)

    def test_every_method_has_messages_of_its_own_name(self):
        for name, method in CONTRACT.methods.items():
            package = name.rsplit(".", 1)[0]
            self.assertEqual(method.input_type, f".{package}.{method.name}Request")
            self.assertEqual(method.output_type, f".{package}.{method.name}Response")
            self.assertFalse(method.client_streaming or method.server_streaming, name)

    def test_every_write_has_a_request_id_and_can_be_tried_out(self):
        for name, _, level, *_ in rows(contract.METHODS):
            message = CONTRACT.messages[CONTRACT.methods[name].input_type[1:]]
            kinds = {field.name: CONTRACT.kind(field) for field in message.field}
            write = level == "write"
            self.assertEqual(kinds.get("request_id"), "string" if write else None, name)
            self.assertEqual(kinds.get("validate_only"), "bool" if write else None, name)

    def test_every_route_is_in_the_table(self):
        actual = []
        for name, method in CONTRACT.methods.items():
            for rule in CONTRACT.http_rules(method):
                self.assertTrue(rule.path.startswith(PREFIX + "/"), name)
                actual.append(
                    [
                        rule.verb,
                        rule.path.removeprefix(PREFIX),
                        rule.action or "-",
                        name.removeprefix("contacts.v1."),
                        str(rule.success_status or 200),
                        rule.location.removeprefix(PREFIX) or "-",
                    ]
                )
        self.assertEqual(sorted(actual), sorted(rows(contract.ROUTES)))

    def test_every_route_has_the_bodies_of_its_method(self):
        for name, _, _, _, body, response_body in rows(contract.METHODS):
            rules = CONTRACT.http_rules(CONTRACT.methods[name])
            self.assertEqual(not rules, body == "none", name)
            for rule in rules:
                self.assertEqual(rule.body or "-", body, name)
                self.assertEqual(rule.response_body or "-", response_body, name)


class Comments(unittest.TestCase):
    def test_everything_has_a_comment(self):
        for name, text in CONTRACT.comments.items():
            self.assertNotEqual(text, "", f"{name} has no comment")
            self.assertRegex(text, r"[.:]$", f"{name}: a comment is a sentence")
        for name, text in CONTRACT.headers.items():
            text = text.replace("SPDX-License-Identifier: Apache-2.0", "")
            self.assertNotEqual(text.strip(), "", f"{name} has no title comment")

    def test_every_method_says_which_errors_it_answers(self):
        for name in CONTRACT.methods:
            self.assertRegex(CONTRACT.comments[name], r"(?s)\bErrors:\s+\w", name)


class Reasons(unittest.TestCase):
    def setUp(self):
        self.reasons = {
            package: {
                value.name.removeprefix("ERROR_REASON_")
                for value in CONTRACT.enums[f"{package}.ErrorReason"].value
                if value.number != 0
            }
            for package in ("contacts.v1", "nnrpc.v1")
        }

    def named_by_methods(self, package):
        """Reasons that the comments of a package's methods and files name."""
        texts = [t for n, t in CONTRACT.comments.items() if "/" in n and n.startswith(package)]
        texts += [
            CONTRACT.headers[f.name] for f in CONTRACT.files if f.package == package and f.service
        ]
        return set().union(*(reasons_in(text) for text in texts))

    def test_every_reason_that_a_method_names_exists(self):
        known = self.reasons["contacts.v1"] | self.reasons["nnrpc.v1"] | set(contract.CODES)
        for name in CONTRACT.methods:
            text = CONTRACT.comments[name].split("Errors:", 1)[1]
            self.assertEqual(reasons_in(text) - known, set(), name)

    def test_every_reason_of_the_contacts_services_is_named_by_a_method(self):
        self.assertEqual(self.reasons["contacts.v1"] - self.named_by_methods("contacts.v1"), set())

    def test_every_reason_says_its_code(self):
        codes = "|".join(contract.CODES)
        for package in self.reasons:
            for value in CONTRACT.enums[f"{package}.ErrorReason"].value[1:]:
                text = CONTRACT.comments[f"{package}.ErrorReason.{value.name}"]
                self.assertRegex(text, rf"^({codes})((, | or |,\n)({codes}))*\.", value.name)

    def test_every_reason_is_made_by_some_code(self):
        sources = [
            path.read_text()
            for folder in ("rpc", "server", "client", "gateway")
            for path in (PROTO.parent / folder).rglob("*.[ch]")
        ]
        text = "\n".join(sources)
        for reason in sorted(self.reasons["contacts.v1"] | self.reasons["nnrpc.v1"]):
            with self.subTest(reason):
                self.assertRegex(text, rf'"{reason}"|REASON\({reason}\)|REASON_{reason}\b')

    def test_no_reason_is_in_both_domains(self):
        self.assertEqual(self.reasons["contacts.v1"] & self.reasons["nnrpc.v1"], set())


if __name__ == "__main__":
    unittest.main()
