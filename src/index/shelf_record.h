/* The bytes of a shelf (index/shelf.h): how facts lie in a file. Private to the shelf.
 *
 * All numbers are as this machine writes them, for the arrays of facts are used where they lie.
 * A file is a header, then records one after the other, each at a multiple of 16:
 *
 *   header   0  8  magic "PTFACTS\n"
 *            8  4  version
 *           12  4  0x01020304: the order of bytes
 *           16 16  hash128 of the identity of the program that extracts
 *           32 24  0
 *           56  8  hash64 of the 56 bytes before
 *
 *   record   0  4  magic
 *            4  1  language; 5 1 marks of the path; 6 2 0
 *            8  8  size of the block
 *           16 16  hash128 of the contents of the source file
 *           32 48  flags, bytes, lines, error_line, n_syms, n_pool, n_terms, n_binds, n_scopes,
 *                  n_stars, n_defs, n_refs of the facts, 4 bytes each
 *           80  8  hash64 of the block
 *           88  8  hash64 of the 88 bytes before
 *           96  .  the block (lang/facts.h), and 0 up to a multiple of 16
 *
 * A file is a shelf's if and only if
 *  S1  it begins with a header whose magic, version, order, identity and checksum are right.
 * A record is there if and only if all before it in its file are, and
 *  S2  its head lies within the file and has the right magic and checksum, and
 *  S3  its language and marks exist, its block has the size that the lengths of its arrays give
 *      and lies within the file with the padding.
 * It can be read if and only if, besides,
 *  S4  the checksum of its block is right, and
 *  S5  its facts hold F1 to F7.
 * Of records with the same key, the last one of the file with the highest number counts: the others
 * were damaged when it was written, or are what it was copied from.
 *
 * Threads: pure functions. Errors: false, nothing else.
 */
#ifndef PT_INDEX_SHELF_RECORD_H
#define PT_INDEX_SHELF_RECORD_H

#include "index/shelf.h"

#define SHELF_HEADER_SIZE 64u
#define SHELF_HEAD_SIZE 96u
/* Of facts that are kept. Far above what the limits of extraction let through. */
#define SHELF_RECORD_MAX ((uint64_t)1 << 30)

struct shelf_header {
    char magic[8];
    uint32_t version, order;
    struct hash128 identity;
    uint64_t zero[3];
    uint64_t sum;
};

struct shelf_head {
    uint32_t magic;
    uint8_t lang, marks;
    uint16_t zero;
    uint64_t block;
    struct hash128 content;
    uint32_t flags, bytes, lines, error_line;
    uint32_t n_syms, n_pool, n_terms, n_binds, n_scopes, n_stars, n_defs, n_refs;
    uint64_t block_sum;
    uint64_t sum;
};

void shelf_header_make(struct hash128 identity, struct shelf_header *ret);
bool shelf_header_ok(const uint8_t *p, uint64_t n, struct hash128 identity); /* S1 */

/* The head of a record of these facts. Reads all of them, for the sum. */
void shelf_head_make(const struct shelf_key *key, const struct facts *f, struct shelf_head *ret);
struct shelf_key shelf_head_key(const struct shelf_head *head);
/* Of the whole record. */
uint64_t shelf_record_size(const struct shelf_head *head);

/* The head of the record at p, from where n bytes are left of its file: S2 and S3. */
bool shelf_head_read(const uint8_t *p, uint64_t n, struct shelf_head *ret);

/* Facts whose arrays lie in the record at p, of which this is the head. */
void shelf_facts_at(const uint8_t *p, const struct shelf_head *head, struct facts *ret);
bool shelf_facts_ok(const struct facts *f, const struct shelf_head *head); /* S4 and S5 */

#endif
