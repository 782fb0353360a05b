/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chained buckets that double; FNV-1a.
 */
#include "map.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define FIRST_BUCKETS 64

struct ctl_map_entry {
    struct ctl_map_entry *next;
    uint64_t hash;
    uint64_t number;
    char key[];
};

static uint64_t hash_text(const char *text) {
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    }
    return hash;
}

static struct ctl_map_entry **find_place(const struct ctl_map *map, const char *key) {
    uint64_t hash = hash_text(key);
    struct ctl_map_entry **place = &map->buckets[hash % map->bucket_count];
    while (*place != NULL && ((*place)->hash != hash || strcmp((*place)->key, key) != 0)) {
        place = &(*place)->next;
    }
    return place;
}

static void grow(struct ctl_map *map) {
    size_t bucket_count = map->bucket_count != 0 ? 2 * map->bucket_count : FIRST_BUCKETS;
    struct ctl_map_entry **buckets = ctl_allocate(bucket_count, sizeof(struct ctl_map_entry *));
    for (size_t i = 0; i < map->bucket_count; i++) {
        struct ctl_map_entry *next = NULL;
        for (struct ctl_map_entry *entry = map->buckets[i]; entry != NULL; entry = next) {
            next = entry->next;
            entry->next = buckets[entry->hash % bucket_count];
            buckets[entry->hash % bucket_count] = entry;
        }
    }
    free(map->buckets);
    map->buckets = buckets;
    map->bucket_count = bucket_count;
}

void ctl_map_deinit(struct ctl_map *map) {
    for (size_t i = 0; i < map->bucket_count; i++) {
        struct ctl_map_entry *next = NULL;
        for (struct ctl_map_entry *entry = map->buckets[i]; entry != NULL; entry = next) {
            next = entry->next;
            free(entry);
        }
    }
    free(map->buckets);
    *map = (struct ctl_map){0};
}

uint64_t *ctl_map_find(const struct ctl_map *map, const char *key) {
    if (map->count == 0) {
        return NULL;
    }
    struct ctl_map_entry *entry = *find_place(map, key);
    return entry != NULL ? &entry->number : NULL;
}

void ctl_map_set(struct ctl_map *map, const char *key, uint64_t number) {
    if (map->count >= map->bucket_count) {
        grow(map);
    }
    struct ctl_map_entry **place = find_place(map, key);
    if (*place == NULL) {
        size_t size = strlen(key) + 1;
        struct ctl_map_entry *entry = ctl_allocate(1, sizeof(*entry) + size);
        entry->hash = hash_text(key);
        memcpy(entry->key, key, size);
        *place = entry;
        map->count++;
    }
    (*place)->number = number;
}

void ctl_map_remove(struct ctl_map *map, const char *key) {
    if (map->count == 0) {
        return;
    }
    struct ctl_map_entry **place = find_place(map, key);
    struct ctl_map_entry *entry = *place;
    if (entry != NULL) {
        *place = entry->next;
        free(entry);
        map->count--;
    }
}
