#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page's files as they are served: their headers, and what HTTP asks of constant files."""

import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import gateway  # noqa: E402

PAGE = Path(__file__).resolve().parent.parent.parent / "gateway" / "page"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FILES = sorted(path for path in PAGE.iterdir() if path.suffix in TYPES)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def address(path):
    return "/" if path.name == "index.html" else f"/{path.name}"


class Files(gateway.Case):
    def get(self, target, method="GET", **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.gateway.request(method, target, headers=named, token=None)

    def test_every_file_is_served_as_it_is_without_a_token(self):
        for path in FILES:
            with self.subTest(path.name):
                answer = self.get(address(path))
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.body, path.read_bytes())
                self.assertEqual(answer.headers["content-type"], TYPES[path.suffix])

    def test_headers_keep_the_page_to_itself(self):
        for path in FILES:
            headers = self.get(address(path)).headers
            self.assertEqual(headers["content-security-policy"], POLICY)
            self.assertEqual(headers["referrer-policy"], "no-referrer")
            self.assertEqual(headers["x-content-type-options"], "nosniff")
            self.assertEqual(headers["cache-control"], "no-cache")
            self.assertEqual(headers["cross-origin-opener-policy"], "same-origin")

    def test_what_is_known_is_not_sent_again(self):
        etag = self.get("/").headers["etag"]
        self.assertRegex(etag, r'^"[0-9a-f]{32}"$')
        for known in (etag, f"W/{etag}", f'"a", {etag} ,"b"', "*"):
            with self.subTest(known):
                answer = self.get("/", If_None_Match=known)
                self.assertEqual((answer.status, answer.body), (304, b""))
                self.assertEqual(answer.headers["etag"], etag)
        for other in ('"a"', etag.strip('"'), f'{etag[:-1]}0"', ""):
            with self.subTest(other):
                self.assertEqual(self.get("/", If_None_Match=other).status, 200)

    def test_files_have_tags_of_their_own(self):
        tags = {self.get(address(path)).headers["etag"] for path in FILES}
        self.assertEqual(len(tags), len(FILES))

    def test_head_has_the_size_and_no_body(self):
        answer = self.get("/app.js", "HEAD")
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(
            int(answer.headers["content-length"]), (PAGE / "app.js").stat().st_size)

    def test_other_methods_are_refused_with_those_that_work(self):
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            answer = self.get("/app.js", method)
            self.assertEqual(answer.status, 405)
            self.assertEqual(answer.headers["allow"], "GET, HEAD, OPTIONS")
            self.assertIn(f"{method} is no method of /app.js", answer.error["message"])
        answer = self.get("/", "OPTIONS")
        self.assertEqual((answer.status, answer.headers["allow"]), (204, "GET, HEAD, OPTIONS"))

    def test_other_paths_are_not_the_page(self):
        for path in ("/app", "/App.js", "/app.js/", "/index.html", "/page.c", "//app.js"):
            with self.subTest(path):
                self.assertEqual(self.get(path).status, 404)


class Sources(unittest.TestCase):
    """What would get past the policy or the rule that data is text, found where it is written."""

    FORBIDDEN = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|new Function|"
        r"setHTML|createContextualFragment|\.style\b|cssText|localStorage\.setItem\(KEY")

    def test_no_script_makes_markup_of_text(self):
        for path in PAGE.glob("*.js"):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                self.assertIsNone(self.FORBIDDEN.search(line), f"{path.name}:{number}: {line}")

    def test_index_has_nothing_inline_and_nothing_from_elsewhere(self):
        text = (PAGE / "index.html").read_text(encoding="utf-8")
        self.assertNotRegex(text, r"\sstyle=|\son\w+=|<style|<script(?! type=\"module\" src=\"/)")
        self.assertNotRegex(text, r"(src|href)=\"(https?:)?//")
        for name in re.findall(r"(?:src|href)=\"/([\w.]+\.(?:js|css|svg))\"", text):
            self.assertTrue((PAGE / name).is_file(), name)

    def test_files_are_short_and_name_their_licence(self):
        for path in FILES:
            text = path.read_text(encoding="utf-8")
            self.assertLessEqual(text.count("\n"), 600, path.name)
            self.assertIn("SPDX-License-Identifier: Apache-2.0", text[:200], path.name)


if __name__ == "__main__":
    gateway.main()
