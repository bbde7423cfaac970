/* Parseltongue: the graph of a code base, and questions about it.
 *
 * A workspace is one indexed tree. Its graph has nodes (functions, types, files, ...) and edges
 * between them (calls, uses, implements, ...), and is kept under $XDG_STATE_HOME/parseltongue;
 * nothing is written into the tree. All questions are asked of a view: one immutable version of the
 * graph.
 *
 *     struct pt_workspace *w = NULL;
 *     struct pt_view *v = NULL;
 *     struct pt_found found;
 *     struct pt_error error;
 *     if (pt_workspace_open("/src/redis", &w, &error) != PT_OK ||
 *         pt_workspace_index(w, NULL, NULL, &error) != PT_OK ||
 *         pt_workspace_pin(w, &v, &error) != PT_OK ||
 *         pt_view_find(v, "dictAdd", NULL, &found, &error) != PT_OK)
 *         ...error.message...
 *
 * Errors: functions that can fail return PT_OK or a negative code (codes.h), and write code and
 * message into the caller's struct pt_error, which may be NULL. On failure, what `ret` points to is
 * as it was. Ids, kinds, sets, names and numbers may be anything: what means nothing is an error.
 * Pointers must be good: NULL is refused by an assertion, except where a comment allows it.
 *
 * Ownership: lists are filled by the library; their array `at` is the caller's, who gives it to
 * pt_free. It may be NULL where n is 0. A node comes with `text`, which is the caller's as well.
 * All other strings belong to the view (workspace) that gave them, and are good until it is
 * unpinned (closed). Strings are terminated, and bytes as the tree has them: names are mostly
 * UTF-8, but need not be.
 *
 * Threads: one view may be read by any number of threads at once; they wait for nobody. Views are
 * pinned and unpinned by any thread. A workspace is indexed or checked by one thread at a time, and
 * no view of it may be pinned while it is indexed: both are refused with PT_EBUSY, not waited for.
 * It is opened and closed while no other thread uses it.
 *
 * Ids of nodes are of one view: never use them with another, where they may be of another node.
 * What leads from view to view is a node's sig (pt_view_find_sig). All lists of nodes that have no
 * other order are in the canonical one: files by path, and within a file the order of its
 * definitions. It and all answers depend on the tree alone, not on the history of its graph.
 */
#ifndef PARSELTONGUE_H
#define PARSELTONGUE_H

#include "parseltongue/codes.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- errors, memory, version ---- */

#define PT_MESSAGE_SIZE 480

struct pt_error {
    int code;
    char message[PT_MESSAGE_SIZE]; /* one line for people, terminated */
};

/* "out of memory" for PT_ENOMEM, and so on; "unknown error" for what is no code. */
const char *pt_code_text(int code);

/* Gives back the array of a list. Takes NULL. */
void pt_free(void *at);

/* Of the library, as "0.1.0". */
const char *pt_version(void);

/* ---- kinds, flags, layers ---- */

/* Numbers are stable: later versions only append. */
enum pt_node_kind {
    PT_NODE_FILE,
    PT_NODE_PACKAGE,
    PT_NODE_MODULE,
    PT_NODE_NAMESPACE,
    PT_NODE_FUNCTION,
    PT_NODE_METHOD,
    PT_NODE_STRUCT,
    PT_NODE_UNION,
    PT_NODE_CLASS,
    PT_NODE_ENUM,
    PT_NODE_VARIANT, /* of an enum */
    PT_NODE_TRAIT,
    PT_NODE_INTERFACE,
    PT_NODE_IMPL,
    PT_NODE_TYPE_ALIAS,
    PT_NODE_CONSTANT,
    PT_NODE_STATIC,
    PT_NODE_VARIABLE,
    PT_NODE_FIELD,
    PT_NODE_MACRO,
};

/* An edge goes from the caller to the callee, from the implementor to the trait, from the user to
 * the used, from the container to the contained. Every node but a file has one container: CONTAINS
 * from a file, package, module or namespace, DEFINES from a type, trait, impl or function. */
