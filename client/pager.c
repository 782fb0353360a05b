/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop over pages. --limit follows pages by itself and cuts the last one, so that a page token
 * always stands right after the last item shown.
 */
#include "pager.h"

#include <stdlib.h>
#include <string.h>

#define LARGEST_PAGE 1000

bool ctl_pager_init(const struct ctl_context *context, struct ctl_pager *out_pager) {
    struct ctl_pager pager = {.limit = UINT64_MAX};
    if (!ctl_number(context, "page-size", 1, INT32_MAX, &pager.page_size) ||
        !ctl_number(context, "limit", 1, UINT32_MAX, &pager.limit)) {
        return false;
    }
    pager.follows = ctl_given(context, "all") || pager.limit != UINT64_MAX;
    if (pager.page_size == 0 && pager.follows) {
        pager.page_size = LARGEST_PAGE;
    }
    *out_pager = pager;
    return true;
}

void ctl_pager_deinit(struct ctl_pager *pager) {
    free(pager->token);
    pager->token = NULL;
}

int32_t ctl_pager_next_size(const struct ctl_pager *pager) {
    uint64_t rest = pager->limit - pager->shown;
    uint64_t size = pager->page_size;
    return (int32_t)(pager->limit != UINT64_MAX && (size == 0 || rest < size) ? rest : size);
}

bool ctl_pager_advance(struct ctl_pager *pager, uint64_t item_count, const char *next_token) {
    pager->shown += item_count;
    free(pager->token);
    pager->token = next_token[0] != '\0' ? ctl_copy_text(next_token) : NULL;
    return pager->follows && pager->token != NULL && pager->shown < pager->limit;
}

void ctl_pager_remark(const struct ctl_context *context, const struct ctl_pager *pager) {
    if (pager->token != NULL) {
        ctl_remark(context, "There is more: --all, or --page-token %s", pager->token);
    }
}
