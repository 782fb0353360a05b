/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Percent-encoding.
 */
#include "rest/url.h"

#include <string.h>

#include "nnrpc/wire.h"

static int digit_value(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

bool rest_url_decode(
    const char *text, size_t size, bool plus_is_space, char *out_text, size_t *out_size) {
    size_t written = 0;
    for (size_t at = 0; at < size; at++) {
        char byte = text[at];
        if (byte == '+' && plus_is_space) {
            byte = ' ';
        } else if (byte == '%') {
            int high = size - at > 2 ? digit_value(text[at + 1]) : -1;
            int low = high < 0 ? -1 : digit_value(text[at + 2]);
            if (low < 0) {
                return false;
            }
            byte = (char)(high * 16 + low);
            at += 2;
        }
        if (byte == '\0') {
            return false;
        }
        out_text[written++] = byte;
    }
    out_text[written] = '\0';
    *out_size = written;
    return nnrpc_utf8_valid(out_text, written);
}

static bool is_unreserved(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

/* Of RFC 3986: whatever may stand in an address, percent signs and delimiters too. */
static bool is_of_address(char byte) {
    return is_unreserved(byte) || (byte != '\0' && strchr("%:/?#[]@!$&'()*+,;=", byte) != NULL);
}

static void encode(
    struct nnrpc_buffer *out, const char *text, size_t size, bool (*is_kept)(char byte)) {
    static const char DIGITS[] = "0123456789ABCDEF";
    for (size_t at = 0; at < size; at++) {
        unsigned char byte = (unsigned char)text[at];
        char encoded[] = {'%', DIGITS[byte >> 4], DIGITS[byte & 15]};
        if (is_kept(text[at])) {
            nnrpc_buffer_append(out, &text[at], 1);
        } else {
            nnrpc_buffer_append(out, encoded, sizeof(encoded));
        }
    }
}

void rest_url_encode(struct nnrpc_buffer *out, const char *text, size_t size) {
    encode(out, text, size, is_unreserved);
}

void rest_url_repeat(struct nnrpc_buffer *out, const char *sent, size_t size) {
    encode(out, sent, size, is_of_address);
}

const char *rest_skip_spaces(const char *text) {
    return text + strspn(text, " \t");
}
