/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of path segments.
 */
#include "rest/route.h"

#include <stdlib.h>
#include <string.h>

unsigned int rest_verb_of(const char *name) {
    static const struct {
        const char *name;
        unsigned int verb;
    } VERBS[] = {
        {"GET", REST_GET}, {"HEAD", REST_GET},    {"POST", REST_POST},
        {"PUT", REST_PUT}, {"PATCH", REST_PATCH}, {"DELETE", REST_DELETE},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(VERBS); index++) {
        if (strcmp(name, VERBS[index].name) == 0) {
            return VERBS[index].verb;
        }
    }
    return 0;
}

/* --- Building ----------------------------------------------------------------------------- */

void rest_route_deinit(struct rest_node *root) {
    for (size_t index = 0; index < root->literal_count; index++) {
        rest_route_deinit(root->literals[index]);
        free(root->literals[index]);
    }
    if (root->variable != NULL) {
        rest_route_deinit(root->variable);
        free(root->variable);
    }
    free(root->literals);
    free(root->rules);
    *root = (struct rest_node){0};
}

static int compare(const struct rest_node *node, const char *text, size_t size) {
    if (node->literal_size != size) {
        return node->literal_size < size ? -1 : 1;
    }
    return memcmp(node->literal, text, size);
}

/* The node of a literal, or NULL and where it belongs. */
static struct rest_node *find_literal(
    const struct rest_node *node, const char *text, size_t size, size_t *out_index) {
    size_t low = 0;
    size_t high = node->literal_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct rest_node *literal = node->literals[middle];
        int order = compare(literal, text, size);
        if (order == 0) {
            return literal;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *out_index = low;
    return NULL;
}

/* The node of a literal, made where it is not there; NULL without memory. */
static struct rest_node *step_literal(struct rest_node *node, const char *text, size_t size) {
    size_t index = 0;
    struct rest_node *found = find_literal(node, text, size, &index);
    if (found != NULL) {
        return found;
    }
    struct rest_node **larger =
        realloc(node->literals, (node->literal_count + 1) * sizeof(*larger));
    if (larger == NULL) {
        return NULL;
    }
    node->literals = larger;
    struct rest_node *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return NULL;
    }
    made->literal = text;
    made->literal_size = size;
    memmove(&larger[index + 1], &larger[index], (node->literal_count - index) * sizeof(larger[0]));
    larger[index] = made;
    node->literal_count++;
    return made;
}

static struct rest_node *step(struct rest_node *node, const char *segment, size_t size) {
    if (segment[0] != '{') {
        return step_literal(node, segment, size);
    }
    if (node->variable == NULL) {
        node->variable = calloc(1, sizeof(*node->variable));
    }
    return node->variable;
}

static enum nnrpc_code fail_memory(struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
        "there is no memory for the table of paths");
}

static enum nnrpc_code add_here(
    struct rest_node *node, const struct rest_rule *rule, struct nnrpc_status *out_status) {
    for (size_t index = 0; index < node->rule_count; index++) {
        const struct rest_rule *other = node->rules[index];
        if (strcmp(other->http->verb, rule->http->verb) == 0 &&
            strcmp(other->http->action, rule->http->action) == 0) {
            return nnrpc_fail(
                out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "INVALID_DESCRIPTORS",
                "%s: %s %s has the same requests as %s", rule->method->name, rule->http->verb,
                rule->http->path, other->method->name);
        }
    }
    const struct rest_rule **larger =
        realloc(node->rules, (node->rule_count + 1) * sizeof(*larger));
    if (larger == NULL) {
        return fail_memory(out_status);
    }
    node->rules = larger;
    node->rules[node->rule_count++] = rule;
    return NNRPC_OK;
}

enum nnrpc_code rest_route_add(
    struct rest_node *root, const struct rest_rule *rule, struct nnrpc_status *out_status) {
    struct rest_node *node = root;
    const char *at = rule->http->path;
    if (rest_verb_of(rule->http->verb) == 0) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "INVALID_DESCRIPTORS",
            "%s: \"%s\" is no verb of a rule", rule->method->name, rule->http->verb);
    }
    while (*at == '/' && at[1] != '\0') {
        size_t size = strcspn(at + 1, "/");
        node = step(node, at + 1, size);
        if (node == NULL) {
            return fail_memory(out_status);
        }
        at += size + 1;
    }
    return add_here(node, rule, out_status);
}

/* --- Finding ------------------------------------------------------------------------------ */

static unsigned int verbs_of(const struct rest_node *node) {
    unsigned int verbs = 0;
    for (size_t index = 0; index < node->rule_count; index++) {
        verbs |= rest_verb_of(node->rules[index]->http->verb);
    }
    return verbs;
}

/* Looks below a node for one that has a rule of the verb, and collects the verbs that it meets. */
static const struct rest_node *find_below(
    const struct rest_node *node, const struct rest_path *path, size_t depth, unsigned int verb,
    unsigned int *verbs) {
    if (depth == path->count) {
        unsigned int here = verbs_of(node);
        *verbs |= here;
        return (here & verb) != 0 ? node : NULL;
    }
    const struct rest_segment *segment = &path->segments[depth];
    const struct rest_node *found = NULL;
    size_t index = 0;
    const struct rest_node *literal = find_literal(node, segment->text, segment->size, &index);
    if (literal != NULL) {
        found = find_below(literal, path, depth + 1, verb, verbs);
    }
    if (found == NULL && node->variable != NULL) {
        found = find_below(node->variable, path, depth + 1, verb, verbs);
    }
    return found;
}

const struct rest_node *rest_route_find(
    const struct rest_node *root, const struct rest_path *path, unsigned int verb) {
    unsigned int verbs = 0;
    return find_below(root, path, 0, verb, &verbs);
}

unsigned int rest_route_verbs(const struct rest_node *root, const struct rest_path *path) {
    unsigned int verbs = 0;
    (void)find_below(root, path, 0, 0, &verbs);
    return verbs;
}

unsigned int rest_route_all_verbs(const struct rest_node *root) {
    unsigned int verbs = verbs_of(root);
    for (size_t index = 0; index < root->literal_count; index++) {
        verbs |= rest_route_all_verbs(root->literals[index]);
    }
    return verbs | (root->variable == NULL ? 0 : rest_route_all_verbs(root->variable));
}
