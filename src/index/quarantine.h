/* Files that crashed the parser, so that none does it twice.
 *
 * Grammars have scanners written by hand, and a daemon that one file can bring down again and again
 * is none. While a file is parsed, the thread has its key as last words (base/io_last_words); if the
 * process dies of it, the key is in the file `quarantine` of the state. Contents that are found
 * there are not parsed: the file stands in the graph as an empty one, and is reported. Other
 * contents, and another version of this program, are tried again.
 *
 * The file has a line for each: identity, contents, language, marks of the path, as text. Lines that
 * make no sense are passed over; without the file, nothing is in quarantine.
 *
 * Threads: any may ask and begin; open and close by one. Fault points: those of base/io.
 */
#ifndef PT_INDEX_QUARANTINE_H
#define PT_INDEX_QUARANTINE_H

#include "index/shelf.h"

struct quarantine;

int quarantine_open(const char *dir, const char *identity, struct quarantine **ret,
                    struct err *err);
void quarantine_close(struct quarantine *q); /* takes NULL */

bool quarantine_has(const struct quarantine *q, const struct shelf_key *key);

/* Around parsing, on the thread that does it. */
void quarantine_begin(const struct quarantine *q, const struct shelf_key *key);
void quarantine_end(void);

#endif
