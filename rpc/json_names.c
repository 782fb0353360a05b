/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in JSON.
 */
#include "json_names.h"

#include <ctype.h>
#include <string.h>

#define NEAREST_NAME_BYTES 48

int nnrpc_json_find_field(
    const struct nnrpc_message *message, const char *name, size_t size, unsigned int hint) {
    unsigned int count = message->descriptor->n_fields;
    unsigned int index = hint < count ? hint : 0;
    for (unsigned int tried = 0; tried < count && size != 0; tried++) {
        const char *known = message->fields[index].json_name;
        if (known[0] == name[0] && strncmp(known, name, size) == 0 && known[size] == '\0') {
            return (int)index;
        }
        index = index + 1 == count ? 0 : index + 1;
    }
    return nnrpc_message_field_by_name(message, name, size);
}

/* --- Nearest ------------------------------------------------------------------------------ */

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static bool same_letter(char a, char b) {
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* How many letters must be inserted, left out, changed or swapped with their neighbour to make one
 * name of the other. Case does not count. Both are at most NEAREST_NAME_BYTES. */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size) {
    size_t rows[3][NEAREST_NAME_BYTES + 1];
    for (size_t column = 0; column <= b_size; column++) {
        rows[0][column] = column;
    }
    for (size_t row = 1; row <= a_size; row++) {
        size_t *now = rows[row % 3];
        const size_t *above = rows[(row + 2) % 3];
        const size_t *two_above = rows[(row + 1) % 3];
        now[0] = row;
        for (size_t column = 1; column <= b_size; column++) {
            size_t change = above[column - 1] + !same_letter(a[row - 1], b[column - 1]);
            size_t best = smaller(change, smaller(above[column], now[column - 1]) + 1);
            if (row > 1 && column > 1 && same_letter(a[row - 1], b[column - 2]) &&
                same_letter(a[row - 2], b[column - 1])) {
                best = smaller(best, two_above[column - 2] + 1);
            }
            now[column] = best;
        }
    }
    return rows[a_size % 3][b_size];
}

const char *nnrpc_json_nearest_name(
    const struct nnrpc_message *message, const char *name, size_t size) {
    if (size == 0 || size > NEAREST_NAME_BYTES) {
        return NULL;
    }
    const char *nearest = NULL;
    size_t limit = smaller(size / 3 + 1, 3); /* farther off is another word */
    for (unsigned int index = 0; index < message->descriptor->n_fields; index++) {
        const char *known = message->fields[index].json_name;
        size_t known_size = strlen(known);
        size_t longer = known_size > size ? known_size - size : size - known_size;
        if (known_size > NEAREST_NAME_BYTES || longer >= limit) {
            continue;
        }
        size_t apart = distance(name, size, known, known_size);
        if (apart < limit) {
            limit = apart;
            nearest = known;
        }
        if (apart == 0) {
            break;
        }
    }
    return nearest;
}

/* --- Mask paths --------------------------------------------------------------------------- */

static void append_lower_camel(struct nnrpc_buffer *out, const char *name, size_t size) {
    bool is_upper = false;
    for (size_t index = 0; index < size; index++) {
        if (name[index] == '_') {
            is_upper = true;
            continue;
        }
        int letter = (unsigned char)name[index];
        char written = (char)(is_upper ? toupper(letter) : letter);
        nnrpc_buffer_append(out, &written, 1);
        is_upper = false;
    }
}

static void append_lower_snake(struct nnrpc_buffer *out, const char *name, size_t size) {
    for (size_t index = 0; index < size; index++) {
        char letter = name[index];
        if (letter >= 'A' && letter <= 'Z') {
            nnrpc_buffer_append(out, "_", 1);
            letter = (char)(letter - 'A' + 'a');
        }
        nnrpc_buffer_append(out, &letter, 1);
    }
}

/* The name at the front of a path: up to the next dot. */
static size_t name_size(const char *path, size_t size) {
    const char *dot = memchr(path, '.', size);
    return dot == NULL ? size : (size_t)(dot - path);
}

/* What the names after a field refer to. Below a map stand its keys, which are no names. */
static const struct nnrpc_message *below(const struct nnrpc_field *field) {
    return (field->flags & NNRPC_FIELD_MAP) != 0 ? NULL : field->message;
}

void nnrpc_json_write_mask_path(
    struct nnrpc_buffer *out, const struct nnrpc_message *mask_of, const char *path) {
    const struct nnrpc_message *message = mask_of;
    size_t left = strlen(path);
    for (;;) {
        size_t size = name_size(path, left);
        int index = message == NULL ? -1 : nnrpc_message_field_by_name(message, path, size);
        if (index >= 0) {
            nnrpc_buffer_append_text(out, message->fields[index].json_name);
            message = below(&message->fields[index]);
        } else if (mask_of == NULL) {
            append_lower_camel(out, path, size);
        } else {
            nnrpc_buffer_append(out, path, size);
            message = NULL;
        }
        if (size == left) {
            return;
        }
        nnrpc_buffer_append(out, ".", 1);
        path += size + 1;
        left -= size + 1;
    }
}

static bool fail_mask(
    struct nnrpc_json_mask_error *out_error, const struct nnrpc_message *message, const char *name,
    size_t size) {
    *out_error = (struct nnrpc_json_mask_error){message, name, size};
    return false;
}

bool nnrpc_json_read_mask_path(
    struct nnrpc_buffer *out, const struct nnrpc_message *mask_of, const char *path, size_t size,
    struct nnrpc_json_mask_error *out_error) {
    const struct nnrpc_message *message = mask_of;
    if (size == 1 && path[0] == '*') {
        nnrpc_buffer_append(out, path, size);
        return true;
    }
    for (;;) {
        size_t part = name_size(path, size);
        bool is_last = part == size;
        int index = message == NULL ? -1 : nnrpc_json_find_field(message, path, part, 0);
        if (part == 0 || (mask_of != NULL && index < 0)) {
            return fail_mask(out_error, message, path, part);
        }
        if (mask_of == NULL) {
            append_lower_snake(out, path, part);
        } else {
            nnrpc_buffer_append_text(out, message->descriptor->fields[index].name);
            const struct nnrpc_field *field = &message->fields[index];
            if ((field->flags & NNRPC_FIELD_MAP) != 0) {
                nnrpc_buffer_append(out, path + part, size - part);
                return true;
            }
            message = field->message;
        }
        if (is_last) {
            return true;
        }
        nnrpc_buffer_append(out, ".", 1);
        path += part + 1;
        size -= part + 1;
    }
}
