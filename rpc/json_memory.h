/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of the JSON parser: wiped when it is given back, since the text may hold passwords, of
 * which the parser makes copies; and a failure is remembered, since the parser drops characters
 * when its buffers cannot grow. Any thread.
 */
#ifndef NNRPC_JSON_MEMORY_H
#define NNRPC_JSON_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/** As malloc() and free(). */
void *nnrpc_json_parser_allocate(size_t size);
void nnrpc_json_parser_free(void *memory);

/** Begins a text in this thread. */
void nnrpc_json_parser_begin(void);

/** Whether memory was short in this thread since the text began. */
bool nnrpc_json_parser_ran_out(void);

#endif
