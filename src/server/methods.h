/* The methods: everything that can be asked, in ONE table. The command line's verbs, their help and
 * the completions come from it, and so will every other way in.
 *
 * Handlers read a pinned view and build an answer, or change the workspace (METHOD_WRITES). Their
 * errors: PT_EUSAGE (arguments), PT_ENOENT and PT_EAMBIGUOUS (a name; the answer then holds the
 * candidates), PT_ESTALE (a cursor of another version of the graph), others as they come.
 *
 * Threads: a call belongs to one thread; any number of calls may run at once on views of one
 * workspace.
 */
#ifndef PT_SERVER_METHODS_H
#define PT_SERVER_METHODS_H

#include "engine/workspace.h"
#include "query/find.h"
#include "server/answer.h"

enum param_type { PARAM_TEXT, PARAM_UINT, PARAM_FLAG, PARAM_CHOICE };

struct param {
    const char *name;    /* "depth": --depth on the command line, "depth" in JSON */
    const char *value;   /* what stands for it in the help: "N", "DIR" */
    const char *help;    /* a phrase */
    const char *choices; /* PARAM_CHOICE: "function|type|file|module" */
    uint8_t type;
    bool positional, required;
    bool rest; /* the last positional: all words that are left, with blanks between */
    bool many; /* an option that may be given again: all its values, with line ends between */
};

#define MAX_PARAMS 8u

enum method_flag {
    METHOD_LISTS = 1u << 0,        /* honours limit, cursor and max_tokens */
    METHOD_LIMIT = 1u << 1,        /* honours limit alone, for the lists inside */
    METHOD_TOKENS = 1u << 2,       /* honours max_tokens alone */
    METHOD_WRITES = 1u << 3,       /* changes the workspace: gets no view */
    METHOD_RAW = 1u << 4,          /* gives the bytes themselves, through call->sink */
    METHOD_TEXT = 1u << 5,         /* likewise, text for people */
    METHOD_NO_WORKSPACE = 1u << 6, /* needs neither workspace nor view */
    METHOD_INDEXES = 1u << 7,      /* takes what steers indexing: threads */
    METHOD_CLOSED = 1u << 8,       /* wants the workspace without its graph: whatever state that is
                                      in stays as it is; gets no view */
    METHOD_LONG = 1u << 9,         /* may take longer than others should wait for it */
};

struct call;

struct method {
    const char *name;    /* "blast_radius" */
    const char *verb;    /* "query blast-radius" */
    const char *also;    /* another spelling of the verb, or NULL */
    const char *summary; /* one line */
    const char *example; /* arguments that make sense, for the help; may be NULL */
    uint32_t flags;
    struct param params[MAX_PARAMS + 1]; /* ends with a NULL name */
    int (*run)(struct call *c, struct answer *a, struct err *err);
};

struct call {
    const struct method *method;
    const char *args[MAX_PARAMS]; /* by parameter, NULL if not given; flags: "1" */
    struct workspace *workspace;  /* owned; may be opened anew by method_run */
    const struct view *view;      /* pinned by method_run */
    const char *root;             /* where the view's source lies; NULL: nowhere that can be read */
    uint32_t limit;               /* rows; 0: the method's default; UINT32_MAX: all */
    uint32_t max_tokens;          /* 0: the method's default */
    const char *cursor;           /* NULL: from the beginning */
    const char *program;          /* what commands in answers begin with: "parseltongue" */
    bool text;                    /* the answer will be shown as text: budgets count that */
    bool hurried;                 /* rather fail with PT_EBUSY than take long (call_hurried) */
    bool no_refresh;              /* answer from the graph as it is */
    struct pipeline_options pipeline; /* for whatever indexes */
    /* Something to tell a person while the call runs ("2 files changed"); may be NULL. */
    void (*notice)(void *ctx, const char *text);
    void *notice_ctx;
    int status;     /* what a command line that succeeded ends with; set by methods of its own */
    view_sink sink; /* for METHOD_RAW and METHOD_TEXT */
    void *sink_ctx;
};

extern const struct method methods[];
extern const unsigned method_count;

/* The method in the table of n that `words` begin with ("query", "callers"), or NULL. *ret_words:
 * how many of the words it took. */
const struct method *method_of_verb(const struct method *table, unsigned n,
                                    const char *const *words, unsigned n_words,
                                    unsigned *ret_words);

unsigned method_params(const struct method *m);

/* Brings the graph up to date (unless told not to), pins a view, runs the method, adds generation
 * and as_of. On failure the answer holds the report of it (answer_fail). */
int method_run(struct call *c, struct answer *a, struct err *err);

/* Only the last part: asks c->view, which the caller has pinned, and adds generation and as_of. */
int method_answer(struct call *c, struct answer *a, struct err *err);

/* How many files differ from what the graph says: with no_refresh the answer tells. */
void method_tell_stale(struct answer *a, uint32_t stale);

/* ---- arguments ---- */

const char *call_arg(const struct call *c, const char *param); /* NULL if not given */
bool call_flag(const struct call *c, const char *param);
int call_uint(const struct call *c, const char *param, uint32_t fallback, uint32_t *ret,
              struct err *err);
/* A number: digits only, no sign, within 32 bits. */
bool parse_uint(const char *s, uint32_t *ret);
/* One of the words of a PARAM_CHOICE? */
bool is_choice(const char *choices, const char *value);
/* For handlers that find out that they would take longer than others should wait: PT_EBUSY if the
 * call is hurried (it is then made anew where it may take its time), else PT_OK. */
