/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rate is kept as one time: when the next call is due if all came evenly. A call may come ahead
 * of that by the burst, and moves it on by the interval; so a bucket of tokens needs no refilling.
 */
#include "method_limits.h"

#include <stdlib.h>
#include <string.h>

#include "server_state.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define RATE_LEAST 0.001
#define RATE_MOST 1e9
#define BURST_MOST 1000000
/* Until a call of the many that run ends. */
#define CONCURRENCY_RETRY_AFTER_MS 20
#define RETRY_AFTER_MOST_MS 60000

/* --- What is given ------------------------------------------------------------------------ */

static enum nnrpc_code fail_limit(
    const struct nnrpc_method_limit *limit, const char *problem, struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "INVALID_LIMIT",
        "limit of \"%.100s\": %s", limit->methods, problem);
}

static enum nnrpc_code fail_memory(struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
        "not enough memory for limits");
}

static enum nnrpc_code check_numbers(
    const struct nnrpc_method_limit *limit, struct nnrpc_status *out_status) {
    double rate = limit->calls_per_second;
    if (rate != 0 && !(rate >= RATE_LEAST && rate <= RATE_MOST)) {
        return fail_limit(limit, "the rate must be 0.001 to 1e9 calls a second", out_status);
    }
    if (limit->burst_calls > BURST_MOST) {
        return fail_limit(limit, "the burst must be at most 1,000,000 calls", out_status);
    }
    if (limit->burst_calls != 0 && rate == 0) {
        return fail_limit(limit, "a burst needs a rate", out_status);
    }
    return NNRPC_OK;
}

static enum nnrpc_code check_given(
    const struct nnrpc_method_limit *given, size_t count, struct nnrpc_status *out_status) {
    for (size_t index = 0; index < count; index++) {
        enum nnrpc_code code = check_numbers(&given[index], out_status);
        if (code != NNRPC_OK) {
            return code;
        }
        for (size_t other = 0; other < index; other++) {
            if (strcmp(given[index].methods, given[other].methods) == 0) {
                return fail_limit(&given[index], "it is given twice", out_status);
            }
        }
    }
    return NNRPC_OK;
}

static void free_given(struct nnrpc_method_limit *given, size_t count) {
    for (size_t index = 0; given != NULL && index < count; index++) {
        free((char *)given[index].methods);
    }
    free(given);
}

/* Copies with their names; NULL without memory. */
static struct nnrpc_method_limit *copy_given(const struct nnrpc_method_limit *given, size_t count) {
    struct nnrpc_method_limit *copies = calloc(count + 1, sizeof(*copies));
    for (size_t index = 0; copies != NULL && index < count; index++) {
        copies[index] = given[index];
        copies[index].methods = strdup(given[index].methods);
        if (copies[index].methods == NULL) {
            free_given(copies, index);
            return NULL;
        }
    }
    return copies;
}

/* --- Which methods ------------------------------------------------------------------------ */

/* How closely a limit names a method; 0: not at all. */
static unsigned closeness(const char *methods, const struct nnrpc_target *target) {
    if (strcmp(methods, target->method->name) == 0) {
        return 3;
    }
    size_t service_size = strlen(target->served->service->name);
    if (strncmp(methods, target->served->service->name, service_size) == 0 &&
        strcmp(methods + service_size, "/*") == 0) {
        return 2;
    }
    return strcmp(methods, "*") == 0 ? 1 : 0;
}

static enum nnrpc_code check_names(
    const struct nnrpc_route_table *routes, const struct nnrpc_method_limit *given, size_t count,
    struct nnrpc_status *out_status) {
    for (size_t index = 0; index < count; index++) {
        const struct nnrpc_target *named = NULL;
        for (size_t target = 0; target < routes->target_count && named == NULL; target++) {
            if (closeness(given[index].methods, &routes->targets[target]) > 0) {
                named = &routes->targets[target];
            }
        }
        if (named == NULL) {
            return fail_limit(
                &given[index], "there is no such method: expected PACKAGE.SERVICE/METHOD",
                out_status);
        }
        if (named->served->is_standing && strcmp(given[index].methods, "*") != 0) {
            return fail_limit(&given[index], "this service is answered under any load", out_status);
        }
    }
    return NNRPC_OK;
}

static const struct nnrpc_method_limit *find_closest(
    const struct nnrpc_method_limit *given, size_t count, const struct nnrpc_target *target) {
    const struct nnrpc_method_limit *closest = NULL;
    unsigned best = 0;
    for (size_t index = 0; index < count; index++) {
        unsigned close = closeness(given[index].methods, target);
        if (close > best) {
            closest = &given[index];
            best = close;
        }
    }
    return closest;
}

