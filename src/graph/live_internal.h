/* Between live.c (reading) and live_apply.c (commits). Private to graph/. */
#ifndef PT_GRAPH_LIVE_INTERNAL_H
#define PT_GRAPH_LIVE_INTERNAL_H

#include "base/sort.h"
#include "graph/live.h"

/* The edges that one unit has from one node: scratch.adds[first] and on. Those that the node had
 * are gone through as well, so a node that may lose some has one with none. */
struct live_group {
    uint32_t from, first, n;
};

/* An edit of the list of `owner`. */
struct live_edit {
    uint32_t owner;
    struct list_edit edit;
};

struct live_file_range {
    uint32_t id, first_node, first_foreign; /* in scratch.nodes, scratch.foreign */
};

struct live_scratch {
    VEC(struct live_group) groups;
    VEC(struct sort_item) adds;    /* key: the edge in its list; at: in added */
    VEC(struct site) added;        /* sites that the delta brings, each as if it were alone */
    VEC(struct sort_item) several; /* adds of a node that has more than one group */
    VEC(struct live_edit) turned, naming; /* of in lists; of names */
    VEC(struct list_edit) edits;
    VEC(struct site) sites;
    VEC(uint32_t) nodes, foreign; /* of the files, one after the other */
    VEC(uint32_t) brought;        /* nodes of the delta, sorted */
    VEC(uint32_t) gone;           /* nodes that the files had */
    VEC(struct sort_item) items;
    VEC(struct live_file_range) files; /* of the delta's units */
    VEC(uint32_t) file_mark;           /* == epoch: the file is one of the delta's */
    uint32_t epoch;
    bool first;           /* the commit under way is the first */
    bool unordered_names; /* nobody asks for names by their beginnings */
    bool modules;         /* it brings, takes or renames files (graph/modules.h) */
};

struct live_key {
    const struct live *g;
    const char *s;
    size_t n;
};

const void *live_record(const struct live *g, const struct words *w, uint32_t id,
                        uint32_t generation);
const char *live_text(const struct live *g, uint32_t name);
uint32_t live_path_id(const struct live *g, const char *path); /* also of a file that is gone */
uint32_t live_name_id(const struct live *g, const char *name, size_t n);

#endif
