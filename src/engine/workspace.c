#include "engine/workspace.h"

#include "base/hash.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/identity.h"
#include "engine/state.h"
#include "engine/workspace_internal.h"
#include "index/dump.h"
#include "index/shelf.h"
#include "lang/facts.h"

#include <fcntl.h>
#include <string.h>

#define ORIGIN_TREE "tree"
#define ORIGIN_TREE_NO_IGNORE "tree-no-ignore"
#define ORIGIN_DUMP "dump"

/* ---- places ---- */

int workspace_root_of(const char *dir, struct buf *ret_root, struct err *err)
{
    struct buf at = {0}, git = {0};
    int rc = io_realpath(dir, &at, err);
    if (rc != PT_OK) {
        buf_release(&at);
        return rc;
    }
    size_t n = at.n;
    for (;;) {
        buf_reset(&git);
        buf_add(&git, at.p, n);
        buf_str(&git, "/.git");
        if (git.failed)
            break;
        if (io_exists(AT_FDCWD, buf_cstr(&git))) {
            buf_add(ret_root, at.p, n > 0 ? n : 1);
            break;
        }
        while (n > 0 && at.p[n - 1] != '/')
            n--;
        if (n == 0) {
            buf_add(ret_root, at.p, at.n);
            break;
        }
        n--;
    }
    bool failed = at.failed || git.failed || ret_root->failed;
    buf_release(&at);
    buf_release(&git);
    return failed ? err_set(err, PT_ENOMEM, "out of memory") : PT_OK;
}

/* <base of all state>/<name of the folder>-<hash of its path> */
int workspace_state_path(const char *root, struct buf *ret, struct err *err)
{
    int rc = state_base(ret, err);
    if (rc != PT_OK)
        return rc;
    const char *slash = strrchr(root, '/');
    buf_char(ret, '/');
    buf_str(ret, slash != NULL && slash[1] != '\0' ? slash + 1 : "root");
    buf_printf(ret, "-%016llx", (unsigned long long)hash64(root, strlen(root)));
    return ret->failed ? err_set(err, PT_ENOMEM, "out of memory") : PT_OK;
}

/* The path of a file of the state. */
static int in_state(const struct workspace *w, struct buf *b, const char *name, struct err *err)
{
    buf_str(b, w->state);
    buf_char(b, '/');
    buf_str(b, name);
    return b->failed ? err_set(err, PT_ENOMEM, "out of memory") : PT_OK;
}

/* ---- open and close ---- */

int workspace_lock(const struct workspace *w, int *ret, struct err *err)
{
    struct buf path = {0};
    int rc = in_state(w, &path, "lock", err);
    if (rc == PT_OK)
        rc = io_lock(buf_cstr(&path), true, ret, err);
    buf_release(&path);
    return rc;
}

int workspace_open_to_read(struct workspace *w, struct err *err)
{
    const struct durable_options o = {.read_only = true};
    return durable_open(w->state, &o, &w->store, NULL, err);
}

static bool is_unusable(int rc)
{
    return rc == PT_ECORRUPT || rc == PT_EVERSION;
}

/* A graph that cannot be opened is kept beside, never deleted: it is rebuilt from source. */
static int set_aside(struct workspace *w, const struct err *why, const char **ret_notice,
                     struct err *err)
{
    struct buf to = {0};
    int rc = durable_set_aside(w->state, &to, err);
    if (rc == PT_OK) {
        log_info("graph set aside", log_str("as", buf_cstr(&to)), log_err(why));
        *ret_notice = arena_printf(
            &w->arena, "the graph of %s %s; it is kept as %s in %s%s", w->root,
            why->code == PT_EVERSION ? "was written by another version" : "is damaged",
            buf_cstr(&to), w->state, w->from_dump ? "" : ", and indexing makes a new one");
    }
    buf_release(&to);
    return rc;
}

/* Nobody may be writing when a graph is called damaged. */
static int open_or_set_aside(struct workspace *w, const char **ret_notice, struct err *err)
{
    struct err why = {0};
    int lock = -1;
    int rc = workspace_lock(w, &lock, err);
    if (rc != PT_OK)
        return rc;
    rc = workspace_open_to_read(w, &why);
    if (is_unusable(rc)) {
        rc = set_aside(w, &why, ret_notice, err);
        if (rc == PT_OK)
            rc = workspace_open_to_read(w, err);
    } else if (rc != PT_OK && err != NULL) {
        *err = why;
    }
    io_close(lock);
    return rc;
}

