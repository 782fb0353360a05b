/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single JSON values as protobuf's types. Nothing is rounded silently but the fraction of a
 * floating-point number: a value that does not fit its field is a problem.
 */
#include "json_value.h"

#include <assert.h>
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "field.h"

/* Doubles have 53 bits: a whole number up to here was written as it was read. */
#define EXACT_MAX 9007199254740992.0
#define NUMBER_TEXT_BYTES 64
#define NAMES_LISTED_MAX 12

/* A whole number of at most 64 bits and a sign. */
struct whole {
    bool is_negative;
    uint64_t magnitude;
};

bool nnrpc_json_is_stopped(const struct nnrpc_json_reader *reader) {
    return reader->problems.is_full || reader->is_out_of_memory;
}

const char *nnrpc_json_kind_name(enum nnrpc_json_kind kind) {
    switch (kind) {
    case NNRPC_JSON_NULL:
        return "null";
    case NNRPC_JSON_FALSE:
        return "false";
    case NNRPC_JSON_TRUE:
        return "true";
    case NNRPC_JSON_INTEGER:
    case NNRPC_JSON_REAL:
        return "number";
    case NNRPC_JSON_TEXT:
        return "text";
    case NNRPC_JSON_LIST:
        return "a list";
    case NNRPC_JSON_OBJECT:
        return "an object";
    }
    return "nothing";
}

void nnrpc_json_expected(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place, const char *expected,
    const struct nnrpc_json_value *value) {
    if (value->kind != NNRPC_JSON_TEXT || nnrpc_json_place_is_secret(place)) {
        nnrpc_json_problems_add(
            &reader->problems, place, "expected %s, found %s", expected,
            nnrpc_json_kind_name(value->kind));
        return;
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer quoted = {0};
    nnrpc_json_append_quoted(&quoted, value->text, value->size);
    const char *text = nnrpc_buffer_text(&quoted);
    nnrpc_json_problems_add(
        &reader->problems, place, "expected %s, found %s", expected, text == NULL ? "text" : text);
}

void *nnrpc_json_allocate(struct nnrpc_json_reader *reader, size_t size) {
    ProtobufCAllocator *allocator = reader->allocator;
    void *memory =
        allocator == NULL ? malloc(size) : allocator->alloc(allocator->allocator_data, size);
    if (memory == NULL) {
        reader->is_out_of_memory = true;
    }
    return memory;
}

/* --- Numbers ------------------------------------------------------------------------------ */

static bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

/* Skips digits; false when there are none. */
static bool skip_digits(const char **at) {
    const char *start = *at;
    while (is_digit(**at)) {
        ++*at;
    }
    return *at != start;
}

/* Whether terminated text is a number as JSON spells it. */
static bool is_json_number(const char *text) {
    const char *at = text;
    at += *at == '-';
    if (*at == '0') {
        at++;
    } else if (!skip_digits(&at)) {
        return false;
    }
    if (*at == '.') {
        at++;
        if (!skip_digits(&at)) {
            return false;
        }
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '+' || *at == '-';
        if (!skip_digits(&at)) {
            return false;
        }
    }
    return *at == '\0';
}

static locale_t c_locale;

static void make_c_locale(void) {
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* strtod() with the decimal point of JSON whatever the program's locale says. */
static double parse_double(const char *text) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_c_locale);
    return c_locale == (locale_t)0 ? strtod(text, NULL) : strtod_l(text, NULL, c_locale);
}

/* A number written in quotes, as protobuf allows. */
static bool parse_number(const struct nnrpc_json_value *value, double *out_number) {
    if (value->size > NUMBER_TEXT_BYTES || !is_json_number(value->text)) {
        return false;
    }
    *out_number = parse_double(value->text);
    return true;
}

enum whole_result { WHOLE_OK, WHOLE_NOT_A_NUMBER, WHOLE_FRACTION, WHOLE_INEXACT, WHOLE_TOO_LARGE };