enum pt_edge_kind {
    PT_EDGE_CONTAINS,
    PT_EDGE_DEFINES,
    PT_EDGE_CALLS,
    PT_EDGE_IMPLEMENTS,
    PT_EDGE_EXTENDS,
    PT_EDGE_USES,
    PT_EDGE_IMPORTS,
    PT_EDGE_OVERRIDES,
    PT_EDGE_ACCEPTS,
    PT_EDGE_RETURNS,
};

/* How a reference was bound to its target, surest first. No edge is guessed: where several targets
 * are possible, there is an edge to each, and each says that it is a candidate. */
enum pt_layer {
    PT_LAYER_EXACT,     /* scopes, imports, module paths: what the language itself does */
    PT_LAYER_TYPED,     /* a member of a receiver whose type is known */
    PT_LAYER_UNIQUE,    /* the only definition of that name that the site can reach */
    PT_LAYER_CANDIDATE, /* one of several possible targets */
};

enum pt_flag {
    PT_FLAG_TEST = 1 << 0,        /* test code, by the language's own marks */
    PT_FLAG_EXPORTED = 1 << 1,    /* visible outside its file or crate */
    PT_FLAG_DECLARATION = 1 << 2, /* a prototype or overload signature; the body is elsewhere */
    PT_FLAG_STATIC = 1 << 3,      /* C: internal linkage; elsewhere: a member of the type itself */
    PT_FLAG_ABSTRACT = 1 << 4,    /* a member without a body that implementors fill in */
    PT_FLAG_ASYNC = 1 << 5,
    PT_FLAG_CONDITIONAL = 1 << 6, /* under #if, cfg, or a conditional statement */
    PT_FLAG_GENERATED = 1 << 7,
    PT_FLAG_EXTERNAL = 1 << 8,   /* not defined in this tree */
    PT_FLAG_IN_MACRO = 1 << 9,   /* written inside a macro's arguments or body */
    PT_FLAG_ANONYMOUS = 1 << 10, /* has a made-up name */
    PT_FLAG_CONSTRUCTOR = 1 << 11,
    PT_FLAG_PROPERTY = 1 << 12, /* a method that is read like a field: getter, @property */
};

/* Sets of kinds: PT_SET(PT_EDGE_CALLS) | PT_SET(PT_EDGE_USES). 0 is not "none" but the default that
 * the function names. */
#define PT_SET(kind) (UINT32_C(1) << (kind))

/* The edges along which a change of their target affects their start. */
#define PT_EDGES_BLAST                                                                             \
    (PT_SET(PT_EDGE_CALLS) | PT_SET(PT_EDGE_USES) | PT_SET(PT_EDGE_IMPLEMENTS) |                   \
     PT_SET(PT_EDGE_EXTENDS) | PT_SET(PT_EDGE_OVERRIDES) | PT_SET(PT_EDGE_ACCEPTS) |               \
     PT_SET(PT_EDGE_RETURNS))

/* "function", "type-alias"; "calls"; "exact". NULL: there is no such kind (layer), which is how
 * those who count up from 0 find the last. */
const char *pt_node_kind_name(uint32_t kind);
const char *pt_edge_kind_name(uint32_t kind);
const char *pt_layer_name(uint32_t layer);

/* The other way round. PT_ENOENT: no kind is called so. */
int pt_node_kind_parse(const char *name, uint32_t *ret, struct pt_error *error);
int pt_edge_kind_parse(const char *name, uint32_t *ret, struct pt_error *error);

/* ---- workspaces ---- */

struct pt_workspace;

/* Opens the workspace of the git repository around the folder `dir`, or of that folder if there is
 * none. Its graph is as it was last indexed, by whatever process; in a new workspace it is empty.
 * PT_ENOENT, PT_EACCES: no such folder, or no place for the state. PT_EINVAL: `dir` is no folder.
 * PT_EEXIST: the graph is damaged, and another process is at it. PT_EIO, PT_ENOMEM, ... */