static int open_store(struct workspace *w, const char **ret_notice, struct err *err)
{
    int rc = workspace_open_to_read(w, err);
    if (!is_unusable(rc))
        return rc;
    err_clear(err);
    return open_or_set_aside(w, ret_notice, err);
}

static void set_origin(struct workspace *w, struct slice kind)
{
    w->from_dump = slice_eq(kind, SLICE(ORIGIN_DUMP));
    w->no_ignore = slice_eq(kind, SLICE(ORIGIN_TREE_NO_IGNORE));
}

static struct slice next_word(struct slice *rest)
{
    const char *blank = slice_chr(*rest, ' ');
    struct slice word = slice_head(*rest, blank != NULL ? (size_t)(blank - rest->p) : rest->n);
    *rest = slice_skip(*rest, blank != NULL ? word.n + 1 : word.n);
    return word;
}

static int read_origin_text(const struct workspace *w, struct buf *ret, struct err *err)
{
    struct buf path = {0};
    int rc = in_state(w, &path, "origin", err);
    if (rc == PT_OK)
        rc = io_read_file(AT_FDCWD, buf_cstr(&path), 8192, ret, err);
    buf_release(&path);
    return rc;
}

static bool is_origin_kind(struct slice kind)
{
    return slice_eq(kind, SLICE(ORIGIN_TREE)) || slice_eq(kind, SLICE(ORIGIN_TREE_NO_IGNORE)) ||
           slice_eq(kind, SLICE(ORIGIN_DUMP));
}

/* A graph without an origin was written by who died before he said what it is: it may be any
 * version's. */
static int read_origin(struct workspace *w, struct err *err)
{
    struct buf text = {0};
    struct err why = {0};
    int rc = read_origin_text(w, &text, &why);
    w->foreign = true;
    if (rc == PT_OK) {
        struct slice rest = buf_as_slice(&text);
        struct slice kind = next_word(&rest);
        set_origin(w, kind);
        w->foreign =
            !is_origin_kind(kind) || !slice_eq(next_word(&rest), SLICE(PARSELTONGUE_IDENTITY));
    } else if (rc != PT_ENOENT && err != NULL) {
        *err = why;
    }
    buf_release(&text);
    return rc == PT_ENOENT ? PT_OK : rc;
}

static int make_state(const char *dir, struct err *err)
{
    int rc = io_mkdir_p(dir, 0700, err);
    return rc == PT_OK ? rc
                       : err_prefix(err, "no place for state (XDG_STATE_HOME says where it is)");
}

/* Finds, or makes, the folder of the state. */
static int open_state(struct workspace *w, struct err *err)
{
    struct buf state = {0};
    int rc = workspace_state_path(w->root, &state, err);
    if (rc == PT_OK) {
        w->state = arena_strndup(&w->arena, state.p, state.n);
        rc =
            w->state != NULL ? make_state(w->state, err) : err_set(err, PT_ENOMEM, "out of memory");
    }
    buf_release(&state);
    if (rc == PT_OK)
        rc = read_origin(w, err);
    return rc;
}

int workspace_open_closed(const char *root, struct workspace **ret, struct err *err)
{
    struct workspace *w = mem_calloc(1, sizeof(*w));
    if (w == NULL)
        return err_set(err, PT_ENOMEM, "out of memory");
    arena_init(&w->arena);
    w->root = arena_strdup(&w->arena, root);
    int rc = w->root != NULL ? open_state(w, err) : err_set(err, PT_ENOMEM, "out of memory");
    if (rc != PT_OK) {
        workspace_close(w);
        return rc;
    }
    *ret = w;
    return PT_OK;
}

int workspace_open(const char *root, struct workspace **ret, const char **ret_notice,
                   struct err *err)
{
    const char *notice = NULL;
    struct workspace *w;
    int rc = workspace_open_closed(root, &w, err);
    if (rc != PT_OK)
        return rc;
    rc = open_store(w, &notice, err);
    if (rc != PT_OK) {
        workspace_close(w);
        return rc;
    }
    *ret = w;
    *ret_notice = notice;
    return PT_OK;
}

