/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every rpc that contactd serves: EVERY_CALL(CALL) is CALL(service, method, Package, Method) for
 * each. A test holds this list against the generated tables.
 */
#ifndef SUPPORT_CALLS_H
#define SUPPORT_CALLS_H

#include "contacts/v1/admin_service.nnrpc.h"
#include "contacts/v1/change_service.nnrpc.h"
#include "contacts/v1/contact_service.nnrpc.h"
#include "contacts/v1/customer_service.nnrpc.h"
#include "contacts/v1/preset_service.nnrpc.h"
#include "nnrpc/v1/control_service.nnrpc.h"
#include "nnrpc/v1/health_service.nnrpc.h"
#include "nnrpc/v1/reflection_service.nnrpc.h"
#include "nnrpc/v1/stats_service.nnrpc.h"

#define EVERY_CALL(CALL)                                                                           \
    CALL(contact_service, get_contact, Contacts__V1, GetContact)                                   \
    CALL(contact_service, list_contacts, Contacts__V1, ListContacts)                               \
    CALL(contact_service, create_contact, Contacts__V1, CreateContact)                             \
    CALL(contact_service, update_contact, Contacts__V1, UpdateContact)                             \
    CALL(contact_service, delete_contact, Contacts__V1, DeleteContact)                             \
    CALL(contact_service, convert_to_shared_contact, Contacts__V1, ConvertToSharedContact)         \
    CALL(contact_service, batch_get_contacts, Contacts__V1, BatchGetContacts)                      \
    CALL(contact_service, list_contact_customers, Contacts__V1, ListContactCustomers)              \
    CALL(contact_service, verify_account_password, Contacts__V1, VerifyAccountPassword)            \
    CALL(customer_service, get_customer, Contacts__V1, GetCustomer)                                \
    CALL(customer_service, list_customers, Contacts__V1, ListCustomers)                            \
    CALL(customer_service, create_customer, Contacts__V1, CreateCustomer)                          \
    CALL(customer_service, update_customer, Contacts__V1, UpdateCustomer)                          \
    CALL(customer_service, delete_customer, Contacts__V1, DeleteCustomer)                          \
    CALL(customer_service, add_shared_contact, Contacts__V1, AddSharedContact)                     \
    CALL(customer_service, remove_shared_contact, Contacts__V1, RemoveSharedContact)               \
    CALL(preset_service, list_preset_values, Contacts__V1, ListPresetValues)                       \
    CALL(preset_service, put_preset_value, Contacts__V1, PutPresetValue)                           \
    CALL(preset_service, retire_preset_value, Contacts__V1, RetirePresetValue)                     \
    CALL(change_service, list_changes, Contacts__V1, ListChanges)                                  \
    CALL(admin_service, import_contact, Contacts__V1, ImportContact)                               \
    CALL(admin_service, backup, Contacts__V1, Backup)                                              \
    CALL(health_service, check, Nnrpc__V1, Check)                                                  \
    CALL(control_service, cancel_calls, Nnrpc__V1, CancelCalls)                                    \
    CALL(stats_service, get_stats, Nnrpc__V1, GetStats)                                            \
    CALL(stats_service, list_calls, Nnrpc__V1, ListCalls)                                          \
    CALL(reflection_service, list_services, Nnrpc__V1, ListServices)                               \
    CALL(reflection_service, get_file_descriptor_set, Nnrpc__V1, GetFileDescriptorSet)

#endif
