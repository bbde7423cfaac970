/* A segment: an immutable, position-independent block of files, nodes and edges, made of plain
 * arrays ("sections") without pointers. The same bytes serve in memory and on disk.
 *
 * All numbers are little-endian, and so must the machine be. Strings end with NUL and lie in one
 * section; a string is its offset there; equal strings are stored once, and a bare name lies in
 * the tail of a qualified name where it can.
 *
 * Bytes of an encoded segment:
 *
 *   offset  size
 *        0     8  magic "ISGSEGMT"
 *        8     4  version, SEG_VERSION
 *       12     4  size of the header, SEG_HEADER_SIZE
 *       16    16  XXH3-128 (low half first) of the header without these 16 bytes
 *       32     8  size of the segment, all included
 *       40     4  kinds of nodes that its writer knew
 *       44     4  kinds of edges that its writer knew
 *       48    36  counts: strings (bytes), files, nodes, docs, buckets, edges, sites, names,
 *                 reserved (0); 4 bytes each
 *       84     4  number of sections, SEG_COUNT
 *       88        for each section, in the order of SEG_SECTION_MAP: XXH3-128 of its bytes
 *   SEG_HEADER_SIZE  the sections, in that order; each is padded with zeros to a multiple of 8
 *
 * A segment is valid if and only if
 *  S1  the header is as above, its checksum is right, the counts stay below the limits, and the
 *      size is what the counts give and what is there;
 *  S2  each section's checksum is right and all padding is zero;
 *  S3  the strings begin and end with NUL, and every offset of a string lies among them;
 *  S4  files have strictly ascending paths (bytes), and their nodes follow each other without
 *      gaps, at least one for each file;
 *  S5  a file's first node is of kind FILE and has no parent; every other node's parent is an
 *      earlier node of its file; kinds are known; docs are in range;
 *  S6  by_sig lists all nodes, their sig hashes strictly ascending, and sig_dir[b] counts those
 *      of buckets below b;
 *  S7  out_start and in_start ascend from 0 to the number of edges, and each list is strictly
 *      ascending by (kind, node), with known kinds;
 *  S8  in_edge[i] is an edge from in_node[i] to the node whose list i is in, of the same kind and
 *      layer: the lists of both directions say the same;
 *  S9  site_start ascends from 0 to the number of sites; the sites of an edge name files that
 *      exist and ascend strictly by (line is not 0, file, line, column); the surest layer among
 *      them is the edge's; an edge whose one site has no line and is in the file of its target has
 *      no site (the file is implied, see struct site);
 *  S10 names are strictly ascending (bytes), have nodes, in ascending order, and a node is under
 *      its own name and no other.
 *
 * segment_decode checks all of it, so that whatever reads a segment may trust every number in it.
 * Threads: a finished segment is immutable and may be read by any thread.
 */
#ifndef PT_GRAPH_SEGMENT_H
#define PT_GRAPH_SEGMENT_H

#include "base/err.h"
#include "base/hash.h"
#include "base/io.h"
#include "graph/delta.h"
#include "graph/model.h"

#include <stddef.h>
#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "segments are mapped as they are");

#define NODE_NONE UINT32_MAX

#define SEG_VERSION 1u
#define SEG_COUNTS 9
#define SEG_NODES_MAX (UINT32_MAX - 1)
#define SEG_EDGES_MAX (UINT32_MAX - 1)

/* Where an edge is written: one reference. Evidence too for edges without a place in the source
 * (CONTAINS): then line and column are 0, and the file is the one that the edge belongs to.
 * Exactly 8 bytes; as a little-endian number it sorts by file, line, column and layer. What does
 * not fit is cut to the largest value that does. */
struct site {
    uint64_t layer : 2; /* enum layer of this reference; the edge has the surest of all */
    uint64_t col : 16;  /* from 1, in bytes */
    uint64_t line : 24; /* from 1 */
    uint64_t file : 22; /* index of the file */
};

_Static_assert(sizeof(struct site) == 8, "on disk");
_Static_assert(LAYER_COUNT <= 4 && EDGE_KIND_COUNT <= 32, "an edge's attributes are one byte");

#define SITE_FILES_MAX (1u << 22)
#define SITE_LINE_MAX ((1u << 24) - 1)

struct seg_file {
    struct hash128 content;
    uint64_t size;
    int64_t mtime_ns, ctime_ns;
    uint64_t ino;
    uint32_t path, lang;   /* strings */
    uint32_t first, count; /* nodes */
    uint32_t lines, facts_flags, error_line;
    uint32_t refs_by_layer[LAYER_COUNT];
    uint32_t unresolved[UNRESOLVED_COUNT];
};

_Static_assert(sizeof(struct seg_file) == 104, "on disk: a change is a new SEG_VERSION");

struct seg_node {
    uint64_t sig;
    uint32_t name, qualified, signature; /* strings */
    uint32_t parent, file;               /* node (NODE_NONE for files), index of the file */
    uint32_t line, end_line, start, end;
    uint16_t flags;
    uint8_t kind;
    uint8_t has_doc; /* 0, or 1: its place is among the docs */
};