void workspace_close(struct workspace *w)
{
    if (w == NULL)
        return;
    follow_stop(w);
    (void)durable_close(w->store, NULL);
    arena_release(&w->arena);
    mem_free(w);
}

const char *workspace_root(const struct workspace *w)
{
    return w->root;
}

bool workspace_from_dump(const struct workspace *w)
{
    return w->from_dump;
}

bool workspace_no_ignore(const struct workspace *w)
{
    return w->no_ignore;
}

bool workspace_foreign(const struct workspace *w)
{
    return w->foreign;
}

const char *workspace_state_dir(const struct workspace *w)
{
    return w->state;
}

int workspace_pin(struct workspace *w, struct view *ret, struct err *err)
{
    int rc = w->store == NULL ? workspace_open_to_read(w, err) : PT_OK;
    return rc != PT_OK ? rc : store_pin(durable_store(w->store), ret, err);
}

void workspace_unpin(struct workspace *w, struct view *v)
{
    store_unpin(durable_store(w->store), v);
}

/* It has no checksum: it can only say what is known, or what makes the graph a stale one. */
static int verify_origin(const struct workspace *w, struct err *err)
{
    struct buf text = {0};
    int rc = read_origin_text(w, &text, err);
    struct slice rest = buf_as_slice(&text), kind = next_word(&rest);
    bool sound = is_origin_kind(kind) && next_word(&rest).n == strlen(PARSELTONGUE_IDENTITY) &&
                 slice_ends(rest, SLICE("\n"));
    if (sound && !slice_eq(kind, SLICE(ORIGIN_DUMP)))
        sound = slice_eq(slice_head(rest, rest.n - 1), slice_from(w->root));
    buf_release(&text);
    if (rc == PT_ENOENT) {
        err_clear(err);
        return PT_OK;
    }
    return rc != PT_OK || sound ? rc
                                : err_set(err, PT_ECORRUPT,
                                          "%s/origin is damaged: it does not say what this is a "
                                          "graph of",
                                          w->state);
}

int workspace_verify(const struct workspace *w, struct durable_check *ret, struct err *err)
{
    int rc = durable_verify(w->state, ret, err);
    return rc == PT_OK ? verify_origin(w, err) : rc;
}

/* ---- indexing ---- */

static int write_origin_text(const struct workspace *w, const struct buf *text, struct err *err)
{
    struct buf path = {0};
    struct io_part part = {text->p, text->n};
    int rc =
        text->failed ? err_set(err, PT_ENOMEM, "out of memory") : in_state(w, &path, "origin", err);
    if (rc == PT_OK)
        rc = io_write_atomic(buf_cstr(&path), &part, 1, err);
    buf_release(&path);
    return rc;
}

/* Remembers for what the graph stands; readers of another process look at it when they open. */
static int write_origin(struct workspace *w, const char *kind, const char *what, struct err *err)
{
    struct buf text = {0};
    buf_printf(&text, "%s %s %s\n", kind, PARSELTONGUE_IDENTITY, what);
    int rc = write_origin_text(w, &text, err);
    buf_release(&text);
    return rc;
}

/* The graph is replaced before the origin is. A crash in between must not leave a tree's graph that
 * says to come from a dump: nobody would ever find it stale. So that origin goes first; without
 * one, a graph counts as the tree's, and a dump's is stale as such. ret_was: to bring it back. */
static int forget_dump(const struct workspace *w, struct buf *ret_was, struct err *err)
{
    struct buf path = {0};
    int rc = read_origin_text(w, ret_was, NULL);
    struct slice rest = buf_as_slice(ret_was);
    if (rc != PT_OK || !slice_eq(next_word(&rest), SLICE(ORIGIN_DUMP))) {
        buf_reset(ret_was);
        return rc == PT_ENOMEM ? err_set(err, rc, "out of memory") : PT_OK;
    }
    rc = in_state(w, &path, "origin", err);
    if (rc == PT_OK)
        rc = io_remove(AT_FDCWD, buf_cstr(&path), err);
    if (rc == PT_OK)
        rc = io_sync_dir(w->state, err);
    buf_release(&path);
    return rc;
}

