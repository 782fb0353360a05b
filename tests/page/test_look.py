#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is true of every view: accessible by axe-core's rules in light and dark, no wider than a
small telephone, nothing from elsewhere, and data that looks like markup stays text."""

import os
from pathlib import Path

import browser
from browser import gateway as gw

AXE = Path(os.environ["AXE"])
LONG = "Wolfeschlegelsteinhausenbergerdorff" * 3
MARKUP = "<img src=x onerror=document.title='owned'><b>Bold & Co</b>"

RUN_AXE = """
    const done = arguments[0];
    axe.run(document, {resultTypes: ['violations']}).then(
        ({violations}) => done(violations.map(each =>
            `${each.id}: ${each.help}: ${each.nodes.map(node => node.html).join(' | ')}`)),
        error => done([String(error)]));
"""


class Look(browser.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make = cls.make
        cls.owner = make(f"{gw.CUSTOMERS}/", {
            "id": "A-customer-id-that-is-as-long-as-an-id-may-be-which-is-64-bytes.",
            "name": LONG, "accountNumber": LONG, "CRMReference": LONG})["id"]
        cls.shared = make(f"{gw.CONTACTS}/", {
            "firstName": LONG, "lastName": LONG, "companyName": LONG, "email": f"{LONG}@a.example",
            "number1": "020 7946 0018", "number1type": "Office", "website": f"https://{LONG}.org/",
            "address1": LONG, "country": "GB", "accountPassword": "secret",
            "contactRegarding": ["Billing", "Faults", "Orders"]})["id"]
        make(f"{gw.CUSTOMERS}/{cls.owner}/customerContacts/", {"firstName": LONG, "email": "a@b.c"})
        make(f"{gw.CUSTOMERS}/{cls.owner}?action=addSharedContact", {"contactID": cls.shared})

    @classmethod
    def make(cls, target, body):
        answer = cls.gateway.post(target, body)
        if answer.status not in (200, 201):
            raise AssertionError(f"{target}: {answer}")
        return answer.json

    def views(self):
        """Shows each view and gives its name."""
        for address in (
            "#/contacts", "#/customers", f"#/contacts/{self.shared}", f"#/customers/{self.owner}",
            f"#/contacts/{self.shared}/edit", "#/new-customer", "#/contacts?number=x",
        ):
            self.go("#/nowhere")
            self.go(address)
            yield address
        self.type("email", "x")
        self.go(f"#/contacts/{self.shared}")
        self.click("Delete")
        yield "the dialog to confirm"
        self.press("ESCAPE")
        self.click("Link to a customer")
        self.one("dialog input").send_keys("nobody", browser.Keys.ENTER)
        self.one("dialog .alert")
        yield "the dialog to link"
        self.named("Cancel", "dialog button").click()
        self.click("Sign out")
        self.expect_heading("Sign in")
        yield "sign in"

    def check_axe(self, scheme):
        self.resize(*browser.WIDE, scheme)
        self.start("#/contacts")
        self.script(AXE.read_text(encoding="utf-8"))
        for view in self.views():
            with self.subTest(view):
                self.assertEqual(self.driver.execute_async_script(RUN_AXE), [])

    def test_every_view_is_accessible_in_light(self):
        self.check_axe("light")

    def test_every_view_is_accessible_in_dark(self):
        self.check_axe("dark")

    def test_no_view_is_wider_than_a_small_telephone(self):
        self.resize(*browser.NARROW)
        self.start("#/contacts")
        for view in self.views():
            with self.subTest(view):
                width, room = self.script(
                    "const {scrollWidth, clientWidth} = document.documentElement;"
                    "return [scrollWidth, clientWidth]")
                self.keep_picture(view)
                self.assertLessEqual(width, room)

    def test_everything_comes_from_the_gateway(self):
        self.start("#/contacts")
        for _ in self.views():
            pass
        names = self.script("return performance.getEntriesByType('resource').map(e => e.name)")
        self.assertGreater(len(names), 25)
        self.assertEqual([name for name in names if not name.startswith(self.gateway.url)], [])

    def test_data_that_looks_like_markup_stays_text(self):
        contact = self.contact(
            firstName=MARKUP, lastName="", companyName=MARKUP, address1=MARKUP,
            website="javascript:alert(1)")
        for address in ("#/contacts", f"#/contacts/{contact['id']}",
                        f"#/contacts/{contact['id']}/edit"):
            self.start(address)
            self.expect_loaded()
            self.assertEqual(self.all("#main img, #main b, #main script"), [])
            self.assertNotEqual(self.driver.title, "owned")
        self.start(f"#/contacts/{contact['id']}")
        self.expect_heading(MARKUP)
        self.expect("javascript:alert(1)")
        hrefs = self.script("return [...document.querySelectorAll('a')].map(e => e.href)")
        self.assertEqual([href for href in hrefs if href.startswith("javascript:")], [])

    def test_inline_scripts_are_stopped_by_the_policy(self):
        self.start("#/contacts")
        self.script("""
            const script = document.createElement('script');
            script.textContent = "window.ran = true";
            document.body.append(script);
        """)
        self.assertIsNone(self.script("return window.ran ?? null"))
        said = [entry["message"] for entry in self.driver.get_log("browser")]
        self.assertTrue(any("Content Security Policy" in each for each in said), said)


if __name__ == "__main__":
    browser.main()
