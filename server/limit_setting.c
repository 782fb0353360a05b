/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The setting "limit": METHODS KEY=NUMBER..., checked against the methods that contactd has.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "contacts/v1/admin_service.nnrpc.h"
#include "contacts/v1/change_service.nnrpc.h"
#include "contacts/v1/contact_service.nnrpc.h"
#include "contacts/v1/customer_service.nnrpc.h"
#include "contacts/v1/preset_service.nnrpc.h"
#include "nnrpc/v1/reflection_service.nnrpc.h"
#include "nnrpc/v1/stats_service.nnrpc.h"
#include "settings.h"

#define RATE_LEAST 0.001
#define RATE_MOST 1e9
#define CALLS_MOST 1000000
#define BYTES_MOST (UINT64_C(1) << 30)

static const struct nnrpc_service *const services[] = {
    &admin_service_service,    &change_service_service, &contact_service_service,
    &customer_service_service, &preset_service_service, &reflection_service_service,
    &stats_service_service,
};

/* Whether a service or one of its methods is meant. */
static bool is_named(const struct nnrpc_service *service, const char *methods) {
    size_t size = strlen(service->name);
    if (strncmp(methods, service->name, size) == 0 && strcmp(methods + size, "/*") == 0) {
        return true;
    }
    for (size_t i = 0; i < service->method_count; i++) {
        if (strcmp(service->methods[i].name, methods) == 0) {
            return true;
        }
    }
    return false;
}

static bool are_methods(const char *methods) {
    for (size_t i = 0; i < NNRPC_LENGTH(services); i++) {
        if (is_named(services[i], methods)) {
            return true;
        }
    }
    return strcmp(methods, "*") == 0;
}

static bool read_rate(const char *value, double *out_rate) {
    char *end = NULL;
    errno = 0;
    double rate = strtod(value, &end);
    if (errno != 0 || end == value || *end != '\0' || !(rate >= RATE_LEAST && rate <= RATE_MOST)) {
        return false;
    }
    *out_rate = rate;
    return true;
}

/* Reads one KEY=NUMBER; false when it is none. */
static bool read_pair(struct nnrpc_method_limit *limit, const char *key, const char *value) {
    uint64_t number = 0;
    if (strcmp(key, "rate") == 0) {
        return read_rate(value, &limit->calls_per_second);
    }
    bool is_size = strcmp(key, "max-request-bytes") == 0 || strcmp(key, "max-reply-bytes") == 0;
    if (!setting_read_size(value, 1, is_size ? BYTES_MOST : CALLS_MOST, &number)) {
        return false;
    }
    if (strcmp(key, "concurrency") == 0) {
        limit->max_concurrent_calls = (uint32_t)number;
    } else if (strcmp(key, "burst") == 0) {
        limit->burst_calls = (uint32_t)number;
    } else if (strcmp(key, "max-request-bytes") == 0) {
        limit->max_request_bytes = number;
    } else if (strcmp(key, "max-reply-bytes") == 0) {
        limit->max_reply_bytes = number;
    } else {
        return false;
    }
    return true;
}

static bool read_pairs(
    struct settings_problem *problem, const char *place, char *rest,
    struct nnrpc_method_limit *limit) {
    char *next = NULL;
    for (char *word = strtok_r(rest, " \t", &next); word != NULL;
         word = strtok_r(NULL, " \t", &next)) {
        char *equals = strchr(word, '=');
        if (equals != NULL) {
            *equals = '\0';
        }
        if (equals == NULL || !read_pair(limit, word, equals + 1)) {
            return settings_refuse(
                problem, place,
                "\"%s%s%s\" is none of concurrency=N, rate=N, burst=N, max-request-bytes=SIZE and "
                "max-reply-bytes=SIZE, with a number that can be",
                word, equals == NULL ? "" : "=", equals == NULL ? "" : equals + 1);
        }
    }
    return limit->burst_calls == 0 || limit->calls_per_second != 0 ||
           settings_refuse(problem, place, "burst needs rate");
}

static bool check_methods(
    const struct contactd_config *config, struct settings_problem *problem, const char *place,
    const char *methods) {
    if (!are_methods(methods)) {
        return settings_refuse(
            problem, place,
            "this server has no method \"%s\": expected PACKAGE.SERVICE/METHOD, .../* or *",
            methods);
    }
    for (size_t i = 0; i < config->limits.count; i++) {
        if (strcmp(config->limits.limits[i].methods, methods) == 0) {
            return settings_refuse(problem, place, "\"%s\" is limited twice", methods);
        }
    }
    return config->limits.count < CONTACTD_LIMITS_MOST ||
           settings_refuse(problem, place, "more than %d limits", CONTACTD_LIMITS_MOST);
}

bool contactd_limit_read(
    const struct setting *setting, void *config, struct settings_problem *problem,
    const char *place, const char *value) {
    struct contactd_limits *limits = (struct contactd_limits *)((char *)config + setting->offset);
    char *words = strdup(value);
    char *text = strdup(value);
    if (words == NULL || text == NULL) {
        free(words);
        free(text);
        return settings_refuse(problem, place, "not enough memory");
    }
    size_t size = strcspn(words, " \t");
    char *rest = words[size] == '\0' ? words + size : words + size + 1;
    words[size] = '\0';
    struct nnrpc_method_limit limit = {.methods = words};
    if (!check_methods(config, problem, place, words) ||
        !read_pairs(problem, place, rest, &limit)) {
        free(words);
        free(text);
        return false;
    }
    limits->texts[limits->count] = text;
    limits->limits[limits->count++] = limit;
    return true;
}

void contactd_limit_format(const void *config, struct nnrpc_buffer *out) {
    const struct contactd_limits *limits = &((const struct contactd_config *)config)->limits;
    for (size_t i = 0; i < limits->count; i++) {
        setting_format_item(out, limits->texts[i]);
    }
}
