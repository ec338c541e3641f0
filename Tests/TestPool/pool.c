// Swift's tasks, and with them the tests, on threads of ours: as many as LAB_TEST_THREADS says, else two for each processor.
// The last comes first: a test that has begun ends before others begin, or its time would be spent in the queue.
#define _GNU_SOURCE
#include "testpool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// See swift/Runtime/Concurrency.h and swift/ABI/Executor.h: of an executor that is nobody's in particular both words are 0.
typedef __attribute__((swiftcall)) void (*enqueue)(void *job);
extern __attribute__((swiftcall)) void (*swift_task_enqueueGlobal_hook)(void *job, enqueue original);
extern __attribute__((swiftcall)) void swift_job_run(void *job, void *identity, void *implementation);

struct entry {
    void *job;
    struct entry *next;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct entry *first;
    int queued, waiting, threads;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER};

int test_pool_width(void) {
    const char *asked = getenv("LAB_TEST_THREADS");
    long width = asked ? strtol(asked, NULL, 10) : 2 * sysconf(_SC_NPROCESSORS_ONLN);
    return width < 1 ? 1 : (int)width;
}

static void *work(void *unused) {
    (void)unused;
    for (;;) {
        pthread_mutex_lock(&pool.lock);
        pool.waiting++;
        while (!pool.first) pthread_cond_wait(&pool.filled, &pool.lock);
        pool.waiting--;
        struct entry *entry = pool.first;
        pool.first = entry->next;
        pool.queued--;
        pthread_mutex_unlock(&pool.lock);
        void *job = entry->job;
        free(entry);
        swift_job_run(job, NULL, NULL);
    }
    return NULL;
}

static __attribute__((swiftcall)) void take(void *job, enqueue original) {
    (void)original;
    struct entry *entry = malloc(sizeof *entry);
    if (!entry) abort();
    pthread_mutex_lock(&pool.lock);
    *entry = (struct entry){.job = job, .next = pool.first};
    pool.first = entry;
    pool.queued++;
    pthread_t thread;
    if (pool.queued > pool.waiting && pool.threads < test_pool_width() &&
        pthread_create(&thread, NULL, work, NULL) == 0) {
        pthread_detach(thread);
        pool.threads++;
    }
    pthread_cond_signal(&pool.filled);
    pthread_mutex_unlock(&pool.lock);
}

__attribute__((constructor)) static void install(void) { swift_task_enqueueGlobal_hook = take; }
