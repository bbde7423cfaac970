/* The bytes of a delta: what the log keeps and a replica is sent.
 *
 * The same delta gives the same bytes on every machine. Numbers of fixed size are little-endian;
 * "varint" is that of base/codec.h, "signed" a zigzag varint of the difference that is named.
 *
 *   offset  size
 *        0     4  magic "ISGD"
 *        4     4  version, DELTA_VERSION
 *        8     4  size of the strings
 *       12     4  number of units
 *       16     4  flags: 1 = replace_all
 *       20        the units, each with its nodes; then the edges of all, unit after unit
 *   end - size    the strings, each with its NUL, in the order of their first use
 *
 * A unit:
 *   string   path
 *   1 byte   1 = removed (nothing follows), 0 = not
 *   string   language
 *   16       content hash, low half first
 *   varint   size in bytes
 *   signed   mtime_ns - 0
 *   signed   ctime_ns - mtime_ns (modulo 2^64)
 *   varint   ino, lines, facts_flags, error_line, refs_by_layer[LAYER_COUNT],
 *            unresolved[UNRESOLVED_COUNT], number of edges, number of nodes
 *            its nodes
 *
 * A node:
 *   8        sig hash
 *   varint   flags * 2 + (has it documentation?)
 *   1 byte   kind
 *   varint   index of the node - parent; not there for the first node of a unit
 *   string   qualified name
 *   varint   bare name: its length * 2, if it is the end of the qualified name; else 1 and a string
 *   string   signature
 *   signed   line - line of the node before (0 at first), end_line - line,
 *            start - start of the node before (0 at first), end - start
 *   signed   doc_start - start, doc_end - doc_start; only if it has documentation
 *
 * An edge:
 *   1 byte   kind + layer * 32 + (has it a site?) * 128
 *   end      from, to
 *   signed   line - line of the site before (0 at first in a unit); only if it has a site
 *   varint   col; only if it has a site
 *
 * A string is a varint: 0 is the next string that was not used yet; k is the k-th before that one.
 *
 * An end of an edge is a varint: index * 4 + what it counts.
 *   0  nodes of this unit
 *   1  nodes of the delta
 *   2  other sig hashes, in the order of their first use
 *   3  a new other sig hash: index 0, and its 8 bytes follow
 *
 * An encoding is valid if and only if
 *  E1  the head is as above, with no other flags, and the strings fit behind it;
 *  E2  each string ends with a NUL, has none within, and is used; the first use of each is in the
 *      order in which they lie there;
 *  E3  units and edges fill what lies between the head and the strings, to the last byte; every
 *      varint is valid, and every number fits its field of delta.h;
 *  E4  a node that has documentation has a doc_start or doc_end other than 0, one that has none
 *      has both 0; an edge that has a site has a line or column other than 0; a bare name that is
 *      said to be the end of its qualified name is no longer than that;
 *  E5  ends of edges name nodes and sig hashes that are there;
 *  E6  the delta satisfies D1 and D2 of delta.h (delta_check).
 *
 * delta_decode checks all of it. Of a removed unit only the path is kept. It takes time in
 * proportion to the number of bytes, whatever they are, and memory of at most DELTA_EXPANSION times
 * as many (a removed unit of four bytes becomes a struct unit), plus a few KB.
 *
 * Threads: pure functions.
 */
#ifndef PT_GRAPH_DELTA_CODEC_H
#define PT_GRAPH_DELTA_CODEC_H

#include "base/err.h"
#include "base/str.h"
#include "graph/delta.h"

#include <stddef.h>
#include <stdint.h>

#define DELTA_VERSION 1u
#define DELTA_HEAD_SIZE 20u
#define DELTA_EXPANSION 64u

/* Appends the encoding. PT_EINVAL: the delta breaks D1 or D2; PT_ELIMIT: it is larger than the
 * format can hold; PT_ENOMEM. On failure `out` is as it was. */
int delta_encode(const struct delta *d, struct buf *out, struct err *err);

/* The delta that these bytes stand for; it borrows nothing, and the caller releases it.
 * PT_ECORRUPT, naming the rule that is broken and where; PT_EVERSION; PT_ENOMEM. */
int delta_decode(const uint8_t *p, size_t n, struct delta *ret, struct err *err);

#endif
