/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token create, list, revoke: on the tokens file itself, without a server.
 */
#include <stdio.h>

#include "context.h"
#include "nnrpc/crypto.h"
#include "nnrpc/tokens.h"
#include "output.h"
#include "table.h"
#include "terminal.h"
#include "verbs.h"

/* A wrong name, role or file is a matter of the command line. */
static enum ctl_exit fail_tokens(const struct nnrpc_status *status) {
    enum ctl_exit result = ctl_fail(status);
    return result == CTL_REFUSED ? CTL_USAGE : result;
}

static void tokens_freep(struct nnrpc_tokens **tokens) {
    nnrpc_tokens_free(*tokens);
}

static const char *tokens_path(const struct ctl_context *context) {
    const char *path = ctl_value(context, "tokens");
    if (path == NULL) {
        ctl_complain("which tokens file? Give --tokens FILE");
    }
    return path;
}

enum ctl_exit ctl_token_create(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    const char *path = tokens_path(context);
    const char *role = ctl_value(context, "role");
    char token[NNRPC_TOKEN_TEXT_BYTES];
    if (path == NULL) {
        return CTL_USAGE;
    }
    if (role == NULL) {
        return ctl_usage_error("what may the token do? Give --role reader, writer or admin");
    }
    if (nnrpc_tokens_create(
            path, ctl_argument(context, 0), nnrpc_role_from_name(role), token, &status) !=
        NNRPC_OK) {
        return fail_tokens(&status);
    }
    int written = printf("%s\n", token);
    nnrpc_wipe(token, sizeof(token));
    if (written < 0 || fflush(stdout) != 0) {
        return ctl_fail_errno("the token was made but cannot be written; revoke it");
    }
    ctl_remark(
        context, "This is the only time that the token is shown; the server reads %s on SIGHUP",
        path);
    return CTL_OK;
}

enum ctl_exit ctl_token_revoke(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    const char *path = tokens_path(context);
    if (path == NULL) {
        return CTL_USAGE;
    }
    if (nnrpc_tokens_revoke(path, ctl_argument(context, 0), &status) != NNRPC_OK) {
        return fail_tokens(&status);
    }
    ctl_remark(
        context, "Token %s is revoked once the server has read %s again (SIGHUP)",
        ctl_argument(context, 0), path);
    return CTL_OK;
}

static void append_table(const struct nnrpc_tokens *tokens, struct nnrpc_buffer *out) {
    static const struct ctl_column COLUMNS[] = {{.title = "NAME"}, {.title = "ROLE"}};
    NNRPC_CLEANUP(ctl_table_freep)
    struct ctl_table *table =
        ctl_table_new(COLUMNS, NNRPC_LENGTH(COLUMNS), ctl_terminal_width(stdout));
    for (size_t i = 0; i < nnrpc_tokens_count(tokens); i++) {
        const struct nnrpc_token *token = nnrpc_tokens_at(tokens, i);
        ctl_table_add(table, token->name);
        ctl_table_add(table, nnrpc_role_name(token->role));
    }
    ctl_table_flush(table, out);
}

/* Names are of [A-Za-z0-9._-], so they stand in JSON as they are. */
static void append_json(
    const struct nnrpc_tokens *tokens, bool is_array, struct nnrpc_buffer *out) {
    size_t count = nnrpc_tokens_count(tokens);
    nnrpc_buffer_append_text(out, is_array ? (count > 0 ? "[\n" : "[") : "");
    for (size_t i = 0; i < count; i++) {
        const struct nnrpc_token *token = nnrpc_tokens_at(tokens, i);
        nnrpc_buffer_append_format(
            out, "%s{\"name\":\"%s\",\"role\":\"%s\"}%s\n", is_array ? "  " : "", token->name,
            nnrpc_role_name(token->role), is_array && i + 1 < count ? "," : "");
    }
    nnrpc_buffer_append_text(out, is_array ? "]\n" : "");
}

enum ctl_exit ctl_token_list(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    NNRPC_CLEANUP(tokens_freep) struct nnrpc_tokens *tokens = NULL;
    const char *path = tokens_path(context);
    if (path == NULL) {
        return CTL_USAGE;
    }
    if (nnrpc_tokens_load(path, &tokens, &status) != NNRPC_OK) {
        return fail_tokens(&status);
    }
    if (context->output == CTL_OUTPUT_TABLE) {
        append_table(tokens, &out);
    } else {
        append_json(tokens, context->output == CTL_OUTPUT_JSON, &out);
    }
    return ctl_output_bytes(&out);
}
