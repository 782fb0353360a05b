# SPDX-License-Identifier: Apache-2.0
"""The contacts of the bench: 405 bytes each as they are stored, 100 to a customer."""

import json

CONTACTS_A_CUSTOMER = 100


def customer_id(number):
    return f"C{number:05d}"


def contact(number):
    """The contact of a number, without its customer."""
    return {
        "contactType": "Accounts",
        "title": "Ms",
        "firstName": "Alexandra",
        "lastName": "Featherstonehaugh",
        "companyName": "Featherstonehaugh and Partners",
        "address1": "Unit 12, Riverside House",
        "address2": "The Old Brewery Business Park",
        "address3": "North Quay Road",
        "address4": "Newcastle upon Tyne",
        "address5": "Tyne and Wear",
        "postcode": "NE1 3DX",
        "country": "GB",
        "number1": f"+44 191 {number:08d}",
        "number1type": "Office",
        "number2": f"+44 7700 {number:08d}",
        "number2type": "Mobile",
        "email": f"contact{number:08d}@featherstonehaugh.example",
        "website": "https://www.featherstonehaugh.example/",
        "contactPosition": "Accountant",
    }


def import_lines(contacts):
    """The lines of contactctl's import file that make this many contacts and their customers."""
    customers = (contacts + CONTACTS_A_CUSTOMER - 1) // CONTACTS_A_CUSTOMER
    for number in range(customers):
        identifier = customer_id(number)
        yield json.dumps({"customer": {"id": identifier, "name": f"Customer {identifier}"}})
    for number in range(contacts):
        owner = customer_id(number // CONTACTS_A_CUSTOMER)
        yield json.dumps({"contact": {"customerID": owner, **contact(number)}})