int call_hurried(const struct call *c, struct err *err);
/* A list of kinds, "calls,uses", as a set of EDGE_BIT or 1 << enum node_kind. */
int call_edge_kinds(const struct call *c, const char *param, uint32_t fallback, uint32_t *ret,
                    struct err *err);
int call_node_kinds(const struct call *c, const char *param, uint32_t fallback, uint32_t *ret,
                    struct err *err);

/* The node that argument `param` names. `prefer` is a set of kinds that the question makes most
 * sense for (0: any); it tells namesakes apart. On failure the answer holds candidates. */
int call_node(struct call *c, struct answer *a, const char *param, uint32_t prefer, uint32_t *ret,
              struct err *err);

/* The same for a file, by its path or the end of it; and for all nodes that bear a name, which is
 * then never ambiguous (`only`: a set of kinds, 0: any). The caller releases what it found. */
int call_file(struct call *c, struct answer *a, const char *param, uint32_t *ret, struct err *err);
int call_nodes(struct call *c, struct answer *a, const char *param, uint32_t only,
               struct found *ret, struct err *err);

/* ---- rows ---- */

/* The qualified name of a node, kept with the answer. "" if memory is short, which it then says. */
const char *node_text(struct call *c, struct answer *a, uint32_t node);
/* "kind", "name" of a node. */
void row_node(struct call *c, struct answer *a, struct value *row, uint32_t node);
/* "at": path:line. */
struct value *row_place(struct call *c, struct answer *a, struct value *row, const char *key,
                        uint32_t node);
void row_signature(struct call *c, struct answer *a, struct value *row, uint32_t node);
/* What a node is called within its file: "Square.area" for shapes.Square.area. */
const char *local_name(struct call *c, struct answer *a, uint32_t node);
/* By the path of the file, line, column: -1, 0, 1. */
int site_compare(const struct view *v, const struct site *a, const struct site *b);
/* An array of "path:line:column"; the first of them, and "sites_total" if there are more. */
#define MAX_SITES 50u
struct sites {
    uint32_t total;
    struct site at[MAX_SITES]; /* in order */
};
/* Gathers those of the edge that starts at `from`; then, all of them become the member "sites". */
void sites_gather(const struct call *c, uint32_t from, uint32_t to, uint8_t kind, bool candidates,
                  struct sites *s);
void row_sites(struct call *c, struct answer *a, struct value *row, const struct sites *s);
/* One of them, as the next element of a list. */
void answer_site(struct call *c, struct answer *a, struct value *list, const struct site *s);
/* What was asked about: member `key` with kind, name, at, signature. */
void answer_subject(struct call *c, struct answer *a, const char *key, uint32_t node);

/* ---- lists ---- */

/* A list that is cut to the caller's limits. For each possible row, in order: lister_row gives an
 * object to fill, or NULL if the row is not wanted. lister_end writes total, shown, truncated, and
 * a cursor if there is more. At least one row is given whatever the budget, so that whoever follows
 * the cursors gets on. */
struct lister {
    struct call *c;
    struct answer *a;
    struct value *rows;    /* where rows go */
    struct value *pending; /* the row being filled */
    struct buf scratch;
    uint32_t offset, limit, total, shown;
    size_t bytes, max_bytes;
    bool full;
};

int lister_begin(struct lister *l, struct call *c, struct answer *a, struct value *rows,
                 uint32_t default_limit, struct err *err);
struct value *lister_row(struct lister *l);
void lister_end(struct lister *l);

/* What a value costs of a budget: the bytes of its JSON. `scratch` is lent. */
size_t value_cost(struct answer *a, const struct value *v, struct buf *scratch);
/* What is added behind a handler's back, and by lister_end. */
#define ENVELOPE_BYTES 200u

#define DEFAULT_LIMIT 100u
#define BYTES_PER_TOKEN 4u

/* ---- small things ---- */

const char *flag_names(uint16_t flags, struct buf *ret); /* "test,exported" */
void format_time(int64_t ns, char ret[32]);              /* 2026-11-23T10:00:00Z */
/* `s` as one word of a shell's command line. */
void shell_quote(struct buf *b, const char *s);

/* ---- handlers, for the table ---- */

int run_index(struct call *c, struct answer *a, struct err *err);
int run_ingest(struct call *c, struct answer *a, struct err *err);
int run_facts(struct call *c, struct answer *a, struct err *err);
int run_stats(struct call *c, struct answer *a, struct err *err);
int run_root(struct call *c, struct answer *a, struct err *err);
int run_verify(struct call *c, struct answer *a, struct err *err);
int run_callers(struct call *c, struct answer *a, struct err *err);
int run_callees(struct call *c, struct answer *a, struct err *err);
int run_uses(struct call *c, struct answer *a, struct err *err);
int run_used_by(struct call *c, struct answer *a, struct err *err);
int run_who_implements(struct call *c, struct answer *a, struct err *err);
int run_implements(struct call *c, struct answer *a, struct err *err);
int run_blast_radius(struct call *c, struct answer *a, struct err *err);
int run_find_cycles(struct call *c, struct answer *a, struct err *err);
int run_path(struct call *c, struct answer *a, struct err *err);
int run_where_defined(struct call *c, struct answer *a, struct err *err);
int run_entities_in_file(struct call *c, struct answer *a, struct err *err);
int run_list(struct call *c, struct answer *a, struct err *err);
int run_search(struct call *c, struct answer *a, struct err *err);
int run_context(struct call *c, struct answer *a, struct err *err);
int run_export(struct call *c, struct answer *a, struct err *err);

/* The line about a tree whose ignore rules leave next to nothing, if it is one. */
void warn_culprit(struct answer *a, const struct scan *scan);

#endif
