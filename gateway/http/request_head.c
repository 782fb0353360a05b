/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks by RFC 9110 and RFC 9112.
 */
#include "request_head.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define METHOD_BYTES_MOST 32
#define LENGTH_DIGITS_MOST 18

static const struct request_problem fine = {0};

static struct request_problem refuse(unsigned http_status, const char *message) {
    return (struct request_problem){.http_status = http_status, .message = message};
}

/* --- Characters --------------------------------------------------------------------------- */

static bool is_token(const char *text) {
    size_t length = 0;
    for (; text[length] != '\0'; length++) {
        if (!isalnum((unsigned char)text[length]) &&
            strchr("!#$%&'*+-.^_`|~", text[length]) == NULL) {
            return false;
        }
    }
    return length > 0;
}

static bool is_field_value(const char *text) {
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_target(const char *text) {
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte <= ' ' || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

/* --- The parts ---------------------------------------------------------------------------- */

static struct request_problem check_line(const struct request_head *head) {
    if (!is_token(head->request->method) || strlen(head->request->method) > METHOD_BYTES_MOST) {
        return refuse(400, "the method is not one");
    }
    if (!is_target(head->target)) {
        return refuse(400, "the request's target has a blank or a control character");
    }
    return fine;
}

static struct request_problem check_headers(const struct http_request *request) {
    for (size_t i = 0; i < request->header_count; i++) {
        if (!is_token(request->headers[i].name)) {
            return refuse(400, "a header's name is not one");
        }
        if (!is_field_value(request->headers[i].value)) {
            return refuse(400, "a header's value has a control character");
        }
    }
    return fine;
}

/* Where a host stands, what ends it in a URL, or begins something else, could make two of it. */
static bool is_authority(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte <= ' ' || byte == 0x7f || strchr("/?#@\\", byte) != NULL) {
            return false;
        }
    }
    return true;
}

static struct request_problem check_host(const struct request_head *head) {
    size_t hosts = http_request_count_header(head->request, "Host");
    if (hosts > 1 || (hosts == 0 && strcmp(head->version, "HTTP/1.0") != 0)) {
        return refuse(400, "one Host header is expected");
    }
    const char *host = http_request_header(head->request, "Host");
    if (host != NULL && !is_authority(host, strlen(host))) {
        return refuse(400, "Host is not a host and a port");
    }
    return fine;
}

static bool read_length(const char *text, uint64_t *out_length) {
    size_t length = strlen(text);
    uint64_t value = 0;
    if (length == 0 || length > LENGTH_DIGITS_MOST || strspn(text, "0123456789") != length) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    *out_length = value;
    return true;
}

static struct request_problem check_chunked(const struct request_head *head, size_t encodings) {
    const char *encoding = http_request_header(head->request, "Transfer-Encoding");
    if (strcmp(head->version, "HTTP/1.0") == 0) {
        return refuse(400, "HTTP/1.0 has no Transfer-Encoding");
    }
    if (encodings > 1 || strcasecmp(encoding, "chunked") != 0) {
        return refuse(501, "of transfer encodings only chunked is understood");
    }
    return fine;
}

/* Two lengths, or a length beside chunks, are how a request hides in another's body. */
static struct request_problem check_length(const struct request_head *head, uint64_t *out_size) {
    const struct http_request *request = head->request;
    size_t lengths = http_request_count_header(request, "Content-Length");
    size_t encodings = http_request_count_header(request, "Transfer-Encoding");
    if (lengths > 1 || (lengths == 1 && encodings > 0)) {
        return refuse(400, "the body's length is given twice");
    }
    if (encodings > 0) {
        *out_size = REQUEST_HEAD_NO_LENGTH;
        return check_chunked(head, encodings);
    }
    *out_size = 0;
    if (lengths == 1 && !read_length(http_request_header(request, "Content-Length"), out_size)) {
        return refuse(400, "Content-Length is not a number");
    }
    return fine;
}

struct request_problem request_head_check(
    const struct request_head *head, uint64_t *out_body_size) {
    *out_body_size = 0;
    struct request_problem problem = check_line(head);
    if (problem.http_status == 0) {
        problem = check_headers(head->request);
    }
    if (problem.http_status == 0) {
        problem = check_host(head);
    }
    return problem.http_status == 0 ? check_length(head, out_body_size) : problem;
}

/* --- The target --------------------------------------------------------------------------- */

/* Where the path of the absolute form begins, NULL when it is not that form. */
static char *skip_authority(char *target) {
    size_t scheme = strncasecmp(target, "http://", 7) == 0    ? 7
                    : strncasecmp(target, "https://", 8) == 0 ? 8
                                                              : 0;
    size_t size = strcspn(target + scheme, "/?");
    bool is_host = scheme != 0 && size != 0 && is_authority(target + scheme, size);
    return is_host ? target + scheme + size : NULL;
}

bool request_target_split(char *target, const char **out_path, const char **out_query) {
    char *path = target[0] == '/' || strcmp(target, "*") == 0 ? target : skip_authority(target);
    if (path == NULL) {
        return false;
    }
    char *question = strchr(path, '?');
    *out_query = question == NULL ? path + strlen(path) : question + 1;
    *out_path = path == question || *path == '\0' ? "/" : path;
    if (question != NULL) {
        *question = '\0';
    }
    return true;
}
