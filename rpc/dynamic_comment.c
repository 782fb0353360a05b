/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comments of a set: found by where a thing stands in its file.
 */
#include <stdlib.h>
#include <string.h>

#include "dynamic.h"

typedef Google__Protobuf__SourceCodeInfo__Location location;

static int compare_paths(const int32_t *a, size_t a_count, const int32_t *b, size_t b_count) {
    for (size_t i = 0; i < a_count && i < b_count; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return (a_count > b_count) - (a_count < b_count);
}

static int compare_locations(const void *a, const void *b) {
    const location *left = *(const location *const *)a;
    const location *right = *(const location *const *)b;
    return compare_paths(left->path, left->n_path, right->path, right->n_path);
}

bool nnrpc_dynamic_sort_locations(struct nnrpc_dynamic *dynamic, struct nnrpc_dynamic_file *file) {
    const Google__Protobuf__SourceCodeInfo *info = file->proto->source_code_info;
    if (info == NULL || info->n_location == 0) {
        return true;
    }
    file->locations = nnrpc_dynamic_allocate(dynamic, info->n_location, sizeof(*file->locations));
    if (file->locations == NULL) {
        return false;
    }
    for (size_t i = 0; i < info->n_location; i++) {
        /* One path may stand several times; the one with a comment is meant. */
        if (info->location[i]->leading_comments != NULL ||
            info->location[i]->trailing_comments != NULL) {
            file->locations[file->location_count++] = info->location[i];
        }
    }
    if (file->location_count != 0) {
        qsort(file->locations, file->location_count, sizeof(*file->locations), compare_locations);
    }
    return true;
}

const location *nnrpc_dynamic_location(
    const struct nnrpc_dynamic_file *file, const struct nnrpc_dynamic_path *path) {
    size_t low = 0;
    size_t high = file->location_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const location *found = file->locations[middle];
        int order = compare_paths(path->steps, path->count, found->path, found->n_path);
        if (order == 0) {
            return found;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

const char *nnrpc_dynamic_comment(
    const struct nnrpc_dynamic *dynamic, const struct nnrpc_dynamic_item *item) {
    (void)dynamic;
    const struct nnrpc_dynamic_symbol *symbol = (const struct nnrpc_dynamic_symbol *)item;
    const location *found = nnrpc_dynamic_location(symbol->file, &symbol->path);
    return found == NULL || found->leading_comments == NULL ? "" : found->leading_comments;
}

/* --- Parts -------------------------------------------------------------------------------- */

/* Which of its kind a part is, and its kind's number; an index of -1 when there is none. */
struct part {
    int32_t number;
    int32_t index;
};

static struct part find_field(const Google__Protobuf__DescriptorProto *proto, const char *name) {
    for (size_t i = 0; i < proto->n_field; i++) {
        if (proto->field[i]->name != NULL && strcmp(proto->field[i]->name, name) == 0) {
            return (struct part){NNRPC_MESSAGE_FIELD, (int32_t)i};
        }
    }
    return (struct part){.index = -1};
}

static struct part find_value(
    const Google__Protobuf__EnumDescriptorProto *proto, const char *name) {
    for (size_t i = 0; i < proto->n_value; i++) {
        if (proto->value[i]->name != NULL && strcmp(proto->value[i]->name, name) == 0) {
            return (struct part){NNRPC_ENUM_VALUE, (int32_t)i};
        }
    }
    return (struct part){.index = -1};
}

static struct part find_part(const struct nnrpc_dynamic_symbol *symbol, const char *name) {
    switch (symbol->item.kind) {
    case NNRPC_DYNAMIC_MESSAGE:
        return find_field(symbol->proto.message, name);
    case NNRPC_DYNAMIC_ENUM:
        return find_value(symbol->proto.enumeration, name);
    case NNRPC_DYNAMIC_SERVICE:
    case NNRPC_DYNAMIC_METHOD:
        break;
    }
    return (struct part){.index = -1};
}

const char *nnrpc_dynamic_part_comment(
    const struct nnrpc_dynamic *dynamic, const struct nnrpc_dynamic_item *item, const char *name) {
    (void)dynamic;
    const struct nnrpc_dynamic_symbol *symbol = (const struct nnrpc_dynamic_symbol *)item;
    struct part part = find_part(symbol, name);
    int32_t steps[NNRPC_DYNAMIC_PATH_STEPS];
    size_t count = symbol->path.count;
    if (part.index < 0 || count + 2 > NNRPC_DYNAMIC_PATH_STEPS) {
        return NULL;
    }
    memcpy(steps, symbol->path.steps, count * sizeof(steps[0]));
    steps[count] = part.number;
    steps[count + 1] = part.index;
    const struct nnrpc_dynamic_path path = {.steps = steps, .count = count + 2};
    const location *found = nnrpc_dynamic_location(symbol->file, &path);
    if (found == NULL) {
        return "";
    }
    return found->leading_comments == NULL ? found->trailing_comments : found->leading_comments;
}
