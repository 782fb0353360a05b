/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether bytes are UTF-8, by the table of well-formed byte sequences in the Unicode Standard
 * (chapter 3, table 3-7). Text is mostly ASCII, so that goes eight bytes a step.
 */
#include <string.h>

#include "nnrpc/wire.h"
#include "utf8.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

static bool is_continuation(uint8_t byte) {
    return (byte & 0xc0) == 0x80;
}

static size_t three_bytes(const uint8_t *at, size_t size) {
    if (size < 3 || !is_continuation(at[1]) || !is_continuation(at[2])) {
        return 0;
    }
    bool overlong = at[0] == 0xe0 && at[1] < 0xa0;
    bool surrogate = at[0] == 0xed && at[1] > 0x9f;
    return overlong || surrogate ? 0 : 3;
}

static size_t four_bytes(const uint8_t *at, size_t size) {
    if (size < 4 || !is_continuation(at[1]) || !is_continuation(at[2]) || !is_continuation(at[3])) {
        return 0;
    }
    bool overlong = at[0] == 0xf0 && at[1] < 0x90;
    bool too_large = at[0] == 0xf4 && at[1] > 0x8f;
    return overlong || too_large ? 0 : 4;
}

size_t nnrpc_utf8_character_size(const void *bytes, size_t size) {
    const uint8_t *at = bytes;
    if (size == 0) {
        return 0;
    }
    if (at[0] < 0x80) {
        return 1;
    }
    if (at[0] >= 0xc2 && at[0] <= 0xdf) {
        return size >= 2 && is_continuation(at[1]) ? 2 : 0;
    }
    if ((at[0] & 0xf0) == 0xe0) {
        return three_bytes(at, size);
    }
    if (at[0] >= 0xf0 && at[0] <= 0xf4) {
        return four_bytes(at, size);
    }
    return 0;
}

bool nnrpc_utf8_valid(const void *bytes, size_t size) {
    const uint8_t *at = bytes;
    size_t left = size;
    while (left != 0) {
        uint64_t word;
        if (left >= sizeof(word)) {
            memcpy(&word, at, sizeof(word));
            if ((word & HIGH_BITS) == 0) {
                at += sizeof(word);
                left -= sizeof(word);
                continue;
            }
        }
        size_t step = nnrpc_utf8_character_size(at, left);
        if (step == 0) {
            return false;
        }
        at += step;
        left -= step;
    }
    return true;
}
