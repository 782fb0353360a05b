/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contacts.v1.AdminService: bulk loading with full control, and backups.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "contact_service.h"
#include "contacts/v1/admin_service.nnrpc.h"
#include "daemon/log.h"
#include "reason.h"
#include "validate.h"

#define BACKUP_NAME_BYTES 64
#define PATH_BYTES 4096

/* --- ImportContact ------------------------------------------------------------------------ */

static void check_linked_customers(
    struct nnrpc_status *status, const Contacts__V1__ImportContactRequest *request) {
    if (request->n_linked_customer_ids > CONTACTD_LINKS_MOST) {
        nnrpc_status_add_violation(
            status, "linked_customer_ids", CONTACTD_REASON(TOO_LONG),
            "%zu ids: expected at most %d", request->n_linked_customer_ids, CONTACTD_LINKS_MOST);
        return;
    }
    for (size_t i = 0; i < request->n_linked_customer_ids; i++) {
        char field[48];
        snprintf(field, sizeof(field), "linked_customer_ids[%zu]", i);
        contactd_check_customer_id(status, field, request->linked_customer_ids[i]);
    }
    contactd_check_duplicates(
        status, "linked_customer_ids", request->linked_customer_ids,
        request->n_linked_customer_ids);
}

static struct nnrpc_answer import_contact(
    void *self, struct nnrpc_call *call, const Contacts__V1__ImportContactRequest *request) {
    struct contactd *contactd = self;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    Contacts__V1__ImportContactRequest copy = *request;
    struct contactd_write write = {.act = STORE_IMPORT_CONTACT, .request = &copy.base};
    uint64_t id = 1;
    contactd_check_new_contact(contactd, &status, request->contact);
    if (request->contact != NULL && request->keep_id) {
        contactd_check_contact_id(&status, "contact.id", request->contact->id, &id);
        if (id == 0 || id == UINT64_MAX) {
            nnrpc_status_add_violation(
                &status, "contact.id", CONTACTD_REASON(INVALID_ID),
                "is %s: expected a number that leaves room for others", request->contact->id);
        }
    }
    check_linked_customers(&status, request);
    contactd_check_request_id(&status, request->request_id);
    if (contactd_check_done(&status) != NNRPC_OK ||
        contactd_take_password(call, request->contact, &write, &copy.contact, &status) !=
            NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    return contactd_write(contactd, call, &write);
}

/* --- Backup ------------------------------------------------------------------------------- */

static void check_backup_name(struct nnrpc_status *status, const char *name) {
    contactd_check_required_text(status, "name", name, BACKUP_NAME_BYTES);
    if (name[0] == '.' ||
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") !=
            strlen(name)) {
        nnrpc_status_add_violation(
            status, "name", CONTACTD_REASON(INVALID_ID),
            "\"%.64s\" is not a backup name: expected 1 to 64 of [A-Za-z0-9._-], not starting "
            "with a dot",
            name);
    }
}

static enum nnrpc_code backup_path(
    struct contactd *contactd, const char *name, char out_path[PATH_BYTES],
    struct nnrpc_status *out_status) {
    if (contactd->backup_folder == NULL) {
        return nnrpc_fail(
            out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN,
            CONTACTD_REASON(BACKUP_NOT_CONFIGURED), "this server has no folder for backups");
    }
    if (mkdir(contactd->backup_folder, 0700) != 0 && errno != EEXIST) {
        return nnrpc_fail(
            out_status, NNRPC_UNAVAILABLE, STORE_DOMAIN, CONTACTD_REASON(STORE_FAILED),
            "the folder for backups cannot be made: %s", strerror(errno));
    }
    snprintf(out_path, PATH_BYTES, "%s/%s", contactd->backup_folder, name);
    return NNRPC_OK;
}

static struct nnrpc_answer backup(
    void *self, struct nnrpc_call *call, const Contacts__V1__BackupRequest *request) {
    struct contactd *contactd = self;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    Contacts__V1__BackupResponse response = CONTACTS__V1__BACKUP_RESPONSE__INIT;
    char path[PATH_BYTES];
    check_backup_name(&status, request->name);
    if (contactd_check_done(&status) != NNRPC_OK ||
        backup_path(contactd, request->name, path, &status) != NNRPC_OK ||
        store_backup(contactd->store, path, &response.revision, &response.size_bytes, &status) !=
            NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    daemon_log_call(DAEMON_LOG_INFO, call, "backup", "path", path, NULL);
    return admin_service_backup_reply(call, &response);
}

static const struct admin_service_handlers handlers = {
    .import_contact = import_contact,
    .backup = backup,
};

enum nnrpc_code contactd_register_admin_service(
    struct nnrpc_server *server, struct contactd *contactd, struct nnrpc_status *out_status) {
    return admin_service_register(server, &handlers, contactd, out_status);
}
