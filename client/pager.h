/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Following the pages of a list: --page-size, --page-token, --all, --limit.
 */
#ifndef CTL_PAGER_H
#define CTL_PAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"

struct ctl_pager {
    uint64_t page_size; /* 0: the server's default */
    uint64_t limit;     /* UINT64_MAX: none */
    bool follows;       /* on to the next page */
    uint64_t shown;     /* items so far */
    char *token;        /* owned; of the next page, NULL at the start and the end */
};

/** Reads the flags. The verb may lack --page-token. @return false after a complaint. */
NNRPC_NODISCARD bool ctl_pager_init(const struct ctl_context *context, struct ctl_pager *out_pager);
void ctl_pager_deinit(struct ctl_pager *pager);

/** page_size of the next request. */
int32_t ctl_pager_next_size(const struct ctl_pager *pager);

/**
 * Takes note of a page.
 *
 * @param next_token  Of the page; "" at the end.
 * @return Whether to ask for the next page.
 */
bool ctl_pager_advance(struct ctl_pager *pager, uint64_t item_count, const char *next_token);

/** Remarks that there is more, if there is. */
void ctl_pager_remark(const struct ctl_context *context, const struct ctl_pager *pager);

#endif
