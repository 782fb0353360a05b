/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings: a flag wins over its environment variable, which wins over the default. A wrong value
 * is refused with the name of where it came from.
 */
#include "context.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "duration.h"
#include "token_file.h"

#define VARIABLES_MAX 8
#define VARIABLE_BYTES 48
/* With the pauses between them about a second: a server that restarts is found, one that is not
 * there is told of soon. */
#define HASTY_ATTEMPTS 8

struct servers {
    char **urls;
    size_t count;
};

static void servers_deinit(struct servers *servers) {
    for (size_t i = 0; i < servers->count; i++) {
        free(servers->urls[i]);
    }
    free(servers->urls);
}

/* The full name of an environment variable; stays valid. */
static const char *variable_of(const char *suffix) {
    static char names[VARIABLES_MAX][VARIABLE_BYTES];
    static size_t count;
    char *name = names[count++ % VARIABLES_MAX];
    snprintf(name, VARIABLE_BYTES, "%s%s", ctl_program->variables, suffix);
    return name;
}

/* The value of a flag or of its variable; out_source is how to name where it came from. */
static const char *setting(
    const struct ctl_context *context, const char *flag, const char *suffix,
    const char **out_source) {
    const char *value = ctl_value(context, flag);
    if (value != NULL) {
        *out_source = flag;
        return value;
    }
    *out_source = variable_of(suffix);
    value = getenv(*out_source);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* "--timeout" for a flag, the name alone for a variable: what a complaint starts with. */
static const char *dashes(const char *source) {
    return source[0] >= 'a' ? "--" : "";
}

static enum ctl_exit read_timeout(struct ctl_context *context) {
    const char *source = NULL;
    const char *text = setting(context, "timeout", "TIMEOUT", &source);
    if (text != NULL && !ctl_duration_parse(text, &context->timeout_ms)) {
        return ctl_usage_error(
            "%s%s is \"%s\"; it must be a duration up to 24h like 500ms, 10s, 2m or 1h",
            dashes(source), source, text);
    }
    return CTL_OK;
}

static enum ctl_exit read_output(struct ctl_context *context) {
    const char *source = NULL;
    const char *text = setting(context, "output", "OUTPUT", &source);
    if (text == NULL || strcmp(text, "table") == 0) {
        context->output = CTL_OUTPUT_TABLE;
    } else if (strcmp(text, "json") == 0) {
        context->output = CTL_OUTPUT_JSON;
    } else if (strcmp(text, "ndjson") == 0) {
        context->output = CTL_OUTPUT_NDJSON;
    } else {
        return ctl_usage_error(
            "%s%s is \"%s\"; it must be table, json or ndjson", dashes(source), source, text);
    }
    return CTL_OK;
}

enum ctl_exit ctl_context_init(struct ctl_context *context) {
    context->quiet = ctl_given(context, "quiet");
    enum ctl_exit result = read_timeout(context);
    return result == CTL_OK ? read_output(context) : result;
}

void ctl_context_deinit(struct ctl_context *context) {
    nnrpc_client_free(context->client);
    context->client = NULL;
    ctl_invocation_deinit(&context->invocation);
}

const char *ctl_value(const struct ctl_context *context, const char *flag) {
    return ctl_invocation_value(&context->invocation, flag);
}

bool ctl_given(const struct ctl_context *context, const char *flag) {
    return ctl_invocation_given(&context->invocation, flag);
}

const char *ctl_argument(const struct ctl_context *context, size_t index) {
    const struct ctl_invocation *invocation = &context->invocation;
    return index < invocation->argument_count ? invocation->arguments[index] : NULL;
}

static bool add_server(struct servers *servers, const char *source, const char *url, size_t size) {
    char *copy = ctl_allocate(size + 1, 1);
    memcpy(copy, url, size);
    bool is_ipc = strncmp(copy, "ipc://", 6) == 0 && copy[6] != '\0';
    bool is_tcp = strncmp(copy, "tcp://", 6) == 0 && copy[6] != '\0';
    bool is_ws = strncmp(copy, "ws://", 5) == 0 && copy[5] != '\0';
    if (!is_ipc && !is_tcp && !is_ws) {
        ctl_complain(
            "%s%s has \"%s\"; an address is like ipc:///run/contactd/contactd.sock, "
            "tcp://127.0.0.1:4000 or ws://127.0.0.1:4000",
            dashes(source), source, copy);
        free(copy);
        return false;
    }
    servers->urls = ctl_resize(servers->urls, servers->count + 1, sizeof(*servers->urls));
    servers->urls[servers->count++] = copy;
    return true;
}

static bool add_servers_of_variable(
    struct servers *servers, const char *variable, const char *text) {
    while (*(text += strspn(text, " \t")) != '\0') {
        size_t size = strcspn(text, " \t");
        if (!add_server(servers, variable, text, size)) {
            return false;
        }
        text += size;
    }
    return true;
}

/* The socket of a server that was started in this folder. */
static bool add_default_server(struct servers *servers) {
    const char *socket = ctl_program->default_socket;
    char folder[PATH_MAX];
    struct stat info;
    if (socket == NULL) {
        ctl_complain("which server? Give --server URL or set %s", variable_of("SERVER"));
        return false;
    }
    if (getcwd(folder, sizeof(folder)) == NULL || stat(socket, &info) != 0) {
        ctl_complain(
            "which server? Give --server URL or set %s (there is no ./%s here)",
            variable_of("SERVER"), socket);
        return false;
    }
    char url[PATH_MAX + 64];
    int size = snprintf(url, sizeof(url), "ipc://%s/%s", folder, socket);
    return add_server(servers, "server", url, (size_t)size);
}

static bool find_servers(const struct ctl_context *context, struct servers *out_servers) {
    const struct ctl_invocation *invocation = &context->invocation;
    for (size_t i = 0; i < invocation->given_count; i++) {
        const struct ctl_given *given = &invocation->given[i];
        if (strcmp(given->flag->name, "server") == 0 &&
            !add_server(out_servers, "server", given->value, strlen(given->value))) {
            return false;
        }
    }
    const char *variable = variable_of("SERVER");
    const char *text = getenv(variable);
    if (out_servers->count == 0 && text != NULL &&
        !add_servers_of_variable(out_servers, variable, text)) {
        return false;
    }
    return out_servers->count > 0 || add_default_server(out_servers);
}

enum ctl_exit ctl_connect(struct ctl_context *context, uint32_t default_timeout_ms) {
    NNRPC_CLEANUP(servers_deinit) struct servers servers = {0};
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(ctl_token_release) char *token = NULL;
    const char *source = NULL;
    const char *token_path = setting(context, "token-file", "TOKEN_FILE", &source);
    bool is_patient = default_timeout_ms != 0 || ctl_given(context, "wait");
    if (!find_servers(context, &servers)) {
        return CTL_USAGE;
    }
    if (token_path != NULL && !ctl_token_read(source, token_path, &token)) {
        return CTL_USAGE;
    }
    struct nnrpc_client_options options = {
        .endpoints = (const char *const *)servers.urls,
        .endpoint_count = servers.count,
        .token = token,
        .timeout_ms = context->timeout_ms != 0 ? context->timeout_ms : default_timeout_ms,
        .retry = {.max_attempts = is_patient ? 0 : HASTY_ATTEMPTS},
    };
    enum nnrpc_code code = nnrpc_client_new(&options, &context->client, &status);
    if (code == NNRPC_INVALID_ARGUMENT) {
        return ctl_usage_error("%s", status.message);
    }
    return code == NNRPC_OK ? CTL_OK : ctl_fail(&status);
}

void ctl_fill_mutating(const struct ctl_context *context, ProtobufCMessage *request) {
    const char *id = ctl_value(context, "request-id");
    const ProtobufCFieldDescriptor *id_field =
        protobuf_c_message_descriptor_get_field_by_name(request->descriptor, "request_id");
    const ProtobufCFieldDescriptor *validate_field =
        protobuf_c_message_descriptor_get_field_by_name(request->descriptor, "validate_only");
    if (id != NULL) {
        ctl_text_set((char **)(void *)((char *)request + id_field->offset), id);
    }
    *(protobuf_c_boolean *)(void *)((char *)request + validate_field->offset) =
        ctl_given(context, "validate-only");
}

bool ctl_number(
    const struct ctl_context *context, const char *flag, uint64_t least, uint64_t most,
    uint64_t *out_number) {
    const char *text = ctl_value(context, flag);
    if (text == NULL) {
        return true;
    }
    errno = 0;
    char *end = NULL;
    unsigned long long number = strtoull(text, &end, 10);
    bool is_number = text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
    if (!is_number || number < least || number > most) {
        ctl_complain(
            "--%s is \"%s\"; it must be a whole number from %" PRIu64 " to %" PRIu64, flag, text,
            least, most);
        return false;
    }
    *out_number = number;
    return true;
}

void ctl_remark(const struct ctl_context *context, const char *format, ...) {
    if (context->quiet) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    vfprintf(stderr, format, arguments);
    putc('\n', stderr);
    va_end(arguments);
}
