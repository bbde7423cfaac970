/*
 * A tree in one file: a dump with a line `FILE: path` before each file.
 *
 *	dump      = [BOM] preamble { file }
 *	preamble  = { line }                      belongs to no file
 *	file      = [separator] header { separator } content
 *	header    = "FILE:" blank { blank } path line-end
 *	separator = "===" { "=" } line-end
 *	content   = { line }                      up to the next file, or the end
 *	line-end  = LF | CR LF | end of dump
 *	blank     = " " | TAB
 *
 * A header stands at the beginning of its line. Its path runs to the end of
 * the line, blanks inside it included, blanks around it not.
 *
 * A line of a source may look like a header too (in a string, in a comment).
 * So not every candidate, that is: every line of that form, opens a file; the
 * dump as a whole decides. Its style is that of its first candidate:
 *
 *	PLAIN   no separator before it, none after
 *	AFTER   one after
 *	BEFORE  one before
 *	BOTH    both; unless half of the candidates with one after, or half of
 *	        those with one before, have not both: then it is AFTER or BEFORE,
 *	        whichever more have, and the other one is by chance (a banner that
 *	        ends with a separator, an empty file)
 *
 * A candidate is marked if it has the separators of the style, each as long
 * as that of the first candidate (or, if that one is as long as its header
 * line, as long as its own header line); for BOTH, the one before must not be
 * the first one after another candidate. One that is not marked is a stray.
 * In a dump that is not PLAIN only marked candidates open files, if:
 *
 *	1. a marked header names a source file: as no source begins with a line
 *	   of =, it is then certain that the dump writes separators; and
 *	2. more candidates are marked than stray, or more than half of the marked
 *	   ones have no stray before the next; or the style is BOTH with equal
 *	   separators, which is unmistakable.
 *
 * Otherwise the dump counts as PLAIN: every candidate opens a file. This is
 * the side to err on: it loses no file.
 *
 * Paths become relative and normal: "\" is read as "/" if there is no "/"; a
 * drive letter, leading "/", "." and empty parts are dropped; "a/.." is
 * resolved. Where two headers give the same path, the later counts.
 *
 * Threads: any, on a struct of their own. Ownership: contents lie in a mapping
 * of the file, which must not be cut short while it is open (SIGBUS).
 * Errors: PT_EINVAL if there is no header or the file is no regular one,
 * PT_ELIMIT above DUMP_MAX_FILES, those of io_map_file, PT_ENOMEM.
 */
#ifndef PT_INDEX_DUMP_H
#define PT_INDEX_DUMP_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "base/vec.h"

#define DUMP_MAX_FILES (UINT32_C(1) << 20)
#define DUMP_MAX_SKIPS 10000 /* listed; all are counted */

enum dump_style { DUMP_PLAIN, DUMP_AFTER, DUMP_BEFORE, DUMP_BOTH };

struct dump_entry {
    const char *path; /* normalised; borrowed from the dump's arena */
    const char *p;    /* n bytes, not terminated; borrowed from the mapping */
    size_t n;
    uint8_t lang; /* index into lang_registry */
};

/* X(name, text) */
#define DUMP_REASON_MAP(X)                                                                         \
    X(OUTSIDE, "path leads out of the tree")                                                       \
    X(BAD_PATH, "path is empty, too long, no UTF-8, or has control characters")                    \
    X(DUPLICATE, "a later entry has the same path")

enum dump_reason {
#define DUMP_REASON_ENUM_(name, text) DUMP_##name,
    DUMP_REASON_MAP(DUMP_REASON_ENUM_)
#undef DUMP_REASON_ENUM_
        DUMP_N_REASONS,
};

/* The text of the table, for people. */
const char *dump_reason_text(enum dump_reason reason);

struct dump_skip {
    const char *path; /* as the header spells it, cut at 255 bytes; borrowed from the arena */
    uint64_t line;    /* of the header, from 1 */
    enum dump_reason reason;
};

struct dump {
    struct io_map map;
    struct arena arena;
    VEC(struct dump_entry) entries; /* that a language takes; by path, in the order of strcmp */
    VEC(struct dump_skip) skips;    /* by line; DUMP_MAX_SKIPS at most */
    uint32_t n_skips[DUMP_N_REASONS];
    uint32_t n_other_files; /* that no language takes */
    enum dump_style style;
};

/*
 * `path` may be a symbolic link. On failure `ret` is untouched; else give it
 * back with dump_close. No limit is set on the size of an entry: that is for
 * whoever reads its contents.
 */
int dump_open(const char *path, struct dump *ret, struct err *err);

void dump_close(struct dump *dump); /* takes an all-zero one; leaves it so */

#endif
