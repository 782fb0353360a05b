/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map from text to a number, for what must be remembered about an import file.
 */
#ifndef CTL_MAP_H
#define CTL_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctl_map_entry;

/** All zero is an empty map. */
struct ctl_map {
    struct ctl_map_entry **buckets;
    size_t bucket_count;
    size_t count;
};

void ctl_map_deinit(struct ctl_map *map);

/** The number of a key, to be read or changed until the map is changed; NULL when it is not there.
 */
uint64_t *ctl_map_find(const struct ctl_map *map, const char *key);

/** Sets the number of a key; the key is copied. */
void ctl_map_set(struct ctl_map *map, const char *key, uint64_t number);

/** Forgets a key; one that is not there is fine. */
void ctl_map_remove(struct ctl_map *map, const char *key);

#endif