int pt_workspace_open(const char *dir, struct pt_workspace **ret, struct pt_error *error);

/* No view may be pinned any more. Takes NULL. */
void pt_workspace_close(struct pt_workspace *w);

/* The folder it stands for: absolute, links resolved. */
const char *pt_workspace_root(const struct pt_workspace *w);

/* What people should be told about the opening: that the graph was damaged or of another version,
 * and where it was set aside. NULL: nothing. */
const char *pt_workspace_notice(const struct pt_workspace *w);

struct pt_index_options {
    uint32_t threads; /* 0: one for each processor */
    bool no_ignore;   /* take in what .gitignore and the like leave out */
    bool force;       /* also if the tree is /, the home folder (HOME), or above that */
};

/* All of the graph, and what it took. */
struct pt_index_report {
    uint64_t edges;
    uint64_t lines, bytes; /* of source */
    uint32_t files, nodes;
    uint32_t skipped; /* files and folders: too large, binary, unreadable, ... Those that ignore
                              files leave out, or that no language takes, do not count */
    uint32_t milliseconds;
};

/* Reads the tree and replaces the graph, durably. `options` NULL: one thread for each processor,
 * and ignore files are heeded unless they were not when it was last indexed. `ret` may be NULL.
 * On failure the graph is as before, or (if only what comes after the commit failed) the new one.
 * PT_EBUSY: views are pinned, or another thread indexes or checks. PT_EEXIST: another process
 * writes the graph; try again. PT_EREFUSED: the tree is /, the home folder, or above that, and
 * `force` is not set. PT_EACCES, PT_ENOSPC, PT_EIO, PT_ENOMEM. */
int pt_workspace_index(struct pt_workspace *w, const struct pt_index_options *options,
                       struct pt_index_report *ret, struct pt_error *error);

/* Is the graph current? *ret_stale counts the files that are new, changed (by size, times, inode;
 * by contents where a file was indexed while these were too young to prove anything) or gone since
 * it was indexed, or all of them if another version of the library did that; at least
 * 1 if it never was. Views may be pinned. PT_EBUSY: another thread indexes or checks. */
int pt_workspace_check(struct pt_workspace *w, uint32_t *ret_stale, struct pt_error *error);

/* ---- views ---- */

/* One version of the graph. It sees what this workspace last indexed or found when it was opened;
 * what other processes commit meanwhile is seen by those who open the workspace anew. */
struct pt_view;

/* Several may be pinned at once; each costs next to nothing. PT_EBUSY: the workspace is being
 * indexed. PT_ELIMIT: more than a thousand are pinned. PT_ENOMEM. */
int pt_workspace_pin(struct pt_workspace *w, struct pt_view **ret, struct pt_error *error);

/* Takes NULL. */
void pt_view_unpin(struct pt_view *v);

struct pt_info {
    uint64_t generation; /* number of the commit that made it; 0: nothing was ever indexed */
    int64_t as_of_ns;    /* wall clock time of it, since 1970 */
    uint64_t edges;
    uint32_t files, nodes;
};

void pt_view_info(const struct pt_view *v, struct pt_info *ret);

/* 32 hexadecimal digits, terminated. */
struct pt_root {
    char hex[33];
};

/* The Merkle root over all that the graph says (not over times): equal trees have equal roots, on
 * any machine and after any history. It finds damage and difference, not forgery. Takes time in
 * proportion to the number of files. PT_ENOMEM. */
int pt_view_root(const struct pt_view *v, struct pt_root *ret, struct pt_error *error);

/* ---- nodes ---- */

/* No node. */
#define PT_NONE UINT32_MAX

