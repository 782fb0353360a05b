/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The default preset catalogue. All values are queued at once, so they become durable as a few
 * groups.
 */
#include "defaults.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "contacts/v1/preset_service.pb-c.h"
#include "presets/default_presets.h"
#include "reason.h"

struct loading {
    pthread_mutex_t lock;
    pthread_cond_t done;
    size_t waiting;
    struct nnrpc_status *status; /* the first failure */
};

struct put {
    struct store_write write;
    Contacts__V1__PutPresetValueRequest request;
    struct loading *loading;
};

static void put_done(struct store_write *write, const struct store_outcome *outcome) {
    struct loading *loading = ((struct put *)write)->loading;
    pthread_mutex_lock(&loading->lock);
    if (outcome->status->code != NNRPC_OK && loading->status->code == NNRPC_OK) {
        nnrpc_status_copy(loading->status, outcome->status);
    }
    loading->waiting--;
    pthread_cond_signal(&loading->done);
    pthread_mutex_unlock(&loading->lock);
}

static enum nnrpc_code submit_put(
    struct store *store, struct loading *loading, struct put *put,
    const struct contacts_default_preset *preset, struct nnrpc_status *out_status) {
    *put = (struct put){
        .request = CONTACTS__V1__PUT_PRESET_VALUE_REQUEST__INIT,
        .write = {.act = STORE_PUT_PRESET_VALUE, .caller = "", .request_id = "", .done = put_done},
        .loading = loading,
    };
    put->request.field = (char *)preset->field;
    put->request.name = (char *)preset->name;
    put->write.request = &put->request.base;
    pthread_mutex_lock(&loading->lock);
    loading->waiting++;
    pthread_mutex_unlock(&loading->lock);
    enum nnrpc_code code = store_submit(store, &put->write, out_status);
    if (code != NNRPC_OK) {
        pthread_mutex_lock(&loading->lock);
        loading->waiting--;
        pthread_mutex_unlock(&loading->lock);
    }
    return code;
}

static void wait_for_puts(struct loading *loading) {
    pthread_mutex_lock(&loading->lock);
    while (loading->waiting > 0) {
        pthread_cond_wait(&loading->done, &loading->lock);
    }
    pthread_mutex_unlock(&loading->lock);
}

static bool is_overloaded(const struct nnrpc_status *status) {
    return strcmp(status->reason, CONTACTD_NNRPC_REASON(OVERLOADED)) == 0;
}

/* A queue that is shorter than the catalogue takes it in portions: nobody else writes yet, so there
 * is room again when all that is queued is done. */
static enum nnrpc_code queue_put(
    struct store *store, struct loading *loading, struct put *put,
    const struct contacts_default_preset *preset, struct nnrpc_status *out_status) {
    enum nnrpc_code code = submit_put(store, loading, put, preset, out_status);
    if (code != NNRPC_OK && is_overloaded(out_status)) {
        wait_for_puts(loading);
        nnrpc_status_reset(out_status);
        code = submit_put(store, loading, put, preset, out_status);
    }
    return code;
}

/* Each value makes one revision, and whoever fills the store does so before it listens: fewer
 * revisions than values mean that only some of them are there. */
static bool wants_defaults(const struct store *store) {
    return store_revision(store) < contacts_default_preset_count;
}

enum nnrpc_code contactd_load_defaults(struct store *store, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status failure = NNRPC_STATUS_INIT;
    struct loading loading = {.status = &failure};
    if (!wants_defaults(store)) {
        return NNRPC_OK;
    }
    struct put *puts = calloc(contacts_default_preset_count, sizeof(*puts));
    if (puts == NULL) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, CONTACTD_NNRPC_REASON(MEMORY_LIMIT),
            "not enough memory for the default presets");
    }
    pthread_mutex_init(&loading.lock, NULL);
    pthread_cond_init(&loading.done, NULL);
    enum nnrpc_code code = NNRPC_OK;
    for (size_t i = 0; i < contacts_default_preset_count && code == NNRPC_OK; i++) {
        code = queue_put(store, &loading, &puts[i], &contacts_default_presets[i], out_status);
    }
    wait_for_puts(&loading);
    pthread_cond_destroy(&loading.done);
    pthread_mutex_destroy(&loading.lock);
    free(puts);
    if (code == NNRPC_OK && failure.code != NNRPC_OK) {
        code = failure.code;
        nnrpc_status_move(out_status, &failure);
    }
    return code;
}
