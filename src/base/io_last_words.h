/*
 * Last words: what a thread wants to have written should the process die of
 * what it is doing.
 *
 * When a signal of a crash comes (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT),
 * the words of the thread that it hit are appended to the file that goes with
 * them, and the signal takes its course. SIGKILL and power cuts leave none:
 * they say nothing of what was being done.
 *
 * Threads: each has words of its own. The handlers are the process's.
 */
#ifndef PT_BASE_IO_LAST_WORDS_H
#define PT_BASE_IO_LAST_WORDS_H

#include <stddef.h>

#include "base/err.h"

#define LAST_WORDS_MAX 256

/* Once for a process that wants them heard. Without it the rest has no effect. */
int last_words_install(struct err *err);

/* `fd` stays open until last_words_clear; the n bytes (at most LAST_WORDS_MAX) are copied. */
void last_words_set(int fd, const char *words, size_t n);
void last_words_clear(void);

#endif
