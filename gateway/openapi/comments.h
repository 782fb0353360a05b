/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The comments of the .proto files for readers of HTTP: CommonMark, fields by their JSON names, and
 * what another comment says ("As in ...") brought here.
 *
 * A name that the descriptors do not have is a defect: functions return false then.
 */
#ifndef GATEWAY_OPENAPI_COMMENTS_H
#define GATEWAY_OPENAPI_COMMENTS_H

#include <stdbool.h>

#include "nnrpc/buffer.h"
#include "nnrpc/schema.h"
#include "nnrpc/status.h"
#include "openapi/text.h"

struct openapi_comments;

/**
 * Reads the descriptors of services, and those of reasons of errors.
 *
 * @return NNRPC_OK; NNRPC_INTERNAL; NNRPC_RESOURCE_EXHAUSTED.
 */
NNRPC_NODISCARD enum nnrpc_code openapi_comments_new(
    const struct nnrpc_service *const *services, size_t service_count,
    struct openapi_comments **out_comments, struct nnrpc_status *out_status);
void openapi_comments_freep(struct openapi_comments **comments);

/** Each appends what is said; nothing where nothing is. */
bool openapi_describe_service(
    const struct openapi_comments *comments, const struct nnrpc_service *service,
    struct nnrpc_buffer *out);
bool openapi_describe_message(
    const struct openapi_comments *comments, const struct nnrpc_message *message,
    struct nnrpc_buffer *out);
bool openapi_describe_field(
    const struct openapi_comments *comments, const struct nnrpc_message *message, size_t index,
    struct nnrpc_buffer *out);
bool openapi_describe_value(
    const struct openapi_comments *comments, const struct nnrpc_enum *enumeration, size_t index,
    struct nnrpc_buffer *out);

/** What is said of a method. All zero says nothing. */
struct openapi_method_comment {
    struct nnrpc_buffer summary;     /* the first sentence, without its period */
    struct nnrpc_buffer description; /* all but the list of errors */
    struct nnrpc_buffer reasons;     /* those of that list, each with a blank before and after */
};
void openapi_method_comment_deinit(struct openapi_method_comment *comment);
bool openapi_describe_method(
    const struct openapi_comments *comments, const struct nnrpc_method *method,
    struct openapi_method_comment *out_comment);

/**
 * What is said of a reason of errors, of a service's package or of the framework.
 *
 * @param out_text  What comes behind the code.
 * @return its code, or -1 when there is no such reason.
 */
int openapi_describe_reason(
    const struct openapi_comments *comments, const char *package_of, const char *reason,
    struct nnrpc_buffer *out_text);

/** The bounds that the comments of a field and of its message say. */
bool openapi_field_bounds(
    const struct openapi_comments *comments, const struct nnrpc_message *message, size_t index,
    struct openapi_bounds *out_bounds);

/** Whether a message's short name is one of its own among all that the descriptors have. */
bool openapi_is_short_name_unique(
    const struct openapi_comments *comments, const struct nnrpc_message *message);

/** A message's name without its package. */
const char *openapi_short_name(const struct nnrpc_message *message);

#endif
