/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing durations and times; UTC throughout, so that output is the same everywhere.
 */
#include "duration.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LONGEST_DURATION_MS (24.0 * 60 * 60 * 1000)

struct unit {
    const char *name;
    double ms;
};

static const struct unit UNITS[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 60 * 60 * 1000}};

/* Reads "12" or "12.5" without the locale's and strtod's other spellings. NULL when there is none.
 */
static const char *read_decimal(const char *text, double *out_value) {
    double value = 0;
    const char *at = text;
    while (isdigit((unsigned char)*at)) {
        value = value * 10 + (*at++ - '0');
    }
    if (at == text) {
        return NULL;
    }
    if (*at == '.') {
        double place = 0.1;
        const char *fraction = ++at;
        while (isdigit((unsigned char)*at)) {
            value += (*at++ - '0') * place;
            place /= 10;
        }
        if (at == fraction) {
            return NULL;
        }
    }
    *out_value = value;
    return at;
}

bool ctl_duration_parse(const char *text, uint32_t *out_ms) {
    double number = 0;
    const char *unit = read_decimal(text, &number);
    if (unit == NULL) {
        return false;
    }
    for (size_t i = 0; i < NNRPC_LENGTH(UNITS); i++) {
        if (strcmp(unit, UNITS[i].name) == 0) {
            double ms = number * UNITS[i].ms + 0.5;
            if (ms < 1 || ms > LONGEST_DURATION_MS + 0.5) {
                return false;
            }
            *out_ms = (uint32_t)ms;
            return true;
        }
    }
    return false;
}

void ctl_duration_format(uint64_t seconds, char out_text[CTL_TIME_TEXT_BYTES]) {
    uint64_t minutes = seconds / 60;
    if (minutes < 60) {
        snprintf(out_text, CTL_TIME_TEXT_BYTES, "%" PRIu64 ":%02" PRIu64, minutes, seconds % 60);
    } else {
        snprintf(
            out_text, CTL_TIME_TEXT_BYTES, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, minutes / 60,
            minutes % 60, seconds % 60);
    }
}

/* Reads exactly `count` digits. */
static const char *read_digits(const char *at, int count, int *out_value) {
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (!isdigit((unsigned char)at[i])) {
            return NULL;
        }
        value = value * 10 + (at[i] - '0');
    }
    *out_value = value;
    return at + count;
}

/* "2026-03-01"; refuses days that the month does not have. */
static const char *read_date(const char *at, struct tm *out_time) {
    int year = 0;
    int month = 0;
    int day = 0;
    if ((at = read_digits(at, 4, &year)) == NULL || *at++ != '-' ||
        (at = read_digits(at, 2, &month)) == NULL || *at++ != '-' ||
        (at = read_digits(at, 2, &day)) == NULL || year < 1) {
        return NULL;
    }
    struct tm time = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    struct tm normal = time;
    timegm(&normal);
    if (normal.tm_mon != time.tm_mon || normal.tm_mday != time.tm_mday) {
        return NULL;
    }
    *out_time = time;
    return at;
}

/* "08:30:00" and a fraction of up to nine digits. */
static const char *read_clock(const char *at, struct tm *time, int32_t *out_nanos) {
    if ((at = read_digits(at, 2, &time->tm_hour)) == NULL || *at++ != ':' ||
        (at = read_digits(at, 2, &time->tm_min)) == NULL || *at++ != ':' ||
        (at = read_digits(at, 2, &time->tm_sec)) == NULL) {
        return NULL;
    }
    if (time->tm_hour > 23 || time->tm_min > 59 || time->tm_sec > 59) {
        return NULL;
    }
    int32_t nanos = 0;
    if (*at == '.') {
        int32_t place = 100000000;
        const char *fraction = ++at;
        for (; isdigit((unsigned char)*at); at++, place /= 10) {
            nanos += (*at - '0') * place;
        }
        if (at == fraction || at - fraction > 9) {
            return NULL;
        }
    }
    *out_nanos = nanos;
    return at;
}

/* "Z", "+01:00"; what has to be subtracted to come to UTC. */
static const char *read_offset(const char *at, int *out_seconds) {
    if (*at == 'Z' || *at == 'z') {
        *out_seconds = 0;
        return at + 1;
    }
    int sign = *at == '+' ? 1 : -1;
    int hours = 0;
    int minutes = 0;
    if ((*at != '+' && *at != '-') || (at = read_digits(at + 1, 2, &hours)) == NULL ||
        *at++ != ':' || (at = read_digits(at, 2, &minutes)) == NULL || hours > 23 || minutes > 59) {
        return NULL;
    }
    *out_seconds = sign * (hours * 3600 + minutes * 60);
    return at;
}

bool ctl_time_parse(const char *text, int64_t *out_seconds, int32_t *out_nanos) {
    struct tm time = {0};
    int32_t nanos = 0;
    int offset = 0;
    const char *at = read_date(text, &time);
    if (at == NULL) {
        return false;
    }
    if (*at != '\0') {
        if (*at != 'T' && *at != 't' && *at != ' ') {
            return false;
        }
        at = read_clock(at + 1, &time, &nanos);
        at = at != NULL ? read_offset(at, &offset) : NULL;
        if (at == NULL || *at != '\0') {
            return false;
        }
    }
    *out_seconds = (int64_t)timegm(&time) - offset;
    *out_nanos = nanos;
    return true;
}

void ctl_time_format(int64_t seconds, char out_text[CTL_TIME_TEXT_BYTES]) {
    time_t whole = (time_t)seconds;
    struct tm time = {0};
    if (gmtime_r(&whole, &time) == NULL ||
        strftime(out_text, CTL_TIME_TEXT_BYTES, "%Y-%m-%d %H:%M:%SZ", &time) == 0) {
        out_text[0] = '\0';
    }
}