/* With the lock. The graph that is there is not read for it. */
static int write_graph(const struct workspace *w, const struct unit_source *source, struct err *err)
{
    const struct durable_options o = {.replace = true};
    struct durable *store = NULL;
    int rc = durable_open(w->state, &o, &store, NULL, err);
    if (rc == PT_OK)
        rc = durable_replace(store, source, err);
    int close_rc = durable_close(store, rc == PT_OK ? err : NULL);
    return rc == PT_OK ? close_rc : rc;
}

static int replace_graph(struct workspace *w, const struct unit_source *source, const char *kind,
                         struct err *err)
{
    struct buf was = {0};
    int rc = strcmp(kind, ORIGIN_DUMP) != 0 ? forget_dump(w, &was, err) : PT_OK;
    if (rc == PT_OK)
        rc = write_graph(w, source, err);
    if (rc != PT_OK && was.n > 0)
        (void)write_origin_text(w, &was, NULL);
    buf_release(&was);
    return rc;
}

/* What was written is what is read from now on. */
static int reopen(struct workspace *w, struct err *err)
{
    (void)durable_close(w->store, NULL);
    w->store = NULL;
    return workspace_open_to_read(w, err);
}

int workspace_told(struct workspace *w, bool no_ignore, struct err *err)
{
    const char *kind = no_ignore ? ORIGIN_TREE_NO_IGNORE : ORIGIN_TREE;
    int rc = write_origin(w, kind, w->root, err);
    if (rc == PT_OK) {
        set_origin(w, slice_from(kind));
        w->foreign = false;
    }
    return rc;
}

/* With the lock. */
static int commit(struct workspace *w, const struct unit_source *source, const char *kind,
                  const char *what, struct err *err)
{
    int rc = replace_graph(w, source, kind, err);
    if (rc == PT_OK)
        rc = write_origin(w, kind, what, err);
    if (rc == PT_OK) {
        set_origin(w, slice_from(kind));
        w->foreign = false;
        rc = reopen(w, err);
    }
    return rc;
}

static int lock_to_index(const struct workspace *w, int *ret_lock, struct err *err)
{
    if (w->follower != NULL)
        return err_set(err, PT_EINVAL, "the graph of %s is kept current already", w->root);
    return workspace_lock(w, ret_lock, err);
}

/* From the tree, or from a dump. */
static int index_into(struct workspace *w, struct pipeline *p, const struct dump *dump,
                      const char *kind, const char *what, struct pipeline_report *report,
                      struct err *err)
{
    struct unit_source source;
    int rc = dump != NULL ? pipeline_fill_from(p, dump, &source, report, err)
                          : pipeline_fill(p, &source, report, err);
    if (rc != PT_OK)
        return rc;
    rc = commit(w, &source, kind, what, err);
    report->resolve_ns = pipeline_resolve_ns(p);
    if (rc != PT_OK)
        pipeline_report_release(report);
    return rc;
}

/* The facts of a tree stay on the shelf, for who follows it later; without one they are on the heap. */
static int index_tree(struct workspace *w, const struct pipeline_options *options,
                      struct pipeline_report *report, struct err *err)
{
    struct pipeline_options once = *options;
    struct pipeline *p = NULL;
    once.once = true;
    (void)shelf_open(w->state, PARSELTONGUE_IDENTITY, NULL, &once.shelf, NULL);
    int rc = pipeline_new(w->root, &once, &p, err);
    if (rc == PT_OK)
        rc = index_into(w, p, NULL, once.scan.no_ignore ? ORIGIN_TREE_NO_IGNORE : ORIGIN_TREE,
                        w->root, report, err);
    if (rc == PT_OK)
        pipeline_rest(p); /* no file of facts without bounds */
    pipeline_free(p);
    shelf_close(once.shelf);
    return rc;
}

int workspace_index(struct workspace *w, const struct pipeline_options *options,
                    struct pipeline_report *ret_report, struct err *err)
{
    int lock = -1;
    int rc = lock_to_index(w, &lock, err);
    if (rc == PT_OK)
        rc = index_tree(w, options, ret_report, err);
    io_close(lock);
    return rc;
}

