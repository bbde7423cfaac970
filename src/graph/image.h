/* An image: a view of the live graph in a file, laid out as the graph lies in memory, so that
 * opening it maps it and reads next to nothing.
 *
 * All numbers are little-endian, and so must the machine be. Bytes of an image:
 *
 *   offset  size
 *        0     8  magic "ISGIMAGE"
 *        8     4  version, IMAGE_VERSION
 *       12     4  size of a page, IMAGE_PAGE; the header fills one, the rest of it is zero
 *       16    16  XXH3-128 (low half first) of the page without these 16 bytes
 *       32     8  size of the file
 *       40     4  kinds of nodes that its writer knew
 *       44     4  kinds of edges that its writer knew
 *       48    16  counts: nodes, files, names, segments; 4 bytes each
 *       64   272  struct live_totals (live.h): what the image has, counted, and when it was so
 *      336        for each section, in the order of IMAGE_SECTION_MAP: offset, size (8 bytes each),
 *                 XXH3-128 of its bytes
 *   then the sections, in that order, each from the beginning of a page, padded with zeros
 *
 * The first section, DATA, holds the blocks of live.h and lists.h, as they are in the space of a
 * graph: a ref is an offset in the file divided by SPACE_GRANULE. All have generation 0 and no
 * past. The sections NODE, IN, OUT, FILE, NAMED and TEXT are the words of the graph; the others are
 * the bases of its maps (idmap.h).
 *
 * Ids are dense: files by their paths (bytes), nodes by file and then in the order of the file,
 * names by their text. So images of equal graphs are equal, but for the commit and its time.
 *
 * DATA is cut into segments: blocks of whole files of at most IMAGE_SEGMENT_NODES nodes (one file
 * may have more), with their records, lists and sites; the last ones hold the names, of which at most
 * IMAGE_SEGMENT_NODES are in each. The section
 * SEGMENTS says for each which nodes, files and granules it has, and the XXH3-128 of these
 * granules, over which the checksum of DATA is taken (a Merkle tree of two levels). A segment names
 * nothing but ids and granules of its own, so it can be moved by adding to its refs.
 *
 * An image is valid if and only if
 *  I1  the header is as above, its checksum is right, and the sections lie in order within the file,
 *      are as large as the counts say, and end it;
 *  I2  the checksum of every section is right, that of DATA by way of its segments;
 *  I3  segments, one after the other, have all nodes, all files and all granules;
 *  I4  what a word names lies in DATA whole, with generation 0: of NODE and FILE a record that is not
 *      gone, of TEXT a string, of IN, OUT and NAMED a list without an index, or 0;
 *  I5  a file has nodes, and they are those that follow those of the file before; the first is its
 *      FILE node and the only one; its kinds are those of its nodes; foreign ids are ascending, and of
 *      nodes of other files; paths are ascending;
 *  I6  a node has the place and file that its id says, a parent before it in that file (a FILE node:
 *      itself), a name, a known kind, and a known form (LIVE_WIDE, texts.h; a FILE node has all of
 *      its qualified name);
 *  I7  lists are ascending by kind and target, of known kinds and nodes; in lists are the out lists
 *      turned around; a value is 0 or names sites in DATA, ascending, in files that there are;
 *  I8  names are ascending, each has nodes, and they are those that bear it;
 *  I9  maps name each id once, in the bucket of its hash, ascending by hash, then id;
 *  I10 the totals are right.
 *
 * Who wrote it right can only fail I1 to I3, which image_verify checks at the speed of memory; who
 * means harm can fail the rest with checksums that are right, and image_check looks.
 *
 * Threads: image_write reads one pinned view; any thread.
 */
#ifndef PT_GRAPH_IMAGE_H
#define PT_GRAPH_IMAGE_H

#include "base/err.h"
#include "graph/live.h"

#define IMAGE_VERSION 2u
#define IMAGE_PAGE 4096u
#define IMAGE_SEGMENT_NODES 65536u

#define IMAGE_SECTION_MAP(X)                                                                       \
    X(DATA)                                                                                        \
    X(NODE)                                                                                        \
    X(IN)                                                                                          \
    X(OUT)                                                                                         \
    X(FILE)                                                                                        \
    X(NAMED)                                                                                       \
    X(TEXT)                                                                                        \
    X(SIG_DIR)                                                                                     \
    X(SIG_IDS)                                                                                     \
    X(PATH_DIR)                                                                                    \
    X(PATH_IDS)                                                                                    \
    X(NAME_DIR)                                                                                    \
    X(NAME_IDS)                                                                                    \
    X(SEGMENTS)

enum image_section {
#define X(name) IMAGE_##name,
    IMAGE_SECTION_MAP(X)
#undef X
        IMAGE_SECTIONS
};

struct image_place {
    uint64_t offset, size;
    struct hash128 checksum;
};

struct image_segment {
    uint32_t first_node, n_nodes, first_file, n_files;
    uint32_t first_granule, n_granules;
    struct hash128 checksum;
};

struct image_header {
    char magic[8];
    uint32_t version, page;
    struct hash128 checksum;
    uint64_t size;
    uint32_t node_kinds, edge_kinds;
    uint32_t n_nodes, n_files, n_names, n_segments;
    struct live_totals totals;
    struct image_place sections[IMAGE_SECTIONS];
};

_Static_assert(sizeof(struct image_place) == 32 && sizeof(struct image_segment) == 40, "on disk");
_Static_assert(sizeof(struct image_header) == 64 + 272 + 32 * IMAGE_SECTIONS, "on disk");

/* Writes the view beside `path`, syncs, renames. */
int image_write(const struct view *v, const char *path, struct err *err);

/* Writes the image of the graph that the source gives, without the whole of it in memory: when more
 * than `most_bytes` have come together, they go to a temporary image beside `path`, and it goes on
 * above that. PT_EINVAL: the units break an invariant of delta.h; what the source returns. */
int image_build(const char *path, const struct unit_source *source, struct live_stamp stamp,
                size_t most_bytes, struct err *err);

/* Checks I1 and maps the image as a graph that deltas may change; the file stays as it is.
 * PT_ECORRUPT, naming what is wrong; PT_EVERSION. */
int image_open(const char *path, struct live **ret, struct err *err);

/* Brings the pages that questions read into memory; by any thread that keeps the graph from
 * going. */
void image_warm(const struct live *g);
/* The other way: they leave it, until somebody reads them again. */
void image_cool(const struct live *g);

/* Reads every byte and checks I1 to I3. PT_ECORRUPT names the section and the segment.
 * `ret_segments` (may be NULL): how many the header says there are. */
int image_verify(const char *path, uint32_t *ret_segments, struct err *err);

/* The same, and I4 to I10. Takes some seconds for a kernel. */
int image_check(const char *path, uint32_t *ret_segments, struct err *err);

#endif
