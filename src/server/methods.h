/* The methods: everything that can be asked, in ONE table. The CLI's verbs, their help and the
 * completions come from it, and so will every other way in.
 *
 * Handlers read a pinned view and build an answer; those marked METHOD_WRITES change the workspace.
 * A handler's errors: PT_EUSAGE (arguments), PT_ENOENT and PT_EAMBIGUOUS (the name; the answer then
 * holds candidates), others as they come.
 */
#ifndef PT_SERVER_METHODS_H
#define PT_SERVER_METHODS_H

#include "engine/workspace.h"
#include "server/answer.h"

enum param_type { PARAM_TEXT, PARAM_UINT, PARAM_FLAG, PARAM_CHOICE };

struct param {
    const char *name; /* "depth": --depth on the command line, "depth" in JSON */
    const char *value; /* what stands for it in the help: "N", "DIR" */
    const char *help;
    const char *choices; /* PARAM_CHOICE: "function|type|file|module" */
    uint8_t type;
    bool positional, required;
};

#define MAX_PARAMS 10u

enum method_flag {
    METHOD_LISTS = 1u << 0,  /* honours limit, cursor and max_tokens */
    METHOD_WRITES = 1u << 1, /* changes the workspace: gets no view */
    METHOD_RAW = 1u << 2,    /* streams its own output through call->sink */
};

struct call;

struct method {
    const char *name;    /* "blast_radius" */
    const char *verb;    /* "query blast-radius" */
    const char *also;    /* another spelling of the verb, or NULL */
    const char *summary; /* one line */
    uint32_t flags;
    struct param params[MAX_PARAMS]; /* ends with a NULL name */
    int (*run)(struct call *c, struct answer *a, struct err *err);
};

struct call {
    const struct method *method;
    const char *args[MAX_PARAMS]; /* by parameter, NULL if not given; flags: "1" */
    struct workspace *workspace;
    const struct view *view;
    uint32_t limit;      /* rows; 0: the method's default */
    uint32_t max_tokens; /* 0: the method's default */
    const char *cursor;  /* NULL: from the beginning */
    bool json;           /* for METHOD_RAW */
    struct pipeline_options pipeline; /* for methods that index */
    view_sink sink;
    void *sink_ctx;
};

extern const struct method methods[];
extern const unsigned method_count;

/* By verb words ("query", "callers") or method name; NULL if there is none. *ret_words: how many
 * of the words it took. */
const struct method *method_of_verb(const char *const *words, unsigned n, unsigned *ret_words);

/* Runs it, adding generation and as_of. */
int method_run(struct call *c, struct answer *a, struct err *err);

/* ---- for handlers ---- */

const char *call_arg(const struct call *c, const char *param);
bool call_flag(const struct call *c, const char *param);
int call_uint(const struct call *c, const char *param, uint32_t fallback, uint32_t *ret,
              struct err *err);

/* The node that argument `param` names. On failure the answer holds candidates. */
int call_node(struct call *c, struct answer *a, const char *param, uint32_t *ret, struct err *err);

/* A row about a node: kind, name, at. */
struct value *row_node(struct call *c, struct answer *a, struct value *rows, uint32_t node);
void row_place(struct call *c, struct answer *a, struct value *row, const char *key, uint32_t node);
void row_sites(struct call *c, struct answer *a, struct value *row, uint32_t evidence);

/* A list that is cut to the caller's limits: for each possible row, in order, list_wants says
 * whether it is to be built (after the last one was measured). list_end writes total, shown,
 * truncated, cursor. */
struct lister {
    struct call *c;
    struct answer *a;
    struct value *rows;
    uint32_t offset, limit, total, shown;
    size_t bytes, max_bytes;
    bool full;
};
int list_begin(struct lister *l, struct call *c, struct answer *a, const char *key,
               uint32_t default_limit, struct err *err);
bool list_wants(struct lister *l);
void list_end(struct lister *l);

#endif
