# SPDX-License-Identifier: Apache-2.0
"""The description of services that have what the contacts do not.

Usage: test_described.py WRITE_OPENAPI [UNITTEST-OPTION...]
"""

import copy
import json
import unittest

import document as openapi

DOCUMENT = json.loads(openapi.write("described"))
SCHEMAS = DOCUMENT["components"]["schemas"]
FIND = DOCUMENT["paths"]["/things/{id}/parts/{part.id}"]["get"]
THINGS = DOCUMENT["paths"]["/things"]["post"]


def parameters(operation):
    return openapi.parameters(DOCUMENT, operation)


class Described(unittest.TestCase):
    maxDiff = None

    def test_the_validators_have_nothing_to_say_and_see_what_is_wrong(self):
        def break_parameter(document):
            document["components"]["parameters"]["Pretty"]["in"] = "cookies"

        def break_reference(document):
            document["components"]["schemas"]["Thing"]["properties"]["no"]["$ref"] += "s"

        def break_type(document):
            document["components"]["schemas"]["Thing"]["properties"]["count"]["type"] = "text"

        def break_example(document):
            document["components"]["schemas"]["Thing"]["properties"]["id"]["examples"] = [7]

        documents = [DOCUMENT]
        for breaks in (break_parameter, break_reference, break_type, break_example):
            documents.append(copy.deepcopy(DOCUMENT))
            breaks(documents[-1])
        right, *wrong = openapi.problems_of(*documents)
        self.assertEqual(right, [])
        self.assertEqual([problems != [] for problems in wrong], [True] * 4)

    def test_a_service_without_rules_is_left_out(self):
        self.assertEqual([tag["name"] for tag in DOCUMENT["tags"]], ["ThingService", "Gateway"])

    def test_variables_of_one_name_are_told_apart_by_their_paths(self):
        named = [name for name, entry in parameters(FIND).items() if entry["in"] == "path"]
        self.assertEqual(named, ["id", "part.id"])

    def test_a_query_reaches_into_messages_but_not_into_lists_and_maps(self):
        named = [name for name, entry in parameters(FIND).items() if entry["in"] == "query"]
        self.assertEqual(named, [
            "part.part.id", "part.part.pageCount", "part.pageCount", "colors", "age", "paths",
            "least", "pretty"])

    def test_parameters_have_the_types_of_queries(self):
        found = parameters(FIND)
        self.assertEqual(found["colors"]["schema"]["items"]["enum"], ["unspecified", "red"])
        self.assertEqual(found["paths"]["schema"]["type"], "array")
        self.assertFalse(found["paths"]["explode"])
        self.assertEqual(found["least"]["schema"]["format"], "int64")
        self.assertEqual(found["part.pageCount"]["schema"]["minimum"], 0)

    def test_what_is_public_needs_no_token(self):
        self.assertEqual(FIND["security"], [])
        self.assertNotIn("401", FIND["responses"])
        self.assertEqual(THINGS["security"], [{"bearer": []}])
        self.assertIn("403", THINGS["responses"])

    def test_comments_become_commonmark(self):
        self.assertEqual(FIND["summary"], "Finds a thing, e.g. by \\*stars\\* and \\<angles>")
        self.assertIn("It is `quoted`.", FIND["description"])
        self.assertNotIn("NO_SUCH_REASON", json.dumps(DOCUMENT))
        part = SCHEMAS["described.v1.Part"]["properties"]
        self.assertEqual(part["part"]["description"], "Nests. See `pageCount` and `pageCount`.")
        self.assertTrue(part["pageCount"]["description"].startswith("- one\n- two\n\nHow many"))

    def test_comments_that_point_at_one_another_end(self):
        part = SCHEMAS["described.v1.Part"]["properties"]["id"]["description"]
        error = SCHEMAS["described.v1.Error"]["properties"]["id"]["description"]
        self.assertEqual(part, "Id of the part.\n\nId. As in Part.")
        self.assertEqual(error, "Id.\n\nId of the part, as in Error.")
        self.assertEqual(
            parameters(FIND)["id"]["description"], "One to seven, at most 7 bytes, e.g. `seven`.")

    def test_names_that_are_taken_are_told_apart(self):
        self.assertLessEqual(
            {"Thing", "Thing.Input", "Thing.Part", "described.v1.Part", "described.v1.Error",
             "Error"}, set(SCHEMAS))
        self.assertIn("error", SCHEMAS["Error"]["properties"])

    def test_a_rule_without_an_action_beside_one_with_it(self):
        action = parameters(THINGS)["action"]
        self.assertFalse(action["required"])
        self.assertEqual(action["schema"]["enum"], ["clear"])
        self.assertEqual(list(THINGS["x-actions"]), ["", "clear"])
        self.assertLessEqual({"201", "204"}, set(THINGS["responses"]))
        self.assertNotIn("content", THINGS["responses"]["204"])
        self.assertIn("Only without an action.", parameters(THINGS)["count"]["description"])

    def test_fields_of_every_kind(self):
        thing = SCHEMAS["Thing"]["properties"]
        expected = {
            "ratio": {"anyOf": [{"type": "number", "format": "double"},
                                {"enum": ["NaN", "Infinity", "-Infinity"]}]},
            "wide": {"type": "string", "format": "int64", "pattern": "^-?[0-9]+$"},
            "count": {"type": "integer", "format": "uint32", "minimum": 0, "maximum": 2**32 - 1},
            "data": {"type": "string", "contentEncoding": "base64"},
            "colors": {"type": "array", "items": {"type": "string", "enum": ["unspecified", "red"]}},
            "parts": {"type": "object",
                      "additionalProperties": {"$ref": "#/components/schemas/Thing.Part"}},
            "yes": {"type": "boolean"},
            "no": {"$ref": "#/components/schemas/described.v1.Error"},
            "value": {},
            "object": {"type": ["object", "null"]},
            "list": {"type": ["array", "null"]},
            "any": {"type": ["object", "null"]},
            "empty": {"type": ["object", "null"]},
            "text": {"type": ["string", "null"]},
            "times": {"type": "array", "items": {"type": "string", "format": "date-time"}},
        }
        for name, schema in expected.items():
            found = {key: value for key, value in thing[name].items() if key != "description"}
            self.assertEqual(found, schema, name)

    def test_an_answer_may_leave_out_members_of_a_oneof_alone(self):
        missing = set(SCHEMAS["Thing"]["properties"]) - set(SCHEMAS["Thing"]["required"])
        self.assertEqual(missing, {"yes", "no"})

    def test_bounds_begin_a_comment_too(self):
        self.assertEqual(SCHEMAS["Thing.Part.Input"]["properties"]["name"]["maxLength"], 16)
        self.assertEqual(SCHEMAS["Thing.Input"]["properties"]["id"]["examples"], ["seven"])


if __name__ == "__main__":
    unittest.main()
