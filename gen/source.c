/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things stand in their .proto: a sorted index over SourceCodeInfo.
 */
#include "source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef const Google__Protobuf__SourceCodeInfo__Location gen_location;

static int gen_steps_compare(
    const int32_t *left, size_t left_count, const int32_t *right, size_t right_count) {
    for (size_t i = 0; i < left_count && i < right_count; i++) {
        if (left[i] != right[i]) {
            return left[i] < right[i] ? -1 : 1;
        }
    }
    return (left_count > right_count) - (left_count < right_count);
}

static int gen_location_compare(const void *left, const void *right) {
    gen_location *a = *(gen_location *const *)left;
    gen_location *b = *(gen_location *const *)right;
    int order = gen_steps_compare(a->path, a->n_path, b->path, b->n_path);
    if (order != 0 || a->n_span < 2 || b->n_span < 2) {
        return order;
    }
    /* An option that is set in pieces has several places: the first one counts. */
    return gen_steps_compare(a->span, a->n_span, b->span, b->n_span);
}

void gen_source_index(struct gen_run *run, struct gen_file *file) {
    const Google__Protobuf__SourceCodeInfo *info = file->proto->source_code_info;
    if (info == NULL || info->n_location == 0) {
        return;
    }
    file->locations = gen_allocate_array(&run->memory, info->n_location, sizeof(*file->locations));
    for (size_t i = 0; i < info->n_location; i++) {
        file->locations[i] = info->location[i];
    }
    file->location_count = info->n_location;
    qsort(file->locations, file->location_count, sizeof(*file->locations), gen_location_compare);
}

/* The first location with exactly this path, or NULL. */
static gen_location *gen_location_find(const struct gen_file *file, struct gen_path path) {
    size_t low = 0;
    size_t high = file->location_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        gen_location *location = file->locations[middle];
        if (gen_steps_compare(location->path, location->n_path, path.steps, path.count) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == file->location_count) {
        return NULL;
    }
    gen_location *found = file->locations[low];
    bool exact = gen_steps_compare(found->path, found->n_path, path.steps, path.count) == 0;
    return exact ? found : NULL;
}

const char *gen_source_place(
    struct gen_run *run, const struct gen_file *file, struct gen_path path) {
    for (;; path.count--) {
        gen_location *location = gen_location_find(file, path);
        if (location != NULL && location->n_span >= 2) {
            return gen_format(
                &run->memory, "%s:%lld:%lld", file->name, (long long)location->span[0] + 1,
                (long long)location->span[1] + 1);
        }
        if (path.count == 0) {
            return file->name;
        }
    }
}

bool gen_refuse(
    struct gen_run *run, const struct gen_file *file, struct gen_path path, const char *format,
    ...) {
    if (run->error != NULL) {
        return false;
    }
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *reason = gen_allocate(&run->memory, size < 0 ? 1 : (size_t)size + 1);
    if (size > 0) {
        (void)vsnprintf(reason, (size_t)size + 1, format, again);
    }
    va_end(again);
    run->error = gen_format(&run->memory, "%s: %s", gen_source_place(run, file, path), reason);
    return false;
}

static bool gen_is_blank(const char *comment) {
    return comment == NULL || comment[strspn(comment, " \t\r\n")] == '\0';
}

bool gen_source_has_comment(const struct gen_file *file, struct gen_path path) {
    gen_location *location = gen_location_find(file, path);
    return location != NULL && (!gen_is_blank(location->leading_comments) ||
                                !gen_is_blank(location->trailing_comments));
}

void gen_source_comment(
    struct gen_text *text, const char *prefix, const struct gen_file *file, struct gen_path path) {
    gen_location *location = gen_location_find(file, path);
    if (location == NULL) {
        return;
    }
    if (!gen_is_blank(location->leading_comments)) {
        gen_text_comment(text, prefix, location->leading_comments);
    }
    if (!gen_is_blank(location->trailing_comments)) {
        gen_text_comment(text, prefix, location->trailing_comments);
    }
}
