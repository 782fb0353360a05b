/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measuring and cutting text by wcwidth().
 */
#include "text_width.h"

#include <locale.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#define REPLACEMENT "\xEF\xBF\xBD"
#define ELLIPSIS "\xE2\x80\xA6"

/* One character as it will be written. */
struct glyph {
    const char *bytes;
    size_t size;
    size_t read_size; /* bytes of the source */
    size_t width;
};

void ctl_text_init(void) {
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) {
        setlocale(LC_CTYPE, "");
    }
}

/* Decodes one character; 0 when the bytes are not UTF-8. */
static size_t decode(const char *text, wchar_t *out_character) {
    const unsigned char *bytes = (const unsigned char *)text;
    if (bytes[0] < 0x80) {
        *out_character = bytes[0];
        return 1;
    }
    size_t size = bytes[0] >= 0xF0 ? 4 : (bytes[0] >= 0xE0 ? 3 : 2);
    if (bytes[0] < 0xC2 || bytes[0] > 0xF4) {
        return 0;
    }
    uint32_t character = bytes[0] & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 0;
        }
        character = character << 6 | (bytes[i] & 0x3Fu);
    }
    *out_character = (wchar_t)character;
    return size;
}

static struct glyph read_glyph(const char *text) {
    wchar_t character = 0;
    size_t size = decode(text, &character);
    int width = size > 0 ? wcwidth(character) : -1;
    if (width < 0) {
        return (struct glyph){
            .bytes = REPLACEMENT,
            .size = strlen(REPLACEMENT),
            .read_size = size > 0 ? size : 1,
            .width = 1};
    }
    return (struct glyph){.bytes = text, .size = size, .read_size = size, .width = (size_t)width};
}

size_t ctl_text_width(const char *text) {
    size_t width = 0;
    while (*text != '\0') {
        struct glyph glyph = read_glyph(text);
        width += glyph.width;
        text += glyph.read_size;
    }
    return width;
}

size_t ctl_text_append_cut(struct nnrpc_buffer *out, const char *text, size_t width) {
    bool is_cut = width != SIZE_MAX && ctl_text_width(text) > width;
    size_t room = is_cut ? width - 1 : width;
    size_t used = 0;
    while (*text != '\0') {
        struct glyph glyph = read_glyph(text);
        if (is_cut && used + glyph.width > room) {
            break;
        }
        nnrpc_buffer_append(out, glyph.bytes, glyph.size);
        used += glyph.width;
        text += glyph.read_size;
    }
    if (is_cut) {
        nnrpc_buffer_append_text(out, ELLIPSIS);
        used++;
    }
    return used;
}