/* Plain decimal digits, no leading zeros, no "-0": each number has one spelling. */
static enum whole_result parse_decimal(const char *text, struct whole *out_whole) {
    bool is_negative = *text == '-';
    const char *at = text + is_negative;
    if (!is_digit(*at) || (*at == '0' && (at[1] != '\0' || is_negative))) {
        return WHOLE_NOT_A_NUMBER;
    }
    uint64_t magnitude = 0;
    bool is_too_large = false;
    for (; is_digit(*at); at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        is_too_large = is_too_large || magnitude > (UINT64_MAX - digit) / 10;
        magnitude = magnitude * 10 + digit;
    }
    if (*at != '\0') {
        return WHOLE_NOT_A_NUMBER;
    }
    if (is_too_large) {
        return WHOLE_TOO_LARGE;
    }
    *out_whole = (struct whole){is_negative, magnitude};
    return WHOLE_OK;
}

static enum whole_result whole_of_real(double real, struct whole *out_whole) {
    if (!(fabs(real) <= EXACT_MAX)) {
        return WHOLE_INEXACT;
    }
    if (real != floor(real)) {
        return WHOLE_FRACTION;
    }
    *out_whole = (struct whole){real < 0, (uint64_t)fabs(real)};
    return WHOLE_OK;
}

static enum whole_result whole_of(const struct nnrpc_json_value *value, struct whole *out_whole) {
    if (value->kind == NNRPC_JSON_INTEGER) {
        bool is_negative = value->integer < 0;
        uint64_t bits = (uint64_t)value->integer;
        *out_whole = (struct whole){is_negative, is_negative ? -bits : bits};
        return WHOLE_OK;
    }
    if (value->kind == NNRPC_JSON_REAL) {
        return whole_of_real(value->real, out_whole);
    }
    if (value->kind != NNRPC_JSON_TEXT) {
        return WHOLE_NOT_A_NUMBER;
    }
    enum whole_result result = parse_decimal(value->text, out_whole);
    double real = 0;
    if (result == WHOLE_NOT_A_NUMBER && parse_number(value, &real)) {
        return whole_of_real(real, out_whole);
    }
    return result;
}

static bool is_within(const struct whole *whole, int64_t smallest, uint64_t largest) {
    uint64_t limit = whole->is_negative ? -(uint64_t)smallest : largest;
    return whole->magnitude <= limit;
}

/* Reads a whole number within bounds, as the bits of its two's complement. */
static bool read_whole(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_json_value *value, int64_t smallest, uint64_t largest, uint64_t *out_bits) {
    struct whole whole = {0};
    enum whole_result result = whole_of(value, &whole);
    if (result == WHOLE_OK && !is_within(&whole, smallest, largest)) {
        result = WHOLE_TOO_LARGE;
    }
    switch (result) {
    case WHOLE_OK:
        *out_bits = whole.is_negative ? -whole.magnitude : whole.magnitude;
        return true;
    case WHOLE_NOT_A_NUMBER:
        nnrpc_json_expected(reader, place, "a whole number", value);
        return false;
    case WHOLE_FRACTION:
        nnrpc_json_problems_add(
            &reader->problems, place, "expected a whole number, found a fraction");
        return false;
    case WHOLE_INEXACT:
        nnrpc_json_problems_add(
            &reader->problems, place,
            "a number of this size is not exact in JSON; write all its digits in quotes");
        return false;
    case WHOLE_TOO_LARGE:
        nnrpc_json_problems_add(
            &reader->problems, place,
            "the number is out of range: %" PRId64 " to %" PRIu64 " is possible", smallest,
            largest);
        return false;
    }
    return false;
}

/* Reads any finite number, or NaN and the infinities by their names. */
static bool read_real(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_json_value *value, double largest, double *out_real) {
    double real = 0;
    if (value->kind == NNRPC_JSON_INTEGER) {
        real = (double)value->integer;
    } else if (value->kind == NNRPC_JSON_REAL) {
        real = value->real;
    } else if (value->kind != NNRPC_JSON_TEXT) {
        nnrpc_json_expected(reader, place, "a number", value);
        return false;
    } else if (strcmp(value->text, "NaN") == 0) {
        *out_real = (double)NAN;
        return true;
    } else if (strcmp(value->text, "Infinity") == 0 || strcmp(value->text, "-Infinity") == 0) {
        *out_real = value->text[0] == '-' ? -(double)INFINITY : (double)INFINITY;
        return true;
    } else if (!parse_number(value, &real)) {
        nnrpc_json_expected(reader, place, "a number", value);
        return false;
    }
    if (fabs(real) > largest) {
        nnrpc_json_problems_add(&reader->problems, place, "the number is too large for its field");
        return false;
    }
    *out_real = real;
    return true;
}

