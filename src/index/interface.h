/* What a file offers: the answers that its facts give to the questions of other files
 * (index/notes).
 *
 * Each answer is a hash of all that can be read off it: of the definitions and binds of one name,
 * say, with their types and values as terms, but without places in the source and without the
 * numbers that things happen to have. So two versions of a file differ in those questions whose
 * answers may have changed, and a change inside of a body mostly in none.
 *
 * Threads: any, on structs of their own. Errors: PT_ENOMEM.
 */
#ifndef PT_INDEX_INTERFACE_H
#define PT_INDEX_INTERFACE_H

#include "base/err.h"
#include "base/vec.h"
#include "index/notes.h"
#include "lang/facts.h"

struct offer {
    uint32_t note;
    uint64_t hash;
};

/* All zero is that of no file. */
struct interface {
    VEC(struct offer) all; /* by note, each once */
};

int interface_of(const struct facts *f, const char *path, struct interface *ret, struct err *err);
void interface_release(struct interface *i);

/* Adds to `ret` the questions that the two answer differently. */
bool interface_compare(const struct interface *before, const struct interface *after,
                       struct notes *ret);

#endif
