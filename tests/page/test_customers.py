#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Customers: created, edited, deleted, and their contacts of both forms."""

import browser
from browser import gateway as gw


class Customers(browser.Case):
    def test_a_customer_is_created_and_edited(self):
        self.start("#/new-customer")
        self.type("name", "Example Ltd")
        self.type("id", "EX-1")
        self.type("accountNumber", "A-1")
        self.click("Create")
        self.expect_heading("Example Ltd")
        self.assertEqual(self.hash(), "#/customers/EX-1")
        self.click("Edit")
        self.expect_heading("Edit Example Ltd")
        self.assertEqual(self.all("#view [data-field='id']"), [])
        self.type("CRMReference", "CRM-1")
        self.spy()
        self.click("Save changes")
        self.expect_notice("Example Ltd was saved.")
        self.assertEqual([each["body"] for each in self.sent("PATCH")], ['{"CRMReference":"CRM-1"}'])
        self.expect("CRM-1")

    def test_a_number_that_is_taken_names_its_holder(self):
        holder = self.customer(name="Holder Ltd", accountNumber="A-2")
        self.start("#/new-customer")
        self.type("name", "Late Ltd")
        self.type("accountNumber", "A-2")
        self.click("Create")
        answer = self.gateway.post(gw.CUSTOMERS + "/", {"name": "Late Ltd", "accountNumber": "A-2"})
        self.assertEqual(answer.status, 409)
        self.assertIn(answer.error["message"], self.box())
        self.assertEqual(self.error_of("accountNumber"), answer.error["message"])
        self.click(f"customer {holder['id']}")
        self.click("Discard it")
        self.expect_heading("Holder Ltd")

    def test_somebody_else_s_change_is_told_and_what_was_typed_is_kept(self):
        customer = self.customer(name="Old Ltd")
        self.start(f"#/customers/{customer['id']}/edit")
        self.type("accountNumber", "A-3")
        self.call("PATCH", f"{gw.CUSTOMERS}/{customer['id']}", {"name": "New Ltd"})
        self.click("Save changes")
        self.click("Load the new state, keep what I typed")
        self.expect_heading("Edit New Ltd")
        self.click("Save changes")
        self.expect_heading("New Ltd")
        self.expect("A-3")

    def test_direct_and_shared_contacts_are_told_apart(self):
        customer = self.customer(name="Both Ltd")
        self.contact(customer["id"], firstName="Direct")
        shared = self.contact(firstName="Shared", email="shared@example.org")
        self.start(f"#/customers/{customer['id']}")
        self.expect("No shared contact is linked.")
        self.assertEqual(self.rows(0), ["Direct Lovelace"])
        self.click("Link a shared contact")
        self.one("dialog input").send_keys("SHARED@example.org", browser.Keys.ENTER)
        self.click("Link Shared Lovelace")
        self.expect_notice("Shared Lovelace is linked to Both Ltd.")
        self.expect_rows(1, 1)
        self.assertEqual((self.rows(0), self.rows(1)), (["Direct Lovelace"], ["Shared Lovelace"]))
        self.click("Unlink Shared Lovelace")
        self.click("Unlink", "dialog button")
        self.expect("No shared contact is linked.")
        self.call("GET", f"{gw.CONTACTS}/{shared['id']}")

    def test_a_contact_that_cannot_be_linked_is_told_in_the_api_s_words(self):
        customer, other = self.customer(name="One Ltd"), self.customer(name="Two Ltd")
        contact = self.contact(other["id"], firstName="Direct")
        self.start(f"#/customers/{customer['id']}")
        self.click("Link a shared contact")
        self.one("dialog select").send_keys("Contact id")
        self.one("dialog input").send_keys(contact["id"], browser.Keys.ENTER)
        self.click("Link Direct Lovelace")
        answer = self.gateway.post(
            f"{gw.CUSTOMERS}/{customer['id']}?action=addSharedContact", {"contactID": contact["id"]})
        self.expect(answer.error["message"], "dialog .alert")
        self.click("Cancel", "dialog button")

    def test_deleting_says_first_what_goes_with_it(self):
        customer = self.customer(name="Gone Ltd")
        for name in ("One", "Two"):
            self.contact(customer["id"], firstName=name)
        shared = self.contact(firstName="Stays")
        self.call("POST", f"{gw.CUSTOMERS}/{customer['id']}?action=addSharedContact",
                  {"contactID": shared["id"]})
        self.start(f"#/customers/{customer['id']}")
        self.click("Delete")
        self.expect("2 direct contacts and 1 link to shared contacts", "dialog")
        self.call("GET", f"{gw.CUSTOMERS}/{customer['id']}")
        self.click("Delete customer")
        self.expect_heading("Customers")
        self.expect_notice("Gone Ltd was deleted.")
        self.call("GET", f"{gw.CUSTOMERS}/{customer['id']}", status=404)
        self.call("GET", f"{gw.CONTACTS}/{shared['id']}")


if __name__ == "__main__":
    browser.main()
