/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions on etags. A condition is kept or refused, never passed over.
 */
#include "rest/conditions.h"

#include <string.h>

#include "rest/reading.h"
#include "rest/reasons.h"
#include "rest/url.h"

struct tag {
    bool is_any; /* "*" */
    bool is_weak;
    const char *text; /* without quotes */
    size_t size;
};

/* Reads the tag at the front and the comma behind it; false when there is none. */
static bool next_tag(const char **at, struct tag *out_tag) {
    const char *text = rest_skip_spaces(*at);
    *out_tag = (struct tag){0};
    if (*text == '*') {
        out_tag->is_any = true;
        text++;
    } else {
        out_tag->is_weak = text[0] == 'W' && text[1] == '/';
        text += out_tag->is_weak ? 2 : 0;
        size_t size = *text == '"' ? strcspn(text + 1, "\"") : 0;
        if (*text != '"' || text[size + 1] != '"') {
            return false;
        }
        out_tag->text = text + 1;
        out_tag->size = size;
        text += size + 2;
    }
    text = rest_skip_spaces(text);
    if (*text != '\0' && *text != ',') {
        return false;
    }
    *at = text + (*text == ',');
    return true;
}

/* What a header's tags are, all of its lines. */
struct tags {
    size_t count;
    bool is_malformed;
    bool is_any;       /* "*", alone */
    bool is_matched;   /* one of them is the etag, by strong comparison */
    bool is_like;      /* by weak comparison */
    struct tag single; /* the last one */
};

static struct tags read_tags(
    const struct rest_headers *headers, enum rest_header header, const char *etag) {
    struct tags tags = {0};
    size_t at = 0;
    for (const char *line = rest_headers_next(headers, header, &at); line != NULL;
         line = rest_headers_next(headers, header, &at)) {
        line = rest_skip_spaces(line);
        while (*line != '\0' && !tags.is_malformed) {
            struct tag tag;
            tags.is_malformed = !next_tag(&line, &tag);
            if (tags.is_malformed) {
                break;
            }
            bool is_same = !tag.is_any && tag.size == strlen(etag) && tag.size != 0 &&
                           memcmp(tag.text, etag, tag.size) == 0;
            tags.count++;
            tags.is_any = tags.is_any || tag.is_any;
            tags.is_like = tags.is_like || is_same;
            tags.is_matched = tags.is_matched || (is_same && !tag.is_weak);
            tags.single = tag;
            line = rest_skip_spaces(line);
        }
    }
    bool is_mixed = tags.is_any && tags.count != 1;
    tags.is_malformed = tags.is_malformed || is_mixed || tags.count == 0;
    return tags;
}

static enum nnrpc_code fail_header(
    struct rest_reading *reading, enum rest_header header, const char *what) {
    return nnrpc_fail(
        &reading->status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, REST_REASON_INVALID_HEADER,
        "%s: %s", rest_header_name(header), what);
}

/* The etag that a change demands goes to the server, which compares it in its transaction. */
static enum nnrpc_code demand(struct rest_reading *reading, const struct tags *tags) {
    const struct rest_rule *rule = reading->rule;
    char etag[256];
    if (!rule->has_precondition) {
        return fail_header(reading, REST_IF_MATCH, "this request has no etag to compare");
    }
    if (tags->is_any) {
        return NNRPC_OK;
    }
    if (tags->count != 1 || tags->single.size == 0 || tags->single.size >= sizeof(etag)) {
        return fail_header(reading, REST_IF_MATCH, "expected one etag");
    }
    if (tags->single.is_weak) {
        return nnrpc_fail(
            &reading->status, NNRPC_FAILED_PRECONDITION, NNRPC_DOMAIN,
            REST_REASON_PRECONDITION_FAILED, "If-Match: a weak etag matches nothing");
    }
    memcpy(etag, tags->single.text, tags->single.size);
    etag[tags->single.size] = '\0';
    enum nnrpc_code code =
        rest_check_agreement(reading, &rule->precondition, etag, "If-Match says otherwise");
    return code != NNRPC_OK ? code
                            : rest_set_field(reading, &rule->precondition, etag, tags->single.size);
}

enum nnrpc_code rest_read_conditions(struct rest_reading *reading) {
    const struct rest_headers *headers = &reading->headers;
    bool is_read = strcmp(reading->rule->http->verb, "GET") == 0;
    if (headers->counts[REST_IF_NONE_MATCH] != 0) {
        if (!is_read) {
            return fail_header(reading, REST_IF_NONE_MATCH, "it is for GET and HEAD");
        }
        if (read_tags(headers, REST_IF_NONE_MATCH, "").is_malformed) {
            return fail_header(reading, REST_IF_NONE_MATCH, "expected etags in quotes, or *");
        }
    }
    if (headers->counts[REST_IF_MATCH] == 0) {
        return NNRPC_OK;
    }
    reading->call->has_if_match = true;
    struct tags tags = read_tags(headers, REST_IF_MATCH, "");
    if (tags.is_malformed) {
        return fail_header(reading, REST_IF_MATCH, "expected an etag in quotes, or *");
    }
    if (!is_read) {
        return demand(reading, &tags);
    }
    bool can_compare = reading->rule->etag_index >= 0;
    return can_compare ? NNRPC_OK
                       : fail_header(reading, REST_IF_MATCH, "the answer has no etag to compare");
}

enum rest_condition rest_check_conditions(const struct rest_headers *headers, const char *etag) {
    if (headers->counts[REST_IF_MATCH] != 0) {
        struct tags tags = read_tags(headers, REST_IF_MATCH, etag);
        if (!tags.is_any && !tags.is_matched) {
            return REST_CONDITION_FAILED;
        }
    }
    if (headers->counts[REST_IF_NONE_MATCH] != 0) {
        struct tags tags = read_tags(headers, REST_IF_NONE_MATCH, etag);
        if (tags.is_any || tags.is_like) {
            return REST_CONDITION_NOT_MODIFIED;
        }
    }
    return REST_CONDITION_MET;
}
