/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling a message from flags. Later ones win over --json; a list that flags name replaces the
 * list of --json.
 */
#include "resource.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "nnrpc/crypto.h"
#include "nnrpc/json.h"
#include "nnrpc/wire.h"

/* Which lists were begun by flags: the first value replaces, further ones are appended. */
struct filling {
    const struct ctl_context *context;
    struct ctl_resource *resource;
    struct ctl_selection begun_lists;
};

void ctl_resource_deinit(struct ctl_resource *resource) {
    if (resource->message != NULL) {
        protobuf_c_message_free_unpacked(resource->message, NULL);
    }
    ctl_selection_deinit(&resource->given);
    *resource = (struct ctl_resource){0};
}

static char **text_field(const struct ctl_resource *resource, size_t index) {
    const ProtobufCFieldDescriptor *field = &resource->type->descriptor->fields[index];
    return (char **)(void *)((char *)resource->message + field->offset);
}

static size_t field_index(const struct ctl_resource *resource, const char *proto_name) {
    return (size_t)nnrpc_message_field_by_name(resource->type, proto_name, strlen(proto_name));
}

void ctl_resource_set(struct ctl_resource *resource, const char *proto_name, const char *value) {
    size_t index = field_index(resource, proto_name);
    ctl_text_set(text_field(resource, index), value);
    ctl_selection_add(&resource->given, index);
}

const char *ctl_resource_text(const struct ctl_resource *resource, const char *proto_name) {
    return *text_field(resource, field_index(resource, proto_name));
}

void ctl_resource_forget(struct ctl_resource *resource, const char *proto_name) {
    size_t index = field_index(resource, proto_name);
    struct ctl_selection *given = &resource->given;
    for (size_t i = 0; i < given->count; i++) {
        if (given->indexes[i] == index) {
            memmove(
                &given->indexes[i], &given->indexes[i + 1],
                (given->count - i - 1) * sizeof(*given->indexes));
            given->count--;
        }
    }
}

bool ctl_resource_take_id(struct ctl_resource *resource, const char *id) {
    const char *own = ctl_resource_text(resource, "id");
    if (own[0] != '\0' && strcmp(own, id) != 0) {
        ctl_complain("the id is \"%s\" in the argument and \"%s\" in the object", id, own);
        return false;
    }
    ctl_resource_set(resource, "id", id);
    ctl_resource_forget(resource, "id");
    return true;
}

/* Empties a list before its first value. */
static void clear_list(struct ctl_resource *resource, const ProtobufCFieldDescriptor *field) {
    char *base = (char *)resource->message;
    char ***values = (char ***)(void *)(base + field->offset);
    size_t *count = (size_t *)(void *)(base + field->quantifier_offset);
    for (size_t i = 0; i < *count; i++) {
        free((*values)[i]);
    }
    free(*values);
    *values = NULL;
    *count = 0;
}

static void set_list_value(struct filling *filling, size_t index, const char *value) {
    struct ctl_resource *resource = filling->resource;
    const ProtobufCFieldDescriptor *field = &resource->type->descriptor->fields[index];
    char *base = (char *)resource->message;
    if (filling->begun_lists.count == 0 || !ctl_selection_has(&filling->begun_lists, index)) {
        clear_list(resource, field);
        ctl_selection_add(&filling->begun_lists, index);
    }
    if (value[0] != '\0') {
        ctl_text_append(
            (char ***)(void *)(base + field->offset),
            (size_t *)(void *)(base + field->quantifier_offset), value);
    }
}

/* Sets one field; `what` is the flag as typed, for complaints. */
static bool set_field(struct filling *filling, const char *what, size_t index, const char *value) {
    const struct nnrpc_field *rules = &filling->resource->type->fields[index];
    const ProtobufCFieldDescriptor *field = &filling->resource->type->descriptor->fields[index];
    if ((rules->flags & NNRPC_FIELD_SENSITIVE) != 0) {
        ctl_complain(
            "%s: a secret on the command line is seen by everyone on this machine; use "
            "--password-file or --password",
            what);
        return false;
    }
    if (field->type != PROTOBUF_C_TYPE_STRING || (rules->flags & NNRPC_FIELD_OUTPUT_ONLY) != 0) {
        ctl_complain("%s: %s cannot be set", what, rules->json_name);
        return false;
    }
    if (!nnrpc_utf8_valid(value, strlen(value))) {
        ctl_complain("%s: the value of %s is not UTF-8", what, rules->json_name);
        return false;
    }
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        set_list_value(filling, index, value);
    } else {
        ctl_text_set(text_field(filling->resource, index), value);
    }
    ctl_selection_add(&filling->resource->given, index);
    return true;
}

/* "--set name=value". */
static bool take_set(struct filling *filling, const char *pair) {
    size_t size = strcspn(pair, "=");
    NNRPC_CLEANUP(ctl_release) char *name = ctl_copy_text(pair);
    if (pair[size] != '=') {
        ctl_complain("--set is \"%s\"; it must be NAME=VALUE", pair);
        return false;
    }
    name[size] = '\0';
    int index = ctl_field_find(filling->resource->type, name, size);
    if (index < 0) {
        ctl_field_complain(filling->resource->type, "--set", name);
        return false;
    }
    return set_field(filling, "--set", (size_t)index, pair + size + 1);
}

