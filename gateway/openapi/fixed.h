/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the description does not depend on services, made by the build: the sections of
 * fixed.json, each as the members of an object, and the descriptors of the reasons of errors.
 */
#ifndef GATEWAY_OPENAPI_FIXED_H
#define GATEWAY_OPENAPI_FIXED_H

#include <stddef.h>
#include <stdint.h>

extern const char openapi_fixed_security_schemes[];
extern const char openapi_fixed_parameters[];
extern const char openapi_fixed_headers[];
extern const char openapi_fixed_schemas[];
extern const char openapi_fixed_paths[];

/** A packed FileDescriptorSet of the files that have an ErrorReason, with comments. */
extern const uint8_t openapi_reason_set[];
extern const size_t openapi_reason_set_size;

#endif
