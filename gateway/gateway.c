/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening: tables, documents, counters. What can be found wrong is found here, before anybody
 * calls.
 */
#include "gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nnrpc/crypto.h"
#include "openapi/openapi.h"
#include "services.h"

/* Labels of what is not REST; the others are names of methods. */
static const char *const standing_labels[] = {"page",   "openapi", "healthz",
                                              "readyz", "metrics", "unknown"};

static enum nnrpc_code fail_memory(struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
        "not enough memory to start");
}

/* --- The token for statistics ----------------------------------------------------------------- */

static enum nnrpc_code fail_token(
    const char *path, const char *problem, struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "TOKENS_FILE", "%s: %s", path, problem);
}

static void close_fd(const int *fd) {
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

/* Reads a file that nobody else may read, and of it what stands before the first blank. */
static enum nnrpc_code read_token(
    struct gateway *gateway, const char *path, struct nnrpc_status *out_status) {
    struct stat about;
    if (path == NULL) {
        return NNRPC_OK;
    }
    NNRPC_CLEANUP(close_fd) const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0) {
        return fail_token(path, strerror(errno), out_status);
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return fail_token(path, "others may read it: chmod 600", out_status);
    }
    ssize_t size = read(fd, gateway->stats_token, sizeof(gateway->stats_token) - 1);
    if (size < 0) {
        return fail_token(path, strerror(errno), out_status);
    }
    gateway->stats_token[size] = '\0';
    gateway->stats_token[strcspn(gateway->stats_token, " \t\r\n")] = '\0';
    return gateway->stats_token[0] == '\0' ? fail_token(path, "has no token", out_status)
                                           : NNRPC_OK;
}

/* --- Counters and documents --------------------------------------------------------------------
 */

static size_t count_methods(void) {
    size_t count = 0;
    for (size_t i = 0; i < gateway_service_count; i++) {
        count += gateway_services[i]->method_count;
    }
    return count;
}

static enum nnrpc_code open_metrics(struct gateway *gateway, struct nnrpc_status *out_status) {
    size_t count = 0;
    gateway->labels =
        calloc(count_methods() + NNRPC_LENGTH(standing_labels), sizeof(*gateway->labels));
    if (gateway->labels == NULL) {
        return fail_memory(out_status);
    }
    for (size_t i = 0; i < NNRPC_LENGTH(standing_labels); i++) {
        gateway->labels[count++] = standing_labels[i];
    }
    for (size_t i = 0; i < gateway_service_count; i++) {
        for (size_t j = 0; j < gateway_services[i]->method_count; j++) {
            const struct nnrpc_method *method = &gateway_services[i]->methods[j];
            if (method->http_rule_count > 0) {
                gateway->labels[count++] = method->name;
            }
        }
    }
    const struct metrics_options options = {
        .labels = gateway->labels,
        .label_count = count,
        .version = CONTACTS_VERSION,
        .stats_token = gateway->stats_token[0] == '\0' ? NULL : gateway->stats_token,
    };
    return metrics_new(&options, &gateway->metrics, out_status);
}

static enum nnrpc_code open_description(struct gateway *gateway, struct nnrpc_status *out_status) {
    const struct openapi_info info = {
        .title = "Contacts",
        .version = CONTACTS_VERSION,
        .description =
            "Customer contacts over HTTP with JSON. A **direct** contact belongs to one customer "
            "and goes when the customer goes; a **shared** one belongs to none and is linked to "
            "many.",
    };
    enum nnrpc_code code = openapi_write(
        gateway_services, gateway_service_count, &info, &gateway->openapi, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    uint8_t digest[NNRPC_DIGEST_BYTES];
    uint64_t number = 0;
    nnrpc_digest(gateway->openapi.data, gateway->openapi.size, digest);
    memcpy(&number, digest, sizeof(number));
    snprintf(gateway->openapi_etag, sizeof(gateway->openapi_etag), "\"%016" PRIx64 "\"", number);
    return NNRPC_OK;
}

enum nnrpc_code gateway_open(
    struct gateway *gateway, const struct gateway_config *config, struct nnrpc_status *out_status) {
    atomic_store(&gateway->slow_request_ns, config->slow_request_ms * UINT64_C(1000000));
    enum nnrpc_code code = read_token(gateway, config->stats_token_file, out_status);
    if (code == NNRPC_OK) {
        code = rest_table_new(gateway_services, gateway_service_count, &gateway->rest, out_status);
    }
    if (code == NNRPC_OK) {
        code = open_description(gateway, out_status);
    }
    return code == NNRPC_OK ? open_metrics(gateway, out_status) : code;
}

void gateway_close(struct gateway *gateway) {
    metrics_free(gateway->metrics);
    nnrpc_buffer_deinit(&gateway->openapi);
    rest_table_free(gateway->rest);
    free(gateway->labels);
    explicit_bzero(gateway->stats_token, sizeof(gateway->stats_token));
}