/* --- Text, bytes, enums ------------------------------------------------------------------- */

static bool read_text(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_json_value *value, char **out_text) {
    if (value->kind != NNRPC_JSON_TEXT) {
        nnrpc_json_expected(reader, place, "text", value);
        return false;
    }
    char *text = nnrpc_json_allocate(reader, value->size + 1);
    if (text == NULL) {
        return false;
    }
    memcpy(text, value->text, value->size + 1);
    *out_text = text;
    return true;
}

static void release(struct nnrpc_json_reader *reader, void *memory) {
    ProtobufCAllocator *allocator = reader->allocator;
    if (allocator == NULL) {
        free(memory);
    } else {
        allocator->free(allocator->allocator_data, memory);
    }
}

static bool read_bytes(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_json_value *value, ProtobufCBinaryData *out_bytes) {
    if (value->kind != NNRPC_JSON_TEXT) {
        nnrpc_json_expected(reader, place, "base64 text", value);
        return false;
    }
    if (value->size == 0) {
        *out_bytes = (ProtobufCBinaryData){0};
        return true;
    }
    uint8_t *data = nnrpc_json_allocate(reader, value->size / 4 * 3 + 3);
    if (data == NULL) {
        return false;
    }
    size_t size = 0;
    if (!nnrpc_base64_read(value->text, value->size, data, &size)) {
        release(reader, data);
        nnrpc_json_expected(reader, place, "base64 text", value);
        return false;
    }
    *out_bytes = (ProtobufCBinaryData){.len = size, .data = data};
    return true;
}

/* Names the values of an enum: one of "direct", "shared". */
static void append_enum_names(struct nnrpc_buffer *out, const struct nnrpc_enum *names) {
    unsigned int count = names->descriptor->n_values;
    nnrpc_buffer_append_text(out, "one of ");
    for (unsigned int index = 0; index < count && index < NAMES_LISTED_MAX; index++) {
        nnrpc_buffer_append_format(
            out, "%s\"%s\"", index == 0 ? "" : ", ", names->json_names[index]);
    }
    if (count > NAMES_LISTED_MAX) {
        nnrpc_buffer_append_format(out, " and %u more", count - NAMES_LISTED_MAX);
    }
}

static bool find_enum_value(const struct nnrpc_enum *names, const char *text, int32_t *out_number) {
    for (unsigned int index = 0; index < names->descriptor->n_values; index++) {
        if (strcmp(names->json_names[index], text) == 0) {
            *out_number = names->descriptor->values[index].value;
            return true;
        }
    }
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value_by_name(names->descriptor, text);
    if (value != NULL) {
        *out_number = value->value;
    }
    return value != NULL;
}

static bool is_possible(const struct nnrpc_enum *names, int32_t number) {
    return !names->is_closed ||
           protobuf_c_enum_descriptor_get_value(names->descriptor, number) != NULL;
}

/* Numbers that the enum does not have are taken where it is open, as proto3's are. Null is
 * NullValue's only value; the caller lets no other field come here with it. */
