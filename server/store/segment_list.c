/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which segments a folder has.
 */
#include "segment_list.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "faults.h"
#include "files.h"
#include "segment.h"

static int compare(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return a == b ? 0 : a < b ? -1 : 1;
}

static bool add(struct segment_list *list, uint64_t number) {
    uint64_t *numbers = realloc(list->numbers, (list->count + 1) * sizeof(*numbers));
    if (numbers == NULL) {
        return false;
    }
    numbers[list->count++] = number;
    list->numbers = numbers;
    return true;
}

enum nnrpc_code segment_list_read(
    const char *folder, struct segment_list *out_list, struct nnrpc_status *out_status) {
    struct segment_list list = {0};
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        return files_fail(out_status, "list folder", folder);
    }
    struct dirent *entry;
    bool fits = true;
    while (fits && (entry = readdir(entries)) != NULL) {
        uint64_t number = 0;
        fits = !segment_name_read(entry->d_name, &number) || add(&list, number);
    }
    closedir(entries);
    if (!fits) {
        segment_list_deinit(&list);
        return fault_out_of_memory(out_status);
    }
    if (list.count > 0) {
        qsort(list.numbers, list.count, sizeof(*list.numbers), compare);
    }
    *out_list = list;
    return NNRPC_OK;
}

void segment_list_deinit(struct segment_list *list) {
    free(list->numbers);
    *list = (struct segment_list){0};
}

enum nnrpc_code segment_list_remove_below(
    const char *folder, const struct segment_list *list, uint64_t number,
    struct nnrpc_status *out_status) {
    for (size_t i = 0; i < list->count && list->numbers[i] < number; i++) {
        char name[SEGMENT_NAME_BYTES];
        char path[PATH_MAX];
        segment_name(list->numbers[i], name);
        enum nnrpc_code code = files_path(folder, name, path, out_status);
        if (code == NNRPC_OK && unlink(path) != 0 && errno != ENOENT) {
            code = files_fail(out_status, "remove", path);
        }
        if (code != NNRPC_OK) {
            return code;
        }
    }
    return NNRPC_OK;
}
