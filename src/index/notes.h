/* What one file's meaning hangs on: notes of everything that was asked of other files while it was
 * named, attached and resolved. When another file changes, what it offers (index/interface) is
 * compared before and after; who has a note of what differs is worked out again, nobody else.
 *
 * A note is the hash of a question ("member x of file f", "what bears the global name y", "is there
 * a file p"), 32 bits; it is the same in every process, whatever the numbers of symbols and files.
 * That nothing was found is noted as well. Two questions with one hash cost work, never truth.
 *
 * (The questions of a query are its dependencies: Hammer et al., "Adapton", PLDI 2014; the
 * red-green marking of rustc. Here there are two levels only, what a file says and what it means,
 * so what was asked can be a set without an order.)
 *
 * Threads: one owner. Errors: `failed` is set when memory is short.
 */
#ifndef PT_INDEX_NOTES_H
#define PT_INDEX_NOTES_H

#include "base/hash.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

enum note_kind {
    NOTE_FILE = 1, /* a file: its language, its module name */
    NOTE_MEMBER,   /* all definitions and binds of one name in one file */
    NOTE_STARS,    /* the star imports of a file */
    NOTE_INCLUDES, /* the files that a file includes */
    NOTE_GLOBAL,   /* a name in the file scopes of languages with linkage */
    NOTE_UNIQUE,   /* a name among the members of types, for LAYER_UNIQUE */
    NOTE_IMPLS,    /* the impl blocks of a type */
    NOTE_PATH,     /* is there a file of this path? */
    NOTE_SUFFIX,   /* the files of this base name */
    NOTE_MODULE,   /* the files of this module name */
    NOTE_PACKAGE,  /* the package that the manifest in a folder names */
};

/* The hash of a question; a, b: hashes of texts. Never 0. */
static inline uint32_t note_of(enum note_kind kind, uint64_t a, uint64_t b)
{
    uint32_t note =
        (uint32_t)(hash_mix64(hash_mix64(a + (uint64_t)kind * 0x9e3779b97f4a7c15ULL) ^ b) >> 32);
    return note != 0 ? note : 1;
}

struct notes {
    uint32_t *slots; /* owned; 0: free */
    uint32_t n_slots;
    VEC(uint32_t) all; /* each once, in the order of asking */
    bool failed;
};

void notes_clear(struct notes *n);
void notes_release(struct notes *n);
void notes_add(struct notes *n, uint32_t note);
void notes_sort(uint32_t *notes, uint32_t n);

/* Is one of the n sorted notes among the k sorted questions? */
bool notes_meet(const uint32_t *notes, uint32_t n, const uint32_t *questions, uint32_t k);

#endif
