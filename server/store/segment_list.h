/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which segments a folder has.
 */
#ifndef CONTACTS_STORE_SEGMENT_LIST_H
#define CONTACTS_STORE_SEGMENT_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "nnrpc/status.h"

/** Numbers in ascending order. All zero is an empty list. */
struct segment_list {
    size_t count;
    uint64_t *numbers; /* owned */
};

/** @return NNRPC_OK, NNRPC_RESOURCE_EXHAUSTED (memory), as files_fail(). */
NNRPC_NODISCARD enum nnrpc_code segment_list_read(
    const char *folder, struct segment_list *out_list, struct nnrpc_status *out_status);
void segment_list_deinit(struct segment_list *list);

/** Removes the files of all segments below a number. */
NNRPC_NODISCARD enum nnrpc_code segment_list_remove_below(
    const char *folder, const struct segment_list *list, uint64_t number,
    struct nnrpc_status *out_status);

#endif
