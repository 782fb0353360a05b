/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread of its own, because the call keeps the main thread waiting.
 */
#include "ticker.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "duration.h"
#include "terminal.h"

struct ctl_ticker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool is_over;
    const char *what;
};

static void *tick(void *argument) {
    struct ctl_ticker *ticker = argument;
    struct timespec next;
    clock_gettime(CLOCK_REALTIME, &next);
    pthread_mutex_lock(&ticker->lock);
    for (uint64_t seconds = 0; !ticker->is_over; seconds++) {
        char text[CTL_TIME_TEXT_BYTES];
        ctl_duration_format(seconds, text);
        fprintf(stderr, "\r\033[K%s %s", ticker->what, text);
        fflush(stderr);
        next.tv_sec++;
        while (!ticker->is_over &&
               pthread_cond_timedwait(&ticker->ended, &ticker->lock, &next) == 0) {
        }
    }
    pthread_mutex_unlock(&ticker->lock);
    fputs("\r\033[K", stderr);
    return NULL;
}

struct ctl_ticker *ctl_ticker_start(const struct ctl_context *context, const char *what) {
    if (context->quiet || ctl_terminal_width(stderr) == 0) {
        return NULL;
    }
    struct ctl_ticker *ticker = ctl_allocate(1, sizeof(*ticker));
    ticker->what = what;
    pthread_mutex_init(&ticker->lock, NULL);
    pthread_cond_init(&ticker->ended, NULL);
    if (pthread_create(&ticker->thread, NULL, tick, ticker) != 0) {
        free(ticker);
        return NULL;
    }
    return ticker;
}

void ctl_ticker_stop(struct ctl_ticker *ticker) {
    if (ticker == NULL) {
        return;
    }
    pthread_mutex_lock(&ticker->lock);
    ticker->is_over = true;
    pthread_cond_signal(&ticker->ended);
    pthread_mutex_unlock(&ticker->lock);
    pthread_join(ticker->thread, NULL);
    pthread_cond_destroy(&ticker->ended);
    pthread_mutex_destroy(&ticker->lock);
    free(ticker);
}
