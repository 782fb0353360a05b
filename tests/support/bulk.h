/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many writes at once: calls are started before earlier ones are answered, so that they travel
 * together.
 */
#ifndef SUPPORT_BULK_H
#define SUPPORT_BULK_H

#include "acts.h"

/**
 * Creates so many contacts, all alike; expects success of each.
 *
 * @param out_ids  NULL, or room for their ids, which live until the end of the test.
 */
void create_many_contacts(
    struct peer *peer, const Contact *contact, size_t count, const char **out_ids);

#endif