/* --- Making them hold --------------------------------------------------------------------- */

static void store(atomic_uint_least64_t *target, uint64_t value) {
    atomic_store_explicit(target, value, memory_order_relaxed);
}

static void set_rate(struct nnrpc_limiter *limiter, double rate, uint32_t burst_calls) {
    uint64_t interval_ns = rate == 0 ? 0 : (uint64_t)((double)NS_PER_S / rate);
    uint64_t calls = burst_calls != 0 ? burst_calls : (uint64_t)rate;
    calls = calls > BURST_MOST ? BURST_MOST : calls;
    store(&limiter->burst_ns, calls > 1 ? (calls - 1) * interval_ns : 0);
    store(&limiter->interval_ns, interval_ns);
    store(&limiter->due_ns, 0);
}

static size_t or_any(size_t bytes) {
    return bytes == 0 ? SIZE_MAX : bytes;
}

static void set_limiter(struct nnrpc_limiter *limiter, const struct nnrpc_method_limit *limit) {
    static const struct nnrpc_method_limit none = {0};
    bool is_limited = limit != NULL;
    limit = is_limited ? limit : &none;
    atomic_store_explicit(&limiter->max_calls, limit->max_concurrent_calls, memory_order_relaxed);
    atomic_store_explicit(
        &limiter->max_request_bytes, or_any(limit->max_request_bytes), memory_order_relaxed);
    atomic_store_explicit(
        &limiter->max_reply_bytes, or_any(limit->max_reply_bytes), memory_order_relaxed);
    set_rate(limiter, limit->calls_per_second, limit->burst_calls);
    atomic_store_explicit(&limiter->is_limited, is_limited, memory_order_release);
}

static void set_limiters(
    struct nnrpc_limits *limits, const struct nnrpc_method_limit *given, size_t count) {
    for (size_t index = 0; index < limits->routes->target_count; index++) {
        const struct nnrpc_target *target = &limits->routes->targets[index];
        const struct nnrpc_method_limit *limit = find_closest(given, count, target);
        set_limiter(&limits->limiters[index], target->served->is_standing ? NULL : limit);
    }
}

void nnrpc_limits_init(struct nnrpc_limits *limits) {
    pthread_mutex_init(&limits->lock, NULL);
}

void nnrpc_limits_deinit(struct nnrpc_limits *limits) {
    free_given(limits->given, limits->given_count);
    free(limits->limiters);
    pthread_mutex_destroy(&limits->lock);
}

