/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names to fields. A field that is not selected is left out of JSON by marking it input-only in a
 * copy of the generated table: the writer leaves those out.
 */
#include "selection.h"

#include <stdlib.h>
#include <string.h>

#include "suggest.h"

void ctl_selection_deinit(struct ctl_selection *selection) {
    free(selection->indexes);
    *selection = (struct ctl_selection){0};
}

void ctl_selection_add(struct ctl_selection *selection, size_t index) {
    if (selection->count > 0 && ctl_selection_has(selection, index)) {
        return;
    }
    selection->indexes =
        ctl_resize(selection->indexes, selection->count + 1, sizeof(*selection->indexes));
    selection->indexes[selection->count++] = index;
}

bool ctl_selection_has(const struct ctl_selection *selection, size_t index) {
    for (size_t i = 0; i < selection->count; i++) {
        if (selection->indexes[i] == index) {
            return true;
        }
    }
    return selection->count == 0;
}

static bool matches_with_dashes(const char *proto_name, const char *name, size_t size) {
    size_t i = 0;
    for (; i < size && proto_name[i] != '\0'; i++) {
        if (name[i] != (proto_name[i] == '_' ? '-' : proto_name[i])) {
            return false;
        }
    }
    return i == size && proto_name[i] == '\0';
}

int ctl_field_find(const struct nnrpc_message *type, const char *name, size_t size) {
    int index = nnrpc_message_field_by_json_name(type, name, size);
    if (index < 0) {
        index = nnrpc_message_field_by_name(type, name, size);
    }
    for (unsigned i = 0; index < 0 && i < type->descriptor->n_fields; i++) {
        if (matches_with_dashes(type->descriptor->fields[i].name, name, size)) {
            index = (int)i;
        }
    }
    return index;
}

void ctl_field_complain(const struct nnrpc_message *type, const char *what, const char *name) {
    struct ctl_suggestion suggestion = {.typed = name};
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        ctl_suggestion_offer(&suggestion, type->fields[i].json_name);
    }
    if (suggestion.best != NULL) {
        ctl_complain(
            "%s: %s has no field \"%s\"; did you mean \"%s\"?", what, type->descriptor->short_name,
            name, suggestion.best);
    } else {
        ctl_complain("%s: %s has no field \"%s\"", what, type->descriptor->short_name, name);
    }
}

/* Adds one named field. */
static bool add_name(
    const struct nnrpc_message *type, const char *what, const char *name, bool with_input_only,
    struct ctl_selection *selection) {
    int index = ctl_field_find(type, name, strlen(name));
    if (index < 0) {
        ctl_field_complain(type, what, name);
        return false;
    }
    if (!with_input_only && (type->fields[index].flags & NNRPC_FIELD_INPUT_ONLY) != 0) {
        ctl_complain("%s: \"%s\" is never shown", what, name);
        return false;
    }
    ctl_selection_add(selection, (size_t)index);
    return true;
}

bool ctl_selection_parse(
    const struct nnrpc_message *type, const char *what, const char *text, bool with_input_only,
    struct ctl_selection *out_selection) {
    NNRPC_CLEANUP(ctl_release) char *names = ctl_copy_text(text);
    if (strcmp(text, "*") == 0) {
        return true;
    }
    char *rest = NULL;
    for (char *name = strtok_r(names, ", ", &rest); name != NULL;
         name = strtok_r(NULL, ", ", &rest)) {
        if (!add_name(type, what, name, with_input_only, out_selection)) {
            return false;
        }
    }
    return true;
}

Google__Protobuf__FieldMask *ctl_selection_mask(
    const struct nnrpc_message *type, const struct ctl_selection *selection) {
    if (selection->count == 0) {
        return NULL;
    }
    Google__Protobuf__FieldMask *mask = ctl_message_new(&google__protobuf__field_mask__descriptor);
    for (size_t i = 0; i < selection->count; i++) {
        const ProtobufCFieldDescriptor *field = &type->descriptor->fields[selection->indexes[i]];
        ctl_text_append(&mask->paths, &mask->n_paths, field->name);
    }
    return mask;
}

struct nnrpc_message ctl_selection_narrow(
    const struct nnrpc_message *type, const struct ctl_selection *selection,
    struct nnrpc_field **out_fields) {
    size_t count = type->descriptor->n_fields;
    struct nnrpc_field *fields = ctl_allocate(count, sizeof(*fields));
    for (size_t i = 0; i < count; i++) {
        fields[i] = type->fields[i];
        if (!ctl_selection_has(selection, i)) {
            fields[i].flags |= NNRPC_FIELD_INPUT_ONLY;
        }
    }
    struct nnrpc_message narrowed = *type;
    narrowed.fields = fields;
    *out_fields = fields;
    return narrowed;
}
