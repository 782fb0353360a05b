/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64 in both directions, four characters a step.
 */
#include "base64.h"

#include <stdint.h>

#define NO_DIGIT 64

static const char STANDARD[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char URL_SAFE[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Writes up to three bytes as their two to four digits. */
static size_t write_group(const uint8_t *bytes, size_t size, const char *alphabet, char *out_text) {
    uint32_t bits = (uint32_t)bytes[0] << 16;
    bits |= size > 1 ? (uint32_t)bytes[1] << 8 : 0;
    bits |= size > 2 ? bytes[2] : 0;
    for (size_t digit = 0; digit <= size; digit++) {
        out_text[digit] = alphabet[bits >> (18 - 6 * digit) & 63];
    }
    return size + 1;
}

static size_t write_digits(
    const uint8_t *bytes, size_t size, const char *alphabet, char *out_text) {
    size_t written = 0;
    for (size_t at = 0; at < size; at += 3) {
        size_t left = size - at;
        written += write_group(bytes + at, left < 3 ? left : 3, alphabet, out_text + written);
    }
    return written;
}

void nnrpc_base64_write(const void *bytes, size_t size, char *out_text) {
    size_t written = write_digits(bytes, size, STANDARD, out_text);
    while (written % 4 != 0) {
        out_text[written++] = '=';
    }
}

size_t nnrpc_base64_write_url(const void *bytes, size_t size, char *out_text) {
    return write_digits(bytes, size, URL_SAFE, out_text);
}

static uint32_t digit_value(char digit) {
    if (digit >= 'A' && digit <= 'Z') {
        return (uint32_t)(digit - 'A');
    }
    if (digit >= 'a' && digit <= 'z') {
        return (uint32_t)(digit - 'a') + 26;
    }
    if (digit >= '0' && digit <= '9') {
        return (uint32_t)(digit - '0') + 52;
    }
    if (digit == '+' || digit == '-') {
        return 62;
    }
    if (digit == '/' || digit == '_') {
        return 63;
    }
    return NO_DIGIT;
}

/* Reads two to four digits. Returns the bytes that they hold, 0 when they are not base64. */
static size_t read_group(const char *text, size_t digits, uint8_t *out_bytes) {
    uint32_t bits = 0;
    for (size_t digit = 0; digit < digits; digit++) {
        uint32_t value = digit_value(text[digit]);
        if (value == NO_DIGIT) {
            return 0;
        }
        bits |= value << (18 - 6 * digit);
    }
    uint32_t unused = digits == 2 ? 0xffff : digits == 3 ? 0xff : 0;
    if (digits < 2 || (bits & unused) != 0) {
        return 0;
    }
    for (size_t index = 0; index + 1 < digits; index++) {
        out_bytes[index] = (uint8_t)(bits >> (16 - 8 * index));
    }
    return digits - 1;
}

bool nnrpc_base64_read(const char *text, size_t size, void *out_bytes, size_t *out_size) {
    uint8_t *bytes = out_bytes;
    size_t written = 0;
    if (size >= 4 && size % 4 == 0 && text[size - 1] == '=') {
        size -= text[size - 2] == '=' ? 2 : 1;
    }
    for (size_t at = 0; at < size; at += 4) {
        size_t left = size - at;
        size_t read = read_group(text + at, left < 4 ? left : 4, bytes + written);
        if (read == 0) {
            return false;
        }
        written += read;
    }
    *out_size = written;
    return true;
}