_Static_assert(sizeof(struct seg_node) == 48, "on disk: a change is a new SEG_VERSION");

/* Where the documentation of a node is, for those that have one; sorted by node. */
struct seg_doc {
    uint32_t node, start, end;
};

/* A distinct bare name; its nodes are postings first ... up to the next name's first. */
struct seg_name {
    uint32_t name; /* string */
    uint32_t first;
};

/* An edge's kind and layer in one byte. */
static inline uint8_t seg_attr(unsigned kind, unsigned layer)
{
    return (uint8_t)(kind << 2 | layer);
}

static inline uint8_t seg_attr_kind(uint8_t attr)
{
    return attr >> 2;
}

static inline uint8_t seg_attr_layer(uint8_t attr)
{
    return attr & 3;
}

/* X(constant, field, type of an element, number of elements in segment s). The order is that of
 * the file. sig_dir, the starts and names have one more than they count: the end of the last. */
#define SEG_SECTION_MAP(X)                                                                         \
    X(FILES, files, struct seg_file, (s)->n_files)                                                 \
    X(NODES, nodes, struct seg_node, (s)->n_nodes)                                                 \
    X(DOCS, docs, struct seg_doc, (s)->n_docs)                                                     \
    X(SIG_DIR, sig_dir, uint32_t, (size_t)(s)->n_buckets + 1)                                      \
    X(BY_SIG, by_sig, uint32_t, (s)->n_nodes)                                                      \
    X(OUT_START, out_start, uint32_t, (size_t)(s)->n_nodes + 1)                                    \
    X(OUT_NODE, out_node, uint32_t, (s)->n_edges)                                                  \
    X(OUT_ATTR, out_attr, uint8_t, (s)->n_edges)                                                   \
    X(IN_START, in_start, uint32_t, (size_t)(s)->n_nodes + 1)                                      \
    X(IN_NODE, in_node, uint32_t, (s)->n_edges)                                                    \
    X(IN_ATTR, in_attr, uint8_t, (s)->n_edges)                                                     \
    X(IN_EDGE, in_edge, uint32_t, (s)->n_edges)                                                    \
    X(SITE_START, site_start, uint32_t, (size_t)(s)->n_edges + 1)                                  \
    X(SITES, sites, struct site, (s)->n_sites)                                                     \
    X(NAMES, names, struct seg_name, (size_t)(s)->n_names + 1)                                     \
    X(POSTINGS, postings, uint32_t, (s)->n_nodes)                                                  \
    X(STRINGS, strings, char, (s)->n_strings)

enum seg_section {
#define X(c, field, type, n) SEG_##c,
    SEG_SECTION_MAP(X)
#undef X
        SEG_COUNT
};

#define SEG_HEADER_SIZE (88u + 16u * SEG_COUNT)

struct segment {
    uint32_t n_strings, n_files, n_nodes, n_docs, n_buckets, n_edges, n_sites, n_names;
    bool owned; /* are the sections heap blocks of this segment? else borrowed */
#define X(c, field, type, n) const type *field;
    SEG_SECTION_MAP(X)
#undef X
};

/* The segment that is `old` (NULL: nothing) with the delta applied. Files that the delta does not
 * name keep their contributions. PT_EINVAL: the delta breaks an invariant of delta.h, which the
 * message names; PT_ELIMIT: more than the format can hold. */
int segment_build(const struct segment *old, const struct delta *delta, struct segment *ret,
                  struct err *err);

void segment_release(struct segment *s);

/* The parts whose bytes, one after the other, are the encoded segment. `header` is filled and,
 * like the segment, must outlive the parts. Returns the size in bytes. */
#define SEG_PARTS (1 + 2 * SEG_COUNT)
size_t segment_encode(const struct segment *s, uint8_t header[SEG_HEADER_SIZE],
                      struct io_part parts[SEG_PARTS]);

/* Checks the n bytes at p (8-aligned) and makes them a segment that borrows them. PT_ECORRUPT,
 * naming the invariant and what breaks it, unless it is valid; PT_EVERSION. */
int segment_decode(const uint8_t *p, size_t n, struct segment *ret, struct err *err);

/* S3 to S10, of a segment in memory (segment_decode calls it). */
int segment_check(const struct segment *s, struct err *err);

size_t segment_bytes(const struct segment *s);

/* Buckets of sig_dir divide the hashes evenly. */
static inline uint32_t segment_bucket(const struct segment *s, uint64_t sig)
{
    return (uint32_t)(((unsigned __int128)sig * s->n_buckets) >> 64);
}

/* The node with this sig hash, or NODE_NONE. */
uint32_t segment_find_sig(const struct segment *s, uint64_t sig);

/* Where the documentation of a node that has one is. */
const struct seg_doc *segment_doc(const struct segment *s, uint32_t node);

/* The file with this path, or NODE_NONE. */
uint32_t segment_find_file(const struct segment *s, const char *path);

#endif