struct pt_node {
    const char *name;      /* bare: "save" */
    const char *qualified; /* "django.db.models.base.Model.save"; of a file its module or path;
                              in `text`, as the signature */
    const char *signature; /* one line of source, "" for what has none */
    const char *path;      /* of its file, relative to the root */
    const char *language;  /* "c", "python", ... */
    uint64_t sig; /* hash of language, kind, qualified name, path and signature: the same in
                              every view in which these are */
    uint32_t id;
    uint32_t parent;         /* its container; PT_NONE for files */
    uint32_t kind;           /* enum pt_node_kind */
    uint32_t flags;          /* bits of enum pt_flag */
    uint32_t line, end_line; /* from 1; 0: it has no place in the file */
    char *text;              /* the caller's: pt_free */
};

/* PT_ENOENT: the view has no node of this id. The same goes for all ids below. PT_ENOMEM. */
int pt_view_node(const struct pt_view *v, uint32_t id, struct pt_node *ret, struct pt_error *error);

/* The node with this sig. PT_ENOENT: there is none. */
int pt_view_find_sig(const struct pt_view *v, uint64_t sig, uint32_t *ret, struct pt_error *error);

struct pt_nodes {
    uint32_t *at; /* ids; the caller's: pt_free */
    uint32_t n;
};

/* All nodes whose kind is in the set (0: any), in order. PT_EINVAL: no such kind. PT_ENOMEM. */
int pt_view_nodes(const struct pt_view *v, uint32_t kinds, struct pt_nodes *ret,
                  struct pt_error *error);

/* How the text of pt_view_find is matched, best first. */
enum pt_match {
    PT_MATCH_EXACT,  /* the whole qualified name, or the path of a file */
    PT_MATCH_SUFFIX, /* its last parts */
    PT_MATCH_BARE,   /* the bare name */
    PT_MATCH_CLOSE,  /* nothing matched: these are only proposals, or nothing */
};

struct pt_find_options {
    uint32_t kinds;   /* set of node kinds, 0: any */
    const char *file; /* only in files whose path is this or ends with /this; NULL: any */
    uint32_t line;    /* only what is named on this line, else what spans it; 0: any */
};

struct pt_found {
    uint32_t *at; /* ids; the caller's: pt_free. All that match best: several are an ambiguity.
                     No tests before tests, then by the number of edges to them */
    uint32_t n;
    enum pt_match match; /* of all of them */
};

/* Longer texts name nothing. */
#define PT_TEXT_MAX 4096

/* The nodes that a person means by `text`: a name or the last parts of one, in the spelling of any
 * language ("Model.save", "Model::save"); a path or the last parts of one; FILE:LINE; NAME@FILE.
 * Declarations give way to definitions. Nothing matches: up to ten similar names, as proposals.
 * `options` may be NULL. PT_EINVAL: no such kind, or more than PT_TEXT_MAX bytes. PT_ENOMEM. */
int pt_view_find(const struct pt_view *v, const char *text, const struct pt_find_options *options,
                 struct pt_found *ret, struct pt_error *error);

/* ---- edges ---- */

struct pt_edge {
    uint32_t from, to; /* nodes */
    uint32_t kind;     /* enum pt_edge_kind */
    uint32_t layer;    /* enum pt_layer: the surest of its references */
};

struct pt_edges {
    struct pt_edge *at; /* the caller's: pt_free. By kind, then by the node at the other end */
    uint32_t n;
};

enum pt_direction {
    PT_OUT, /* along the edges: what the node calls, uses, contains */
    PT_IN,  /* against them: who calls, uses, contains it */
};

/* The edges of a node whose kind is in the set (0: any), candidates and all.
 * PT_ENOENT. PT_EINVAL: no such direction or kind. PT_ENOMEM. */
int pt_view_edges(const struct pt_view *v, uint32_t node, enum pt_direction direction,
                  uint32_t kinds, struct pt_edges *ret, struct pt_error *error);

/* Where an edge is written in the source. */
struct pt_site {
    const char *path;
    uint32_t line, column; /* from 1, in bytes. Columns over 32767 are given as that */
    uint32_t layer;        /* enum pt_layer, of this reference */
};

struct pt_sites {
    struct pt_site *at; /* the caller's: pt_free. By path, line and column */
    uint32_t n;
};

