#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lists: pages, search, addresses, going back, and the shortcut to the search."""

import json

import browser
from browser import wait_for

LINES = [
    json.loads(line)
    for line in browser.contactctl.SAMPLE.read_text(encoding="utf-8").splitlines()
]
CONTACTS = [line["contact"] for line in LINES if "contact" in line]
CUSTOMERS = [line["customer"] for line in LINES if "customer" in line]


def digits(text):
    return "".join(each for each in text if each.isdigit())


class Lists(browser.Case):
    is_sampled = True

    def total(self, customerID=None, **filters):
        """How many contacts the API has that fit."""
        query = "&".join(f"{key}={value}" for key, value in filters.items())
        place = f"/backend/api/v1/customers/{customerID}/customerContacts" if customerID \
            else browser.gateway.CONTACTS
        return len(self.call("GET", f"{place}/?pageSize=1000&{query}").json)

    def search(self, **values):
        for key, value in values.items():
            field = self.field(key)
            if field.tag_name == "select":
                wait_for(lambda key=key, value=value: value in self.options(key), f"option {value}")
                self.choose(key, value)
            else:
                self.type(key, value)
        self.click("Search")
        wait_for(lambda: all(key in self.hash() for key in values), "the search in the address")
        self.expect_loaded()

    def test_more_is_loaded_until_everything_is_there_once(self):
        self.start("#/contacts")
        self.expect_rows(50)
        self.expect("50 contacts, more follow")
        shown, total = 50, self.total()
        while self.visible("#view .more button"):
            shown = min(shown + 50, total)
            self.click("Load more")
            self.expect_rows(shown)
        self.assertEqual(shown, total)
        links = self.script(
            "return [...document.querySelectorAll('#view tbody th a')].map(e => e.href)")
        self.assertEqual(len(set(links)), total)
        self.expect(f"{total} contacts", "#announcer")

    def test_contacts_are_found_by_each_filter(self):
        self.start("#/contacts")
        email = next(each["email"] for each in CONTACTS if each.get("email"))
        number = next(each["number1"] for each in CONTACTS if digits(each.get("number1", "")))
        customer = next(each["customerID"] for each in CONTACTS if each.get("customerID"))
        for key, value, asked in (
            ("email", email.upper(), email), ("number", number, digits(number)),
            ("customerID", customer, customer),
        ):
            with self.subTest(key):
                self.search(**{key: value})
                self.expect_rows(self.total(**{key: asked}))
                self.click("Clear")
                wait_for(lambda: "Clear" not in [each.text for each in self.visible("button")],
                         "no search")

    def test_form_and_dealer_code_narrow_together(self):
        self.start("#/contacts")
        code = next(
            each["dealerCode"] for each in CONTACTS
            if each.get("dealerCode", "").isascii() and each.get("dealerCode")
            and not each.get("customerID"))
        self.search(dealerCode=code, form="Shared")
        count = self.total(dealerCode=code, form="shared")
        self.expect_rows(count)
        self.assertLess(count, self.total(form="shared"))
        self.expect("direct ones stay")

    def test_a_search_without_a_match_says_so(self):
        self.start("#/contacts?email=nobody%40example.org")
        self.expect("No contact fits the search.")
        self.assertEqual(self.field("email").get_attribute("value"), "nobody@example.org")
        self.expect("No contacts found", "#announcer")

    def test_a_filter_that_the_api_refuses_is_told(self):
        self.start("#/contacts?number=none")
        answer = self.gateway.get(browser.gateway.CONTACTS + "/?number=none")
        self.assertEqual(answer.status, 400)
        self.assertIn(answer.error["fieldViolations"][0]["description"], self.box())

    def test_customers_are_found_by_number_and_reference(self):
        self.start("#/customers")
        self.expect_rows(min(50, len(CUSTOMERS)))
        wanted = next(each for each in CUSTOMERS if each.get("CRMReference"))
        self.search(CRMReference=wanted["CRMReference"])
        self.expect_rows(1)
        self.assertEqual(self.rows(), [wanted["name"]])
        self.go(f"#/customers?accountNumber={wanted['accountNumber']}")
        self.expect_rows(1)
        self.assertEqual(self.rows(), [wanted["name"]])

    def test_an_id_opens_what_it_names(self):
        contact = self.contact(firstName="Ada")
        self.start("#/contacts")
        field = self.one("#view .open input")
        field.send_keys(contact["id"])
        self.click("Open")
        self.expect_heading("Ada Lovelace")
        self.go("#/customers")
        self.one("#view .open input").send_keys(CUSTOMERS[0]["id"])
        self.click("Open")
        self.expect_heading(CUSTOMERS[0]["name"])

    def test_an_id_of_nothing_is_told_in_the_api_s_words(self):
        self.start("#/contacts/999999")
        message = self.gateway.get(browser.gateway.CONTACTS + "/999999").error["message"]
        self.assertIn(message, self.box())
        self.go("#/contacts/no%2Fid")
        wait_for(lambda: "no/id" in self.box(), "the id that is none")

    def test_going_back_shows_the_searches_before(self):
        self.start("#/contacts")
        self.search(form="Shared")
        shared = self.total(form="shared")
        self.expect_rows(min(50, shared))
        self.go("#/contacts?form=direct")
        self.driver.back()
        wait_for(lambda: self.field("form").get_attribute("value") == "shared", "the form filter")
        self.expect_rows(min(50, shared))
        self.driver.back()
        self.expect_rows(50)
        self.assertEqual(self.field("form").get_attribute("value"), "")

    def test_coming_back_to_a_list_finds_the_place_left(self):
        self.start("#/contacts")
        self.click("Load more")
        self.expect_rows(100)
        row = self.all("#view tbody th a")[80]
        self.script("arguments[0].scrollIntoView({block: 'center'})", row)
        wait_for(lambda: self.script("return history.state?.scroll") ==
                 self.script("return scrollY"), "the place is kept")
        place = self.script("return scrollY")
        row.click()
        wait_for(lambda: self.hash().startswith("#/contacts/"), "the contact")
        self.expect_loaded()
        self.driver.back()
        self.expect_rows(100)
        wait_for(lambda: abs(self.script("return scrollY") - place) < 3, "the place")

    def test_slash_goes_to_the_search_from_anywhere_and_can_be_turned_off(self):
        self.start(f"#/customers/{CUSTOMERS[0]['id']}")
        self.one("body").send_keys("/")
        wait_for(lambda: self.active().get_attribute("data-field") == "accountNumber", "the search")
        self.press("A/")
        self.assertEqual(self.active().get_attribute("value"), "A/")
        self.go("#/contacts")
        self.one("#shortcut").click()
        self.one("h1").click()
        self.one("body").send_keys("/")
        self.assertNotEqual(self.active().get_attribute("data-field"), "email")
        self.one("#shortcut").click()
        self.one("body").send_keys("/")
        wait_for(lambda: self.active().get_attribute("data-field") == "email", "the search")

    def test_an_address_of_nothing_says_so(self):
        self.start("#/nowhere/at/all")
        self.expect_heading("Not found")
        self.click("Go to the contacts")
        self.expect_heading("Contacts")


if __name__ == "__main__":
    browser.main()
