/* Building a segment: what its steps share. Private to graph/.
 *
 * segment_build runs the steps in order: plan the files, fill nodes and strings, index the sig
 * hashes (D3), map the old nodes, place the edges (D4), mirror them, index the names. Each writes
 * sections of `out`; a failed step leaves them for segment_release.
 */
#ifndef PT_GRAPH_BUILD_H
#define PT_GRAPH_BUILD_H

#include "base/vec.h"
#include "graph/segment.h"
#include "graph/strtab.h"

/* A file of the new segment: one of the old segment, kept, or a unit of the delta. */
struct source {
    uint32_t old;  /* index of the file in the old segment, NODE_NONE if it is new or replaced */
    uint32_t unit; /* else the index of its unit */
};

/* The sections as they are written; the same arrays as in struct segment. */
struct columns {
#define X(c, field, type, n) type *field;
    SEG_SECTION_MAP(X)
#undef X
};

struct build {
    const struct segment *old;
    const struct delta *delta;
    struct segment *out;
    struct columns col;
    struct source *sources; /* owned; of each file of out */
    uint32_t *file_map;     /* owned; old file -> new one, NODE_NONE if replaced */
    uint32_t *node_map;     /* owned; old node -> new one, NODE_NONE if gone */
    struct strtab strings;
    struct strset name_set; /* distinct bare names: number = index in name_at */
    VEC(uint32_t) name_at;  /* owned; their offsets in the strings, as they were met */
    struct err *err;
};

/* The section `field` of `b`, allocated for as many elements as the counts of b->out say. */
#define BUILD_ALLOC(b, FIELD, field)                                                               \
    (build_alloc_((b), SEG_##FIELD, sizeof(*(b)->col.field), (void **)&(b)->col.field,             \
                  (const void **)&(b)->out->field))
int build_alloc_(struct build *b, enum seg_section section, size_t size, void **ret_column,
                 const void **ret_field);

/* Number of elements of a section. */
size_t segment_section_len(const struct segment *s, enum seg_section section);

/* names.c: gives a node its bare name, once its qualified name is there; until build_names it
 * stands as the number of the name. Then all nodes have theirs. */
int build_name(struct build *b, uint32_t node, const char *name);
int build_names(struct build *b);

int build_edges(struct build *b); /* edges.c; needs nodes, sig hashes and the maps */

int build_no_memory(struct build *b, const char *what);

#endif