/* The sites of an edge: none for CONTAINS and DEFINES, and none if there is no such edge.
 * PT_ENOENT: one of the nodes. PT_EINVAL: no such kind. PT_ENOMEM. */
int pt_view_sites(const struct pt_view *v, uint32_t from, uint32_t to, uint32_t kind,
                  struct pt_sites *ret, struct pt_error *error);

/* ---- walks ---- */

/* All zero, or NULL for the struct, is the default. */
struct pt_reach_options {
    uint32_t kinds;     /* set of edge kinds to follow, 0: PT_EDGES_BLAST */
    uint32_t max_depth; /* steps, 0: no limit */
    uint32_t max_nodes; /* 0: no limit. Starts count too. The first in order are kept */
    bool candidates;    /* follow candidate edges too */
    bool no_tests;      /* do not step onto test code (starts may be) */
    bool starts_alone;  /* a type, impl, module or file among the starts does not stand for its
                           members, and a type not for its impl blocks and aliases */
};

struct pt_reached {
    uint32_t node;
    uint32_t distance;   /* in steps. 0: a start, or what belongs to it */
    uint32_t via;        /* index in the list of the one it was reached from; a start's own */
    bool has_edge;       /* false for starts, and for impl blocks and aliases that belong to one */
    struct pt_edge edge; /* between the two, as it is in the graph; zero if there is none */
};

struct pt_reach {
    struct pt_reached *at; /* the caller's: pt_free. By distance; starts first, as given */
    uint32_t n;
    bool truncated; /* by max_nodes: there is more */
};

/* Who reaches the starts (PT_IN: the blast radius of a change of them), or what they reach
 * (PT_OUT). Each node once, by a shortest way. A start that is given twice counts once.
 * PT_ENOENT: one of the starts. PT_EINVAL: no such direction or kind. PT_ENOMEM. */
int pt_view_reach(const struct pt_view *v, const uint32_t *starts, uint32_t n_starts,
                  enum pt_direction direction, const struct pt_reach_options *options,
                  struct pt_reach *ret, struct pt_error *error);

/* A shortest path along the edges: at[0] is `from`, the last one `to`, or a member of what they
 * stand for; each with the edge that leads to it from the one before. Of several it is always the
 * same one. Empty if there is none, or (truncated) if max_nodes were visited before one was found.
 * PT_ENOENT, PT_EINVAL, PT_ENOMEM. */
int pt_view_path(const struct pt_view *v, uint32_t from, uint32_t to,
                 const struct pt_reach_options *options, struct pt_reach *ret,
                 struct pt_error *error);

/* ---- cycles ---- */

enum pt_cycle_level { PT_CYCLES_FUNCTION, PT_CYCLES_TYPE, PT_CYCLES_FILE, PT_CYCLES_MODULE };

struct pt_cycle_options {
    bool self_loops; /* PT_CYCLES_FUNCTION: functions that call themselves are cycles too */
    bool no_tests;   /* leave test code out */
};

/* One step of a cycle: from the node to the next step's (of the last, the first's), by an edge from
 * `from` to `to`, which are these two or belong to them. */
struct pt_cycle_step {
    uint32_t node;
    uint32_t from, to;
    uint32_t kind; /* enum pt_edge_kind */
};

/* Nodes that all reach each other, and one shortest way round through some of them. */
struct pt_cycle {
    const uint32_t *members; /* in order */
    const struct pt_cycle_step *steps;
    uint32_t n_members, n_steps;
};

struct pt_cycles {
    struct pt_cycle *at; /* the caller's, with all that it points to: pt_free. Largest first */
    uint32_t n;
};

/* Cycles of calls between functions; of needs between types; of both and imports between files, or
 * the modules they make. Candidates are not followed. `options` may be NULL.
 * PT_EINVAL: no such level. PT_ENOMEM. */
int pt_view_cycles(const struct pt_view *v, enum pt_cycle_level level,
                   const struct pt_cycle_options *options, struct pt_cycles *ret,
                   struct pt_error *error);

#ifdef __cplusplus
}
#endif

#endif