static bool take_flags(struct filling *filling) {
    const struct ctl_invocation *invocation = &filling->context->invocation;
    for (size_t i = 0; i < invocation->given_count; i++) {
        const struct ctl_given *given = &invocation->given[i];
        const char *name = given->flag->name;
        bool is_fine = true;
        if (strcmp(name, "set") == 0) {
            is_fine = take_set(filling, given->value);
        } else if (given->flag->argument != NULL && strcmp(name, "etag") != 0) {
            int index = ctl_field_find(filling->resource->type, name, strlen(name));
            if (index >= 0) {
                char what[80];
                snprintf(what, sizeof(what), "--%s", name);
                is_fine = set_field(filling, what, (size_t)index, given->value);
            }
        }
        if (!is_fine) {
            return false;
        }
    }
    return true;
}

/* Notes the keys of an object, proto names with commas, as given. */
static void note_keys(struct ctl_resource *resource, struct nnrpc_buffer *keys) {
    NNRPC_CLEANUP(ctl_release) char *names = ctl_copy_text(ctl_buffer_text(keys));
    char *rest = NULL;
    for (char *name = strtok_r(names, ",", &rest); name != NULL;
         name = strtok_r(NULL, ",", &rest)) {
        ctl_selection_add(&resource->given, field_index(resource, name));
    }
}

/* Whether a secret stands in an object that came with the command line itself. */
static bool has_secret(const struct ctl_resource *resource) {
    const ProtobufCMessageDescriptor *descriptor = resource->type->descriptor;
    for (size_t i = 0; i < descriptor->n_fields; i++) {
        if ((resource->type->fields[i].flags & NNRPC_FIELD_SENSITIVE) != 0 &&
            (*text_field(resource, i))[0] != '\0') {
            return true;
        }
    }
    return false;
}

static bool take_json(struct ctl_resource *resource, const char *source) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer keys = {0};
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    bool is_inline = source[strspn(source, " \t\r\n")] == '{';
    if (is_inline) {
        nnrpc_buffer_append_text(&text, source);
    } else if (!ctl_input_read("--json", source, &text)) {
        return false;
    }
    ProtobufCMessage *message = NULL;
    enum nnrpc_code code = nnrpc_json_read_keys(
        resource->type, (const char *)text.data, text.size, NULL, &message, &keys, &status);
    nnrpc_wipe(text.data, text.size);
    if (code != NNRPC_OK) {
        ctl_print_status(stderr, "--json: ", &status);
        return false;
    }
    protobuf_c_message_free_unpacked(resource->message, NULL);
    resource->message = message;
    note_keys(resource, &keys);
    if (is_inline && has_secret(resource)) {
        ctl_complain("--json: a secret on the command line is seen by everyone on this machine; "
                     "use --json FILE, --password-file or --password");
        return false;
    }
    return true;
}

/* Whether the type has an account password, and the verb its flags. */
static bool has_password(const struct nnrpc_message *type) {
    return nnrpc_message_field_by_name(type, "account_password", 16) >= 0;
}

/* Standard input can be one thing only. */
static bool check_standard_input(
    const struct ctl_context *context, const struct nnrpc_message *type) {
    const char *json = ctl_value(context, "json");
    const char *password = has_password(type) ? ctl_value(context, "password-file") : NULL;
    if (json != NULL && password != NULL && strcmp(json, "-") == 0 && strcmp(password, "-") == 0) {
        ctl_complain("--json and --password-file cannot both be standard input");
        return false;
    }
    return true;
}

/* The account password; only for types that have one. */
static bool take_password(const struct ctl_context *context, struct ctl_resource *resource) {
    if (!has_password(resource->type)) {
        return true;
    }
    const char *path = ctl_value(context, "password-file");
    bool asks = ctl_given(context, "password");
    NNRPC_CLEANUP(ctl_password_release) char *password = NULL;
    if (path != NULL && asks) {
        ctl_complain("--password and --password-file exclude each other");
        return false;
    }
    if (path == NULL && !asks) {
        return true;
    }
    if (asks ? !ctl_password_ask("Account password", true, &password)
             : !ctl_password_read(path, &password)) {
        return false;
    }
    if (!nnrpc_utf8_valid(password, strlen(password))) {
        ctl_complain("the account password is not UTF-8");
        return false;
    }
    ctl_resource_set(resource, "account_password", password);
    return true;
}

enum ctl_exit ctl_resource_read(
    const struct ctl_context *context, const struct nnrpc_message *type,
    struct ctl_resource *out_resource) {
    NNRPC_CLEANUP(ctl_resource_deinit)
    struct ctl_resource resource = {.message = ctl_message_new(type->descriptor), .type = type};
    struct filling filling = {.context = context, .resource = &resource};
    const char *json = ctl_value(context, "json");
    bool is_fine = check_standard_input(context, type) &&
                   (json == NULL || take_json(&resource, json)) && take_flags(&filling) &&
                   take_password(context, &resource);
    ctl_selection_deinit(&filling.begun_lists);
    if (!is_fine) {
        return CTL_USAGE;
    }
    *out_resource = resource;
    resource = (struct ctl_resource){0};
    return CTL_OK;
}
