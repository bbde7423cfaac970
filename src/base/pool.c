#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/cgroup.h"
#include "base/fault.h"
#include "base/mem.h"

#define STACK_SIZE ((size_t)8 << 20)

struct pool {
    pool_fn fn;
    void *ctx;          /* borrowed */
    atomic_size_t next; /* the next item to begin */
    atomic_size_t stop; /* items from here need not be begun */
    atomic_uint next_worker;
    pthread_mutex_t lock; /* of the two below */
    size_t failed_item;   /* the lowest so far; SIZE_MAX = none */
    int result;           /* its result */
};

static void note_failure(struct pool *p, size_t item, int result)
{
    pthread_mutex_lock(&p->lock);
    if (item < p->failed_item) {
        p->failed_item = item;
        p->result = result;
        atomic_store(&p->stop, item);
    }
    pthread_mutex_unlock(&p->lock);
}

/*
 * Items are begun in order: when one fails, all before it have been begun and
 * will end, so that the lowest failed item is always found.
 */
static void work(struct pool *p, unsigned worker)
{
    for (;;) {
        size_t item = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed);
        int rc;

        if (item >= atomic_load_explicit(&p->stop, memory_order_relaxed))
            return;
        rc = p->fn(p->ctx, worker, item);
        if (rc)
            note_failure(p, item, rc);
    }
}

static void *worker_main(void *arg)
{
    struct pool *p = arg;

    work(p, atomic_fetch_add(&p->next_worker, 1));
    return NULL;
}

/* A crash must still be seen where it happens. */
static void block_signals(sigset_t *ret_old)
{
    static const int synchronous[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigset_t all;

    sigfillset(&all);
    for (size_t i = 0; i < PT_COUNT(synchronous); i++)
        sigdelset(&all, synchronous[i]);
    pthread_sigmask(SIG_SETMASK, &all, ret_old);
}

/* Starts up to n workers; returns how many run. */
static unsigned start_workers(struct pool *p, pthread_t *threads, unsigned n)
{
    pthread_attr_t attr;
    sigset_t old;
    unsigned started = 0;

    if (n == 0 || pthread_attr_init(&attr) != 0)
        return 0;
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    block_signals(&old);
    while (started < n && !fault_hit("pool.thread") &&
           pthread_create(&threads[started], &attr, worker_main, p) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return started;
}

int pool_run(unsigned threads, size_t n, pool_fn fn, void *ctx)
{
    pthread_t ids[POOL_THREADS_MAX];
    struct pool p = {
        .fn = fn,
        .ctx = ctx,
        .stop = n,
        .next_worker = 1,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .failed_item = SIZE_MAX,
    };

    if (threads == 0)
        threads = pool_cpus();
    if (threads > POOL_THREADS_MAX)
        threads = POOL_THREADS_MAX;
    if (threads > n)
        threads = (unsigned)n;
    if (n == 0)
        return 0;

    unsigned started = start_workers(&p, ids, threads - 1);
    work(&p, 0);
    for (unsigned i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    return p.result;
}

/* ---- how many processors ---- */

static unsigned affinity_cpus(void)
{
    /* The kernel refuses a set that is too small for the machine. */
    for (size_t cpus = CPU_SETSIZE; cpus <= (size_t)64 * CPU_SETSIZE; cpus *= 2) {
        size_t size = CPU_ALLOC_SIZE(cpus);
        cpu_set_t *set = mem_calloc(1, size);
        int count = 0;

        if (!set)
            break;
        if (sched_getaffinity(0, size, set) == 0)
            count = CPU_COUNT_S(size, set);
        mem_free(set);
        if (count > 0)
            return (unsigned)count;
    }
    return 1;
}

unsigned pool_cpus(void)
{
    uint64_t cpus = affinity_cpus();
    uint64_t quota = cgroup_cpus("/proc/self/cgroup", "/sys/fs/cgroup");

    if (quota < cpus)
        cpus = quota;
    if (cpus > POOL_THREADS_MAX)
        cpus = POOL_THREADS_MAX;
    return cpus ? (unsigned)cpus : 1;
}
