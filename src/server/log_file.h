/* The log of the daemon: <base of all state>/daemon.log, with one predecessor, daemon.log.1.
 *
 * Lines are appended whole (O_APPEND), so several processes may write the same file: a daemon that
 * is ending and one that begins. When a line would make the file longer than its limit, the file
 * becomes the predecessor; a process that finds that another has done so follows. Where a line
 * cannot be written (a full disk), it is dropped and counted, and the next one that can be written
 * is led by a line that says how many are missing.
 *
 * log_file_write may be called by any thread; the rest by one, while no other writes.
 */
#ifndef PT_SERVER_LOG_FILE_H
#define PT_SERVER_LOG_FILE_H

#include "base/err.h"
#include "base/str.h"

struct log_file;

/* Where it is; replaces what `ret` holds. */
int log_file_path(struct buf *ret, struct err *err);

/* Makes the folder and the file if need be. */
int log_file_open(const char *path, uint64_t max_bytes, struct log_file **ret, struct err *err);
void log_file_close(struct log_file *f); /* takes NULL */

void log_file_set_max(struct log_file *f, uint64_t max_bytes);

/* For log_set_sink: `ctx` is a struct log_file. */
void log_file_write(void *ctx, const char *line, size_t n);

#endif
