/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of the JSON parser.
 */
#include "json_memory.h"

#include <malloc.h>
#include <stdlib.h>

#include "nnrpc/crypto.h"

static _Thread_local bool ran_out;

void *nnrpc_json_parser_allocate(size_t size) {
    void *memory = malloc(size);
    ran_out = ran_out || memory == NULL;
    return memory;
}

void nnrpc_json_parser_free(void *memory) {
    if (memory != NULL) {
        nnrpc_wipe(memory, malloc_usable_size(memory));
        free(memory);
    }
}

void nnrpc_json_parser_begin(void) {
    ran_out = false;
}

bool nnrpc_json_parser_ran_out(void) {
    return ran_out;
}
