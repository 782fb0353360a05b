/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path of a request. Without percent-encoding the segments are those of the request itself.
 */
#include "rest/request_path.h"

#include <stdlib.h>
#include <string.h>

#include "nnrpc/wire.h"
#include "rest/url.h"

void rest_path_deinit(struct rest_path *path) {
    free(path->decoded);
    path->decoded = NULL;
    path->count = 0;
}

/* Decodes the segment at the front; *room is where it goes, and moves behind it. */
static enum rest_path_result decode(
    const char *text, size_t size, struct rest_path *path, char **room) {
    struct rest_segment *segment = &path->segments[path->count];
    if (memchr(text, '%', size) == NULL) {
        *segment = (struct rest_segment){.text = text, .size = size};
        return nnrpc_utf8_valid(text, size) ? REST_PATH_OK : REST_PATH_MALFORMED;
    }
    if (path->decoded == NULL) {
        path->decoded = malloc(strlen(text) + REST_SEGMENTS_MOST); /* and their terminators */
        *room = path->decoded;
    }
    if (path->decoded == NULL) {
        return REST_PATH_OUT_OF_MEMORY;
    }
    if (!rest_url_decode(text, size, false, *room, &segment->size)) {
        return REST_PATH_MALFORMED;
    }
    segment->text = *room;
    *room += segment->size + 1;
    return REST_PATH_OK;
}

enum rest_path_result rest_path_read(const char *text, struct rest_path *out_path) {
    char *room = NULL;
    if (text[0] != '/') {
        return REST_PATH_UNKNOWN;
    }
    while (*text == '/' && text[1] != '\0') {
        size_t size = strcspn(text + 1, "/");
        if (size == 0 || out_path->count == REST_SEGMENTS_MOST) {
            return REST_PATH_UNKNOWN;
        }
        enum rest_path_result result = decode(text + 1, size, out_path, &room);
        if (result != REST_PATH_OK) {
            return result;
        }
        out_path->count++;
        text += size + 1;
    }
    return REST_PATH_OK;
}