static int index_dump(struct workspace *w, const struct dump *dump, const char *dump_path,
                      const struct pipeline_options *options, struct pipeline_report *report,
                      struct err *err)
{
    struct pipeline_options once = *options;
    struct pipeline *p = NULL;
    once.once = true;
    int rc = pipeline_new(NULL, &once, &p, err);
    if (rc == PT_OK)
        rc = index_into(w, p, dump, ORIGIN_DUMP, dump_path, report, err);
    pipeline_free(p);
    return rc;
}

int workspace_ingest(struct workspace *w, const char *dump_path,
                     const struct pipeline_options *options, struct pipeline_report *ret_report,
                     struct err *err)
{
    struct dump dump;
    int lock = -1;
    int rc = dump_open(dump_path, &dump, err);
    if (rc != PT_OK)
        return rc;
    rc = lock_to_index(w, &lock, err);
    if (rc == PT_OK)
        rc = index_dump(w, &dump, dump_path, options, ret_report, err);
    io_close(lock);
    dump_close(&dump);
    return rc;
}

/* ---- is it current? ---- */

/* A scan against the graph. */
struct comparison {
    const char *root;
    uint64_t max_bytes; /* of files that are read */
    int dir;            /* of the root; -1 until something has to be read */
    struct buf content;
};

/* Does the file contain what the graph says? For states that prove nothing. */
static bool has_contents(struct comparison *c, const struct scan_file *f, const struct live_file *v)
{
    const bool unread = v->facts_flags & FACTS_UNREAD;
    struct io_stat st;
    if (c->dir < 0 && io_open_dir(c->root, &c->dir, NULL) != PT_OK)
        return false;
    buf_reset(&c->content);
    if (io_read_file_stat(c->dir, f->path, c->max_bytes, &c->content, &st, NULL) != PT_OK)
        return unread;
    struct slice text = buf_as_slice(&c->content);
    if (scan_is_binary(text.p, text.n)) /* it is left out, and stands there as if it were empty */
        return unread;
    return !unread && hash128_eq(hash128(text.p, text.n), v->content);
}

static bool differs(struct comparison *c, const struct scan_file *f, const struct live_file *v)
{
    if (f->size != v->size || f->mtime_ns != v->mtime_ns || f->ino != v->ino)
        return true;
    if (v->ctime_ns == INDEX_CTIME_UNSURE)
        return !has_contents(c, f, v);
    return f->ctime_ns != v->ctime_ns;
}

/* Every file of the tree that the graph does not know as it is, and every one that it knows and
 * that is not there. */
static uint32_t count_stale(const struct scan *s, const struct scan_options *o, const char *root,
                            const struct view *v)
{
    struct comparison c = {.root = root, .dir = -1};
    uint32_t stale = 0, known = 0;
    c.max_bytes = o != NULL && o->max_file_bytes != 0 ? o->max_file_bytes : SCAN_MAX_FILE_BYTES;
    for (uint32_t i = 0; i < s->files.len; i++) {
        uint32_t file = view_find_file(v, s->files.at[i].path);
        if (file != NODE_NONE)
            known++;
        if (file == NODE_NONE || differs(&c, &s->files.at[i], live_file(v, file)))
            stale++;
    }
    io_close(c.dir);
    buf_release(&c.content);
    return stale + view_file_count(v) - known;
}

int workspace_check(struct workspace *w, const struct scan_options *options, uint32_t *ret_stale,
                    struct err *err)
{
    struct scan scan;
    struct view v;
    if (w->from_dump) {
        *ret_stale = 0;
        return PT_OK;
    }
    int rc = scan_tree(w->root, options, &scan, err);
    if (rc != PT_OK)
        return rc;
    rc = workspace_pin(w, &v, err);
    if (rc == PT_OK) {
        if (view_generation(&v) == 0)
            *ret_stale = scan.files.len + 1;
        else
            *ret_stale = w->foreign ? scan.files.len : count_stale(&scan, options, w->root, &v);
        workspace_unpin(w, &v);
    }
    scan_release(&scan);
    return rc;
}
