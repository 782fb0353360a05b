/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types of a server or a file, and finding things in them by what a person types.
 */
#include "types.h"

#include <stdio.h>
#include <string.h>

#include "input.h"
#include "suggest.h"

#define CANDIDATES_LISTED 8

const struct ctl_flag ctl_proto_set_flags[] = {
    {.name = "proto-set",
     .argument = "FILE",
     .help = "Types from a FileDescriptorSet (protoc --include_imports --include_source_info "
             "--descriptor_set_out) instead of the server's reflection"},
    {0}};

static enum ctl_exit read_set(const char *path, struct nnrpc_dynamic **out_types) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer bytes = {0};
    if (!ctl_input_read_up_to("--proto-set", path, NNRPC_DYNAMIC_MAX_BYTES, &bytes)) {
        return CTL_USAGE;
    }
    if (nnrpc_dynamic_new(bytes.data, bytes.size, out_types, &status) != NNRPC_OK) {
        return ctl_usage_error("--proto-set: %s: %s", path, status.message);
    }
    return CTL_OK;
}

enum ctl_exit ctl_types_get(const struct ctl_context *context, struct nnrpc_dynamic **out_types) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    const char *path = ctl_value(context, "proto-set");
    if (path != NULL) {
        return read_set(path, out_types);
    }
    enum nnrpc_code code = nnrpc_dynamic_fetch(context->client, NULL, out_types, &status);
    if (code == NNRPC_UNIMPLEMENTED) {
        ctl_complain(
            "the server has no reflection on this address; name the one for administration, or "
            "give "
            "the types with --proto-set FILE (%s)",
            status.message);
        return CTL_FAILED;
    }
    return code == NNRPC_OK ? CTL_OK : ctl_fail(&status);
}

enum ctl_exit ctl_types_open(struct ctl_context *context, struct nnrpc_dynamic **out_types) {
    if (ctl_value(context, "proto-set") == NULL) {
        enum ctl_exit result = ctl_connect(context, 0);
        if (result != CTL_OK) {
            return result;
        }
    }
    return ctl_types_get(context, out_types);
}

/* --- Names -------------------------------------------------------------------------------- */

static bool is_separator(char character) {
    return character == '.' || character == '/';
}

/* Whether a name is another one, or its end from a separator on; a dot may stand for the slash. */
static bool fits(const char *typed, const char *name) {
    size_t typed_size = strlen(typed);
    size_t size = strlen(name);
    if (typed_size > size || typed_size == 0) {
        return false;
    }
    const char *end = name + size - typed_size;
    if (end != name && !is_separator(end[-1])) {
        return false;
    }
    for (size_t i = 0; i < typed_size; i++) {
        if (typed[i] != end[i] && !(typed[i] == '.' && end[i] == '/')) {
            return false;
        }
    }
    return true;
}

static bool is_of_kind(const struct nnrpc_dynamic_item *item, unsigned int kinds) {
    return (kinds & CTL_KIND(item->kind)) != 0;
}

/* The last word of a name, or with `words` 2 the last two. */
static const char *last_words(const char *name, int words) {
    const char *at = name + strlen(name);
    while (at != name && !(is_separator(at[-1]) && --words == 0)) {
        at--;
    }
    return at;
}

static void complain_unknown(
    const struct nnrpc_dynamic *types, unsigned int kinds, const char *what, const char *name) {
    int words = strpbrk(name, "./") == NULL ? 1 : 2;
    struct ctl_suggestion suggestion = {.typed = last_words(name, words)};
    const char *best = NULL;
    const struct nnrpc_dynamic_item *nearest = NULL;
    for (size_t i = 0; i < nnrpc_dynamic_item_count(types); i++) {
        const struct nnrpc_dynamic_item *item = nnrpc_dynamic_item_at(types, i);
        if (!is_of_kind(item, kinds)) {
            continue;
        }
        ctl_suggestion_offer(&suggestion, last_words(item->name, words));
        if (suggestion.best != best) {
            best = suggestion.best;
            nearest = item;
        }
    }
    if (nearest != NULL) {
        ctl_complain("no %s \"%s\"; did you mean %s?", what, name, nearest->name);
    } else {
        ctl_complain("no %s \"%s\"; see %s methods", what, name, ctl_program->name);
    }
}

static void complain_ambiguous(
    const struct nnrpc_dynamic *types, unsigned int kinds, const char *name) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer names = {0};
    size_t count = 0;
    for (size_t i = 0; i < nnrpc_dynamic_item_count(types); i++) {
        const struct nnrpc_dynamic_item *item = nnrpc_dynamic_item_at(types, i);
        if (is_of_kind(item, kinds) && fits(name, item->name) && count++ < CANDIDATES_LISTED) {
            nnrpc_buffer_append_format(&names, "%s%s", names.size == 0 ? "" : ", ", item->name);
        }
    }
    if (count > CANDIDATES_LISTED) {
        nnrpc_buffer_append_format(&names, " and %zu more", count - CANDIDATES_LISTED);
    }
    ctl_complain("\"%s\" may be any of: %s", name, ctl_buffer_text(&names));
}

const struct nnrpc_dynamic_item *ctl_types_find(
    const struct nnrpc_dynamic *types, unsigned int kinds, const char *what, const char *name) {
    const struct nnrpc_dynamic_item *found = nnrpc_dynamic_find(types, name);
    if (found != NULL && is_of_kind(found, kinds)) {
        return found;
    }
    found = NULL;
    for (size_t i = 0; i < nnrpc_dynamic_item_count(types); i++) {
        const struct nnrpc_dynamic_item *item = nnrpc_dynamic_item_at(types, i);
        if (!is_of_kind(item, kinds) || !fits(name, item->name)) {
            continue;
        }
        if (found != NULL) {
            complain_ambiguous(types, kinds, name);
            return NULL;
        }
        found = item;
    }
    if (found == NULL) {
        complain_unknown(types, kinds, what, name);
    }
    return found;
}

void ctl_append_summary(
    const struct nnrpc_dynamic *types, const struct nnrpc_dynamic_item *item,
    struct nnrpc_buffer *out) {
    const char *text = nnrpc_dynamic_comment(types, item);
    bool was_space = true; /* none at the front */
    for (; *text != '\0'; text++) {
        bool is_space = *text == ' ' || *text == '\n' || *text == '\t' || *text == '\r';
        if (!is_space) {
            nnrpc_buffer_append(out, text, 1);
        } else if (!was_space && text[strspn(text, " \n\t\r")] != '\0') {
            nnrpc_buffer_append_text(out, " ");
        }
        bool is_end = *text == '.' && (text[1] == ' ' || text[1] == '\n' || text[1] == '\0');
        if (is_end) {
            return;
        }
        was_space = is_space;
    }
}
