#include "base/io_last_words.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"

/* For a handler: the thread's own may be what ran out. */
#define STACK_BYTES ((size_t)64 << 10)

static _Thread_local struct {
    char words[LAST_WORDS_MAX];
    volatile size_t n; /* 0: none */
    int fd;
    bool has_stack;
} last;

static atomic_bool is_installed;
static pthread_key_t stack_key; /* frees a thread's stack when it ends */

static void on_crash(int number)
{
    size_t n = last.n;

    if (n != 0 && write(last.fd, last.words, n) < 0)
        last.n = 0; /* nothing can be done about it */
    /* SA_RESETHAND: again, and it takes its course. */
    raise(number);
}

static void free_stack(void *stack)
{
    const stack_t none = {.ss_flags = SS_DISABLE};

    (void)sigaltstack(&none, NULL);
    free(stack); /* not base/mem: that may be gone with the thread's end */
}

int last_words_install(struct err *err)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    struct sigaction action = {.sa_handler = on_crash,
                               .sa_flags = (int)(SA_RESETHAND | SA_ONSTACK)};

    if (atomic_load(&is_installed))
        return PT_OK;
    int rc = FAULT_ERRNO("io.last_words", pthread_key_create(&stack_key, free_stack));
    if (rc != 0)
        return err_set_errno(err, errno, "a key for threads");
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
        if (sigaction(signals[i], &action, NULL) != 0)
            return err_set_errno(err, errno, "sigaction");
    atomic_store(&is_installed, true);
    return PT_OK;
}

/* One for each thread that has words, from its first ones on. */
static void make_stack(void)
{
    stack_t stack = {.ss_size = STACK_BYTES};

    last.has_stack = true;
    stack.ss_sp = malloc(STACK_BYTES);
    if (!stack.ss_sp)
        return;
    if (sigaltstack(&stack, NULL) != 0 || pthread_setspecific(stack_key, stack.ss_sp) != 0)
        free_stack(stack.ss_sp);
}

void last_words_set(int fd, const char *words, size_t n)
{
    if (!atomic_load_explicit(&is_installed, memory_order_relaxed) || n > LAST_WORDS_MAX)
        return;
    if (!last.has_stack)
        make_stack();
    last.fd = fd;
    memcpy(last.words, words, n);
    atomic_signal_fence(memory_order_seq_cst);
    last.n = n;
}

void last_words_clear(void)
{
    last.n = 0;
}