enum nnrpc_code nnrpc_limits_start(
    struct nnrpc_limits *limits, const struct nnrpc_route_table *routes,
    struct nnrpc_status *out_status) {
    enum nnrpc_code code = check_names(routes, limits->given, limits->given_count, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    limits->limiters = calloc(routes->target_count + 1, sizeof(*limits->limiters));
    if (limits->limiters == NULL) {
        return fail_memory(out_status);
    }
    pthread_mutex_lock(&limits->lock);
    limits->routes = routes;
    set_limiters(limits, limits->given, limits->given_count);
    pthread_mutex_unlock(&limits->lock);
    return NNRPC_OK;
}

static enum nnrpc_code keep_given(
    struct nnrpc_limits *limits, const struct nnrpc_method_limit *given, size_t count,
    struct nnrpc_status *out_status) {
    struct nnrpc_method_limit *copies = copy_given(given, count);
    if (copies == NULL) {
        return fail_memory(out_status);
    }
    free_given(limits->given, limits->given_count);
    limits->given = copies;
    limits->given_count = count;
    return NNRPC_OK;
}

enum nnrpc_code nnrpc_limits_set(
    struct nnrpc_limits *limits, const struct nnrpc_method_limit *given, size_t count,
    struct nnrpc_status *out_status) {
    enum nnrpc_code code = check_given(given, count, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    pthread_mutex_lock(&limits->lock);
    if (limits->routes == NULL) {
        code = keep_given(limits, given, count, out_status);
    } else {
        code = check_names(limits->routes, given, count, out_status);
        if (code == NNRPC_OK) {
            set_limiters(limits, given, count);
        }
    }
    pthread_mutex_unlock(&limits->lock);
    return code;
}

enum nnrpc_code nnrpc_server_set_method_limits(
    struct nnrpc_server *server, const struct nnrpc_method_limit *limits, size_t count,
    struct nnrpc_status *out_status) {
    return nnrpc_limits_set(&server->limits, limits, count, out_status);
}

/* --- Calls -------------------------------------------------------------------------------- */

static enum nnrpc_code fail_limited(
    const char *method, const char *limit, double max, uint64_t retry_after_ms,
    struct nnrpc_status *out_status) {
    bool is_rate = strcmp(limit, "rate") == 0;
    nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "METHOD_LIMITED",
        "%s takes at most %g calls %s: try again in %u ms", method, max,
        is_rate ? "a second" : "at once", (unsigned)retry_after_ms);
    nnrpc_status_add_info(out_status, "limit", "%s", limit);
    nnrpc_status_add_info(out_status, "max", "%g", max);
    nnrpc_status_add_info(out_status, "retry_after_ms", "%u", (unsigned)retry_after_ms);
    return NNRPC_RESOURCE_EXHAUSTED;
}

static bool take_place(struct nnrpc_limiter *limiter, uint32_t max_calls) {
    uint_least32_t calls = atomic_load_explicit(&limiter->calls, memory_order_relaxed);
    while (calls < max_calls) {
        if (atomic_compare_exchange_weak_explicit(
                &limiter->calls, &calls, calls + 1, memory_order_relaxed, memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

/* How long to wait for a call to be in the rate; 0: it is, and has been counted. */
static uint64_t take_token(struct nnrpc_limiter *limiter, uint64_t now_ns) {
    uint64_t interval_ns = atomic_load_explicit(&limiter->interval_ns, memory_order_relaxed);
    uint64_t burst_ns = atomic_load_explicit(&limiter->burst_ns, memory_order_relaxed);
    uint_least64_t due_ns = atomic_load_explicit(&limiter->due_ns, memory_order_relaxed);
    uint64_t next_ns = 0;
    do {
        uint64_t from_ns = due_ns > now_ns ? due_ns : now_ns;
        if (from_ns - now_ns > burst_ns) {
            return from_ns - now_ns - burst_ns;
        }
        next_ns = from_ns + interval_ns;
    } while (interval_ns != 0 &&
             !atomic_compare_exchange_weak_explicit(
                 &limiter->due_ns, &due_ns, next_ns, memory_order_relaxed, memory_order_relaxed));
    return 0;
}

static void give_place_back(struct nnrpc_limiter *limiter) {
    atomic_fetch_sub_explicit(&limiter->calls, 1, memory_order_relaxed);
}

enum nnrpc_code nnrpc_limiter_begin(
    struct nnrpc_limiter *limiter, const char *method, uint64_t now_ns, bool *out_is_counted,
    struct nnrpc_status *out_status) {
    uint32_t max_calls = atomic_load_explicit(&limiter->max_calls, memory_order_relaxed);
    *out_is_counted = false;
    if (max_calls != 0 && !take_place(limiter, max_calls)) {
        return fail_limited(
            method, "concurrency", max_calls, CONCURRENCY_RETRY_AFTER_MS, out_status);
    }
    uint64_t wait_ns = take_token(limiter, now_ns);
    if (wait_ns != 0) {
        if (max_calls != 0) {
            give_place_back(limiter);
        }
        uint64_t interval_ns = atomic_load_explicit(&limiter->interval_ns, memory_order_relaxed);
        uint64_t wait_ms = (wait_ns + NS_PER_MS - 1) / NS_PER_MS;
        return fail_limited(
            method, "rate", interval_ns == 0 ? 0 : (double)NS_PER_S / (double)interval_ns,
            wait_ms > RETRY_AFTER_MOST_MS ? RETRY_AFTER_MOST_MS : wait_ms, out_status);
    }
    *out_is_counted = max_calls != 0;
    return NNRPC_OK;
}

void nnrpc_limits_end(struct nnrpc_call *call) {
    if (call->limited) {
        call->limited = false;
        give_place_back(&call->frame->server->limits.limiters[call->target->index]);
    }
}

size_t nnrpc_limits_max_request(const struct nnrpc_call *call) {
    const struct nnrpc_server *server = call->frame->server;
    const struct nnrpc_limiter *limiter = nnrpc_limits_find(&server->limits, call->target);
    size_t most = server->options.max_request_bytes;
    if (limiter == NULL) {
        return most;
    }
    size_t own = atomic_load_explicit(&limiter->max_request_bytes, memory_order_relaxed);
    return own < most ? own : most;
}

size_t nnrpc_limits_max_reply(const struct nnrpc_call *call) {
    const struct nnrpc_limits *limits = &call->frame->server->limits;
    const struct nnrpc_limiter *limiter =
        call->target == NULL ? NULL : nnrpc_limits_find(limits, call->target);
    return limiter == NULL ? SIZE_MAX
                           : atomic_load_explicit(&limiter->max_reply_bytes, memory_order_relaxed);
}
