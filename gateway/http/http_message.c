/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers of requests and answers.
 */
#include "http_message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FIRST_TEXT_BYTES 512 /* all headers of a usual answer */

const char *http_request_header(const struct http_request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, name) == 0) {
            return request->headers[i].value;
        }
    }
    return NULL;
}

size_t http_request_count_header(const struct http_request *request, const char *name) {
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        count += strcasecmp(request->headers[i].name, name) == 0;
    }
    return count;
}

static bool is_tag(const char *entry, size_t length, const char *etag) {
    if (length > 2 && strncmp(entry, "W/", 2) == 0) {
        entry += 2;
        length -= 2;
    }
    return (length == strlen(etag) && memcmp(entry, etag, length) == 0) ||
           (length == 1 && *entry == '*');
}

bool http_etag_is_listed(const char *list, const char *etag) {
    while (*list != '\0') {
        list += strspn(list, " \t,");
        size_t length = strcspn(list, ",");
        const char *next = list + length;
        while (length > 0 && strchr(" \t", list[length - 1]) != NULL) {
            length--;
        }
        if (is_tag(list, length, etag)) {
            return true;
        }
        list = next;
    }
    return false;
}

void http_response_deinit(struct http_response *response) {
    nnrpc_buffer_deinit(&response->body);
    free(response->header_text);
    response->header_text = NULL;
    response->header_text_size = 0;
    response->header_text_capacity = 0;
    response->header_count = 0;
    response->status = 0;
    response->content_type = NULL;
    response->constant_body = NULL;
    response->constant_body_size = 0;
    response->failed = false;
}

/* What would end the line or confuse a terminal goes. */
static void drop_controls(char *text) {
    char *kept = text;
    for (const char *next = text; *next != '\0'; next++) {
        if ((unsigned char)*next >= ' ' && *next != 0x7f) {
            *kept++ = *next;
        }
    }
    *kept = '\0';
}

/* Makes room for more text; what is there may move. */
static bool reserve_text(struct http_response *response, size_t size) {
    size_t needed = response->header_text_size + size;
    if (needed <= response->header_text_capacity) {
        return true;
    }
    size_t capacity = needed <= FIRST_TEXT_BYTES ? FIRST_TEXT_BYTES : 2 * needed;
    char *text = malloc(capacity);
    if (text == NULL) {
        return false;
    }
    for (size_t i = 0; i < response->header_count; i++) {
        response->headers[i].value = text + (response->headers[i].value - response->header_text);
    }
    if (response->header_text_size != 0) {
        memcpy(text, response->header_text, response->header_text_size);
    }
    free(response->header_text);
    response->header_text = text;
    response->header_text_capacity = capacity;
    return true;
}

/* Formats at the end of the text; NULL when memory is short. */
NNRPC_PRINTF(2, 0)
static char *append_text(struct http_response *response, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    bool is_fine = reserve_text(response, 1);
    char *value = is_fine ? response->header_text + response->header_text_size : NULL;
    size_t room = response->header_text_capacity - response->header_text_size;
    int length = is_fine ? vsnprintf(value, room, format, arguments) : -1;
    if (length >= 0 && (size_t)length >= room) {
        is_fine = reserve_text(response, (size_t)length + 1);
        value = is_fine ? response->header_text + response->header_text_size : NULL;
        length = is_fine ? vsnprintf(value, (size_t)length + 1, format, again) : -1;
    }
    va_end(again);
    if (length < 0) {
        return NULL;
    }
    response->header_text_size += (size_t)length + 1;
    return value;
}

void http_response_add_header(
    struct http_response *response, const char *name, const char *format, ...) {
    if (response->header_count == HTTP_RESPONSE_HEADERS) {
        response->failed = true;
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    char *value = append_text(response, format, arguments);
    va_end(arguments);
    if (value == NULL) {
        response->failed = true;
        return;
    }
    drop_controls(value);
    response->headers[response->header_count++] =
        (struct http_response_header){.name = name, .value = value};
}

const char *http_response_header(const struct http_response *response, const char *name) {
    for (size_t i = 0; i < response->header_count; i++) {
        if (strcasecmp(response->headers[i].name, name) == 0) {
            return response->headers[i].value;
        }
    }
    return NULL;
}
