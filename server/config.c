/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contactd's configuration: its defaults, and what flags and file say taken together.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nnrpc/queue_delay.h"
#include "settings.h"

#define SLOW_CALL_MS 1000

static void fill_defaults(struct contactd_config *config) {
    if (config->listen.count == 0 &&
        asprintf(&config->listen.texts[0], "ipc://%s/contactd.sock", config->data) > 0) {
        config->listen.count = 1;
    }
    if (config->backups == NULL && asprintf(&config->backups, "%s/backups", config->data) < 0) {
        config->backups = NULL;
    }
}

/* Whoever can connect elsewhere than over ipc needs a token, unless everyone is welcome. */
static bool check_tokens(struct contactd_config *config, const struct setting_texts *given) {
    for (size_t i = 0; i < given->count; i++) {
        bool is_ipc = strncmp(given->texts[i], "ipc://", 6) == 0;
        if (!is_ipc && config->tokens == NULL && !config->insecure) {
            return settings_refuse(
                &config->problem, given->texts[i],
                "needs --tokens FILE, since any process can connect there (--insecure serves it "
                "to everyone all the same)");
        }
    }
    return true;
}

static bool finish(struct contactd_config *config) {
    if (config->data == NULL) {
        return settings_refuse(
            &config->problem, "--data", "is missing: expected the folder of the store");
    }
    if (!setting_make_absolute(&config->data, &config->problem)) {
        return false;
    }
    fill_defaults(config);
    return setting_make_absolute(&config->backups, &config->problem) &&
           check_tokens(config, &config->listen) && check_tokens(config, &config->admin_listen);
}

static bool read_all(int argc, char **argv, bool is_again, struct contactd_config *out_config) {
    *out_config = (struct contactd_config){
        .log_level = DAEMON_LOG_INFO,
        .slow_call_ms = SLOW_CALL_MS,
        .queue_target_ms = NNRPC_DEFAULT_QUEUE_TARGET_MS};
    return settings_read(
               &contactd_program, argc, argv, is_again, out_config, &out_config->problem) &&
           finish(out_config);
}

void contactd_config_read(int argc, char **argv, struct contactd_config *out_config) {
    if (!read_all(argc, argv, false, out_config)) {
        fprintf(stderr, "contactd: %s\n", out_config->problem.text);
        exit(SETTINGS_EXIT_USAGE);
    }
}

bool contactd_config_read_again(int argc, char **argv, struct contactd_config *out_config) {
    return read_all(argc, argv, true, out_config);
}

void contactd_config_compare(
    const struct contactd_config *before, const struct contactd_config *after,
    settings_visit *visit, void *self) {
    settings_compare(&contactd_program, before, after, visit, self);
}

void contactd_config_deinit(struct contactd_config *config) {
    free(config->data);
    free(config->tokens);
    free(config->backups);
    free(config->restore);
    setting_texts_deinit(&config->listen);
    setting_texts_deinit(&config->admin_listen);
    for (size_t i = 0; i < config->limits.count; i++) {
        free((char *)config->limits.limits[i].methods);
        free(config->limits.texts[i]);
    }
}
