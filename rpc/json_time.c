/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timestamps and durations. Days are counted in the proleptic Gregorian calendar, by the rule of
 * leap years alone: no table, no time zone data.
 */
#include "json_time.h"

#include <stdio.h>
#include <string.h>

#define SECONDS_A_DAY 86400
#define DAYS_TO_1970 719162                        /* from 0001-01-01 */
#define FIRST_SECOND INT64_C(-62135596800)         /* 0001-01-01T00:00:00Z */
#define LAST_SECOND INT64_C(253402300799)          /* 9999-12-31T23:59:59Z */
#define DURATION_SECONDS_MAX INT64_C(315576000000) /* 10,000 years, as duration.proto says */
#define NANOS_A_SECOND 1000000000
#define FRACTION_DIGITS 9

static bool is_leap(int year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month) {
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return DAYS[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 0001-01-01 to the first of January of a year. */
static int64_t days_before_year(int64_t year) {
    int64_t past = year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400;
}

static int64_t days_before_month(int year, int month) {
    int64_t days = 0;
    for (int past = 1; past < month; past++) {
        days += days_in_month(year, past);
    }
    return days;
}

/* Writes a number of so many digits and a mark behind it; returns where the next one goes. Lists
 * are full of times, so this is no matter for printf(). */
static char *put_number(char *at, int digits, int number, char mark) {
    for (int left = digits - 1; left >= 0; left--) {
        at[left] = (char)('0' + number % 10);
        number /= 10;
    }
    at[digits] = mark;
    return at + digits + 1;
}

/* Writes ".5" style fractions with 0, 3, 6 or 9 digits, the fewest that lose nothing, and a mark.
 */
static char *put_fraction(char *at, int32_t nanos, char mark) {
    int digits = 9;
    if (nanos == 0) {
        *at = mark;
        return at + 1;
    }
    while (nanos % 1000 == 0) {
        nanos /= 1000;
        digits -= 3;
    }
    *at = '.';
    return put_number(at + 1, digits, nanos, mark);
}

bool nnrpc_json_format_timestamp(
    int64_t seconds, int32_t nanos, char out_text[NNRPC_JSON_TIME_BYTES]) {
    if (seconds < FIRST_SECOND || seconds > LAST_SECOND || nanos < 0 || nanos >= NANOS_A_SECOND) {
        return false;
    }
    int64_t days = (seconds - FIRST_SECOND) / SECONDS_A_DAY;
    int of_day = (int)((seconds - FIRST_SECOND) % SECONDS_A_DAY);
    /* Dividing by the shortest year never comes out too early; step back to the year. */
    int year = (int)(days / 365) + 1;
    while (days_before_year(year) > days) {
        year--;
    }
    int day = (int)(days - days_before_year(year));
    int month = 1;
    while (day >= days_in_month(year, month)) {
        day -= days_in_month(year, month);
        month++;
    }
    char *at = put_number(out_text, 4, year, '-');
    at = put_number(at, 2, month, '-');
    at = put_number(at, 2, day + 1, 'T');
    at = put_number(at, 2, of_day / 3600, ':');
    at = put_number(at, 2, of_day / 60 % 60, ':');
    at = put_number(at, 2, of_day % 60, '\0') - 1;
    *put_fraction(at, nanos, 'Z') = '\0';
    return true;
}

/* --- Reading ------------------------------------------------------------------------------ */

struct cursor {
    const char *next;
    const char *end;
};

static bool take(struct cursor *cursor, char expected) {
    if (cursor->next == cursor->end || *cursor->next != expected) {
        return false;
    }
    cursor->next++;
    return true;
}

static bool is_digit(const struct cursor *cursor) {
    return cursor->next != cursor->end && *cursor->next >= '0' && *cursor->next <= '9';
}

/* Reads exactly `digits` digits. */
static bool take_number(struct cursor *cursor, int digits, int *out_value) {
    int value = 0;
    for (int digit = 0; digit < digits; digit++) {
        if (!is_digit(cursor)) {
            return false;
        }
        value = value * 10 + (*cursor->next++ - '0');
    }
    *out_value = value;
    return true;
}

/* Reads an optional fraction of one to nine digits as nanoseconds. */
static bool take_fraction(struct cursor *cursor, int32_t *out_nanos) {
    *out_nanos = 0;
    if (!take(cursor, '.')) {
        return true;
    }
    int digits = 0;
    int32_t nanos = 0;
    while (is_digit(cursor) && digits < FRACTION_DIGITS) {
        nanos = nanos * 10 + (*cursor->next++ - '0');
        digits++;
    }
    if (digits == 0 || is_digit(cursor)) {
        return false;
    }
    for (; digits < FRACTION_DIGITS; digits++) {
        nanos *= 10;
    }
    *out_nanos = nanos;
    return true;
}

static bool take_date(struct cursor *cursor, int64_t *out_days) {
    int year = 0;
    int month = 0;
    int day = 0;
    if (!take_number(cursor, 4, &year) || !take(cursor, '-') || !take_number(cursor, 2, &month) ||
        !take(cursor, '-') || !take_number(cursor, 2, &day)) {
        return false;
    }
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
        return false;
    }
    *out_days = days_before_year(year) + days_before_month(year, month) + day - 1 - DAYS_TO_1970;
    return true;
}

static bool take_clock(struct cursor *cursor, int *out_seconds) {
    int hour = 0;
    int minute = 0;
    int second = 0;
    if (!take_number(cursor, 2, &hour) || !take(cursor, ':') || !take_number(cursor, 2, &minute) ||
        !take(cursor, ':') || !take_number(cursor, 2, &second)) {
        return false;
    }
    *out_seconds = hour * 3600 + minute * 60 + second;
    return hour < 24 && minute < 60 && second < 60;
}

/* Seconds that local time is ahead of UTC. */
static bool take_offset(struct cursor *cursor, int *out_seconds) {
    *out_seconds = 0;
    if (take(cursor, 'Z')) {
        return true;
    }
    bool is_ahead = take(cursor, '+');
    if (!is_ahead && !take(cursor, '-')) {
        return false;
    }
    int hour = 0;
    int minute = 0;
    if (!take_number(cursor, 2, &hour) || !take(cursor, ':') || !take_number(cursor, 2, &minute)) {
        return false;
    }
    int seconds = hour * 3600 + minute * 60;
    *out_seconds = is_ahead ? seconds : -seconds;
    return hour < 24 && minute < 60;
}

bool nnrpc_json_parse_timestamp(
    const char *text, size_t size, int64_t *out_seconds, int32_t *out_nanos) {
    struct cursor cursor = {.next = text, .end = text + size};
    int64_t days = 0;
    int of_day = 0;
    int offset = 0;
    int32_t nanos = 0;
    if (!take_date(&cursor, &days) || !take(&cursor, 'T') || !take_clock(&cursor, &of_day) ||
        !take_fraction(&cursor, &nanos) || !take_offset(&cursor, &offset) ||
        cursor.next != cursor.end) {
        return false;
    }
    int64_t seconds = days * SECONDS_A_DAY + of_day - offset;
    if (seconds < FIRST_SECOND || seconds > LAST_SECOND) {
        return false;
    }
    *out_seconds = seconds;
    *out_nanos = nanos;
    return true;
}

bool nnrpc_json_format_duration(
    int64_t seconds, int32_t nanos, char out_text[NNRPC_JSON_TIME_BYTES]) {
    if (seconds < -DURATION_SECONDS_MAX || seconds > DURATION_SECONDS_MAX ||
        nanos <= -NANOS_A_SECOND || nanos >= NANOS_A_SECOND) {
        return false;
    }
    if ((seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0)) {
        return false;
    }
    bool is_negative = seconds < 0 || nanos < 0;
    int size = snprintf(
        out_text, NNRPC_JSON_TIME_BYTES, "%s%lld", is_negative ? "-" : "",
        (long long)(is_negative ? -seconds : seconds));
    *put_fraction(out_text + size, is_negative ? -nanos : nanos, 's') = '\0';
    return true;
}

bool nnrpc_json_parse_duration(
    const char *text, size_t size, int64_t *out_seconds, int32_t *out_nanos) {
    struct cursor cursor = {.next = text, .end = text + size};
    bool is_negative = take(&cursor, '-');
    if (!is_digit(&cursor)) {
        return false;
    }
    int64_t seconds = 0;
    while (is_digit(&cursor)) {
        seconds = seconds * 10 + (*cursor.next++ - '0');
        if (seconds > DURATION_SECONDS_MAX) {
            return false;
        }
    }
    int32_t nanos = 0;
    if (!take_fraction(&cursor, &nanos) || !take(&cursor, 's') || cursor.next != cursor.end) {
        return false;
    }
    *out_seconds = is_negative ? -seconds : seconds;
    *out_nanos = is_negative ? -nanos : nanos;
    return true;
}