static bool read_enum(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_enum *names, const struct nnrpc_json_value *value, int32_t *out_number) {
    bool is_number = value->kind == NNRPC_JSON_INTEGER || value->kind == NNRPC_JSON_REAL;
    if (is_number) {
        uint64_t bits = 0;
        if (!read_whole(reader, place, value, INT32_MIN, INT32_MAX, &bits)) {
            return false;
        }
        if (is_possible(names, (int32_t)bits)) {
            *out_number = (int32_t)bits;
            return true;
        }
    }
    if (value->kind == NNRPC_JSON_NULL) {
        *out_number = 0;
        return true;
    }
    if (value->kind == NNRPC_JSON_TEXT && find_enum_value(names, value->text, out_number)) {
        return true;
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer expected = {0};
    append_enum_names(&expected, names);
    const char *text = nnrpc_buffer_text(&expected);
    nnrpc_json_expected(reader, place, text == NULL ? "another value" : text, value);
    return false;
}

static bool read_bool(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_json_value *value, protobuf_c_boolean *out_boolean) {
    if (value->kind != NNRPC_JSON_TRUE && value->kind != NNRPC_JSON_FALSE) {
        nnrpc_json_expected(reader, place, "true or false", value);
        return false;
    }
    *out_boolean = value->kind == NNRPC_JSON_TRUE;
    return true;
}

/* --- The interface ------------------------------------------------------------------------ */

static bool read_float(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_json_value *value, float *out_float) {
    /* The largest double that rounds to a finite float lies half a step above FLT_MAX. */
    double real = 0;
    if (!read_real(reader, place, value, 0x1.fffffefffffffp127, &real)) {
        return false;
    }
    *out_float = (float)real;
    return true;
}

static bool is_unsigned(ProtobufCType type) {
    return type == PROTOBUF_C_TYPE_UINT32 || type == PROTOBUF_C_TYPE_FIXED32 ||
           type == PROTOBUF_C_TYPE_UINT64 || type == PROTOBUF_C_TYPE_FIXED64;
}

static bool read_integer(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place, ProtobufCType type,
    const struct nnrpc_json_value *value, union nnrpc_field_value *out_value) {
    bool is_wide = nnrpc_field_value_size(type) == sizeof(uint64_t);
    int64_t smallest = is_wide ? INT64_MIN : INT32_MIN;
    uint64_t largest = is_wide ? INT64_MAX : INT32_MAX;
    if (is_unsigned(type)) {
        smallest = 0;
        largest = is_wide ? UINT64_MAX : UINT32_MAX;
    }
    uint64_t bits = 0;
    if (!read_whole(reader, place, value, smallest, largest, &bits)) {
        return false;
    }
    if (is_wide) {
        out_value->u64 = bits;
    } else {
        out_value->u32 = (uint32_t)bits;
    }
    return true;
}

bool nnrpc_json_read_scalar(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const ProtobufCFieldDescriptor *field, const struct nnrpc_enum *names,
    const struct nnrpc_json_value *value, union nnrpc_field_value *out_value) {
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return read_integer(reader, place, field->type, value, out_value);
    case PROTOBUF_C_TYPE_FLOAT:
        return read_float(reader, place, value, &out_value->f32);
    case PROTOBUF_C_TYPE_DOUBLE:
        return read_real(reader, place, value, DBL_MAX, &out_value->f64);
    case PROTOBUF_C_TYPE_BOOL:
        return read_bool(reader, place, value, &out_value->boolean);
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(reader, place, names, value, &out_value->i32);
    case PROTOBUF_C_TYPE_STRING:
        return read_text(reader, place, value, &out_value->text);
    case PROTOBUF_C_TYPE_BYTES:
        return read_bytes(reader, place, value, &out_value->bytes);
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    assert(!"a message is no scalar");
    return false;
}

bool nnrpc_json_read_key(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const ProtobufCFieldDescriptor *field, const char *key, size_t size,
    union nnrpc_field_value *out_value) {
    struct nnrpc_json_value value = {.kind = NNRPC_JSON_TEXT, .text = key, .size = size};
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return read_text(reader, place, &value, &out_value->text);
    }
    if (field->type == PROTOBUF_C_TYPE_BOOL) {
        if (strcmp(key, "true") == 0) {
            value.kind = NNRPC_JSON_TRUE;
        } else if (strcmp(key, "false") == 0) {
            value.kind = NNRPC_JSON_FALSE;
        }
        return read_bool(reader, place, &value, &out_value->boolean);
    }
    struct whole whole;
    if (parse_decimal(key, &whole) == WHOLE_NOT_A_NUMBER) {
        nnrpc_json_expected(reader, place, "a whole number as key", &value);
        return false;
    }
    return read_integer(reader, place, field->type, &value, out_value);
}
