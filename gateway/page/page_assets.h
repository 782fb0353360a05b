/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of the page, in the program itself. Constant; made by the build from gateway/page/.
 */
#ifndef GATEWAY_PAGE_ASSETS_H
#define GATEWAY_PAGE_ASSETS_H

#include <stddef.h>

struct page_asset {
    const char *path;         /* "/", "/app.js" */
    const char *content_type; /* with charset */
    const char *etag;         /* quoted; of the content */
    const unsigned char *bytes;
    size_t size;
};

extern const struct page_asset page_assets[];
extern const size_t page_asset_count;

#endif
