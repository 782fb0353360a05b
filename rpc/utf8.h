/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 character by character, for code that mends text rather than refuse it.
 */
#ifndef NNRPC_UTF8_H
#define NNRPC_UTF8_H

#include <stddef.h>

/** Size of the well-formed character at the front: 1 to 4; 0 when there is none. */
size_t nnrpc_utf8_character_size(const void *bytes, size_t size);

#endif
