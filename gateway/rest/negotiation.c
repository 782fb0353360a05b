/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which kinds of content: what the client takes (Accept) and what it sends (Content-Type,
 * Content-Encoding). Here everything is JSON in UTF-8.
 */
#include <string.h>
#include <strings.h>

#include "rest/reading.h"
#include "rest/reasons.h"
#include "rest/url.h"

#define JSON_TYPE "application/json"
#define PATCH_TYPE "application/merge-patch+json"

/* A part of a header's value. */
struct span {
    const char *text;
    size_t size;
};

static struct span trim(const char *text, size_t size) {
    while (size != 0 && (*text == ' ' || *text == '\t')) {
        text++;
        size--;
    }
    while (size != 0 && (text[size - 1] == ' ' || text[size - 1] == '\t')) {
        size--;
    }
    return (struct span){text, size};
}

static bool is_text(struct span span, const char *text) {
    return span.size == strlen(text) && strncasecmp(span.text, text, span.size) == 0;
}

/* Cuts what is before the mark off the front, both sides trimmed. */
static struct span cut(struct span *rest, char mark) {
    const char *at = memchr(rest->text, mark, rest->size);
    size_t size = at == NULL ? rest->size : (size_t)(at - rest->text);
    struct span front = trim(rest->text, size);
    *rest = at == NULL ? (struct span){rest->text + size, 0} : trim(at + 1, rest->size - size - 1);
    return front;
}

/* --- Accept ------------------------------------------------------------------------------- */

/* How closely a media range names JSON: 0 not at all. */
static unsigned int closeness(struct span range) {
    if (is_text(range, JSON_TYPE)) {
        return 3;
    }
    if (is_text(range, "application/*")) {
        return 2;
    }
    return is_text(range, "*/*") ? 1 : 0;
}

/* Whether a range's parameters have a quality of zero: "not this one". */
static bool is_refused(struct span parameters) {
    while (parameters.size != 0) {
        struct span value = cut(&parameters, ';');
        struct span name = cut(&value, '=');
        if (is_text(name, "q")) {
            return value.size != 0 && strspn(value.text, "0.") >= value.size;
        }
    }
    return false;
}

static void weigh(const char *line, unsigned int *closest, bool *is_taken) {
    while (*line != '\0') {
        size_t size = rest_element_size(line);
        struct span parameters = trim(line, size);
        unsigned int close = closeness(cut(&parameters, ';'));
        bool is_wanted = !is_refused(parameters);
        if (close > *closest) {
            *closest = close;
            *is_taken = is_wanted;
        } else if (close != 0 && close == *closest) {
            *is_taken = *is_taken || is_wanted;
        }
        line += size + (line[size] == ',');
    }
}

enum nnrpc_code rest_check_accept(struct rest_reading *reading) {
    unsigned int closest = 0;
    bool is_taken = false;
    bool is_said = false;
    size_t at = 0;
    for (const char *line = rest_headers_next(&reading->headers, REST_ACCEPT, &at); line != NULL;
         line = rest_headers_next(&reading->headers, REST_ACCEPT, &at)) {
        is_said = is_said || *rest_skip_spaces(line) != '\0';
        weigh(line, &closest, &is_taken);
    }
    if (!is_said || is_taken) {
        return NNRPC_OK;
    }
    return nnrpc_fail(
        &reading->status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, REST_REASON_NOT_ACCEPTABLE,
        "Accept leaves out %s, and there is nothing else", JSON_TYPE);
}

/* --- Content ------------------------------------------------------------------------------ */

static enum nnrpc_code refuse_type(struct rest_reading *reading, const char *what) {
    const char *verb = reading->rule->http->verb;
    bool is_patch = strcmp(verb, "PATCH") == 0;
    const char *header = "Accept";
    if (is_patch) {
        header = "Accept-Patch";
    } else if (strcmp(verb, "POST") == 0) {
        header = "Accept-Post";
    }
    http_response_add_header(
        reading->response, header, "%s", is_patch ? PATCH_TYPE ", " JSON_TYPE : JSON_TYPE);
    return nnrpc_fail(
        &reading->status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, REST_REASON_UNSUPPORTED_CONTENT,
        "%s: expected %s%s", what, JSON_TYPE, is_patch ? " or " PATCH_TYPE : "");
}

/* Whether the parameters name no charset, or UTF-8. */
static bool is_utf8(struct span parameters) {
    while (parameters.size != 0) {
        struct span value = cut(&parameters, ';');
        struct span name = cut(&value, '=');
        bool is_quoted =
            value.size >= 2 && value.text[0] == '"' && value.text[value.size - 1] == '"';
        if (is_quoted) {
            value = (struct span){value.text + 1, value.size - 2};
        }
        if (is_text(name, "charset") && !is_text(value, "utf-8") && !is_text(value, "utf8")) {
            return false;
        }
    }
    return true;
}

static enum nnrpc_code check_type(struct rest_reading *reading) {
    const char *sent = reading->headers.values[REST_CONTENT_TYPE];
    if (sent == NULL) {
        return NNRPC_OK;
    }
    if (reading->headers.counts[REST_CONTENT_TYPE] != 1) {
        return refuse_type(reading, "Content-Type stands twice");
    }
    struct span parameters = trim(sent, strlen(sent));
    struct span type = cut(&parameters, ';');
    bool is_patch = strcmp(reading->rule->http->verb, "PATCH") == 0;
    if (type.size != 0 && !is_text(type, JSON_TYPE) && !(is_patch && is_text(type, PATCH_TYPE))) {
        return refuse_type(reading, "the body has another Content-Type");
    }
    return is_utf8(parameters) ? NNRPC_OK : refuse_type(reading, "the body is not in UTF-8");
}

enum nnrpc_code rest_check_content(struct rest_reading *reading) {
    const char *encoding = reading->headers.values[REST_CONTENT_ENCODING];
    bool is_plain = encoding == NULL || (reading->headers.counts[REST_CONTENT_ENCODING] == 1 &&
                                         is_text(trim(encoding, strlen(encoding)), "identity"));
    if (!is_plain) {
        http_response_add_header(reading->response, "Accept-Encoding", "identity");
        return nnrpc_fail(
            &reading->status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, REST_REASON_UNSUPPORTED_CONTENT,
            "the body has a Content-Encoding: expected it as it is");
    }
    return reading->rule->has_body ? check_type(reading) : NNRPC_OK;
}
