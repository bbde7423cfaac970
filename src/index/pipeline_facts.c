/* The facts of files: what is known is not worked out again. */
#include "index/pipeline_internal.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/pool.h"
#include "index/checkpoint.h"
#include "index/quarantine.h"
#include "index/shelf.h"
#include "lang/extract.h"

#include <string.h>
#include <time.h>

/* More files at once were not edited by a person. */
#define EDITED_MAX 16u

/* So many files after each other are read of the shelf before what was read leaves memory. */
#define COOL_FILES 2048u

/* ---- read and extract ---- */

static enum scan_reason reason_of(int code)
{
    return code == PT_ELIMIT ? SCAN_TOO_LARGE : SCAN_UNREADABLE;
}

/* Is it not the file that cannot be read, but we who lack something now? */
static bool is_want(const struct pipeline *p, const struct source *s, int code)
{
    struct io_stat st;
    return code == PT_ENOMEM ||
           (code == PT_ELIMIT &&
            (io_stat(p->root_fd, s->path, &st, NULL) != PT_OK || st.size <= p->max_bytes));
}

/* A disk or a server that failed once may be asked again. */
#define READ_TRIES 3u
#define READ_PAUSE_NS 2000000L /* doubled each time */

static int read_patiently(struct pipeline *p, struct pipeline_worker *w, struct source *s,
                          struct err *err)
{
    struct io_stat st;
    int rc = PT_OK;
    for (unsigned i = 0; i < READ_TRIES; i++) {
        const struct timespec pause = {.tv_nsec = READ_PAUSE_NS << i};
        if (i > 0)
            (void)nanosleep(&pause, NULL);
        buf_reset(&w->content);
        rc = io_read_file_stat(p->root_fd, s->path, p->max_bytes, &w->content, &st, err);
        if (rc != PT_EIO)
            break;
    }
    s->unread = rc == PT_EIO;
    if (rc == PT_OK)
        s->stat = (struct index_stat){st.size, st.ino, st.mtime_ns, st.ctime_ns};
    return rc;
}

/* The bytes of a source. One that has to be left out stands in the graph as an empty file, so that
 * it is seen, and counts as known when the tree is compared with the graph. */
static int read_source(struct pipeline *p, struct pipeline_worker *w, struct source *s,
                       struct slice *ret)
{
    struct err err = {0};
    *ret = slice_of("", 0);
    if (s->scanned == NULL) {
        *ret = s->text;
    } else {
        int rc = read_patiently(p, w, s, &err);
        if (rc != PT_OK && is_want(p, s, rc)) {
            w->err = err;
            return rc;
        }
        if (rc != PT_OK) {
            s->left_out = true;
            s->reason = reason_of(rc);
            return PT_OK;
        }
        *ret = buf_as_slice(&w->content);
    }
    if (scan_is_binary(ret->p, ret->n)) {
        s->left_out = true;
        s->reason = SCAN_BINARY;
        *ret = slice_of("", 0);
    }
    return PT_OK;
}

/* Of these contents the indexer has the facts already (or still knows that there are none). */
static bool is_known(const struct source *s, struct slice text)
{
    const struct known *k = s->known;
    if (k == NULL || !k->is_indexed || k->lang != s->lang)
        return false;
    if (s->left_out)
        return s->unread && k->is_unread;
    return hash128_eq(k->content, hash128(text.p, text.n));
}

/* What the graph says the contents are, if it saw the file in this state. */
static bool get_told(struct pipeline *p, struct source *s)
{
    const struct known *k = s->known;
    if (p->options.shelf == NULL || k == NULL || !k->is_told || k->is_indexed ||
        !index_stat_eq(&k->told.stat, &s->stat) || hash128_eq(k->content, (struct hash128){0}))
        return false;
    struct shelf_key key = shelf_key(k->content, s->lang, s->path);
    return shelf_get(p->options.shelf, &key, &s->facts, NULL) == PT_OK;
}

static void put_on_shelf(struct pipeline *p, const struct shelf_key *key, struct source *s)
{
    struct facts *there = NULL;
    if (shelf_put(p->options.shelf, key, s->facts, &there, NULL) != PT_OK)
        return; /* a full disk: then they stay on the heap */
    facts_free(s->facts);
    s->facts = there;
}

static int extract_source(struct pipeline *p, struct pipeline_worker *w, struct source *s,
                          struct slice text)
{
    if (w->extract == NULL && (w->extract = extract_new()) == NULL)
        return err_set(&w->err, PT_ENOMEM, "out of memory for a parser");
    extract_with(w->extract, p->sources.len <= EDITED_MAX ? p->trees : NULL);
    int rc = extract_file(w->extract, s->lang, s->path, text.p, text.n, &s->facts, &w->err);
    s->parsed = rc == PT_OK;
    if (rc == PT_OK && s->left_out)
        s->facts->flags |= FACTS_UNREAD;
    return rc;
}

/* Contents that crashed the parser once stand in the graph as none. */
static int extract_with_care(struct pipeline *p, struct pipeline_worker *w, struct source *s,
                             const struct shelf_key *key, struct slice text)
{
    const struct quarantine *q = p->options.quarantine;
    if (q == NULL)
        return extract_source(p, w, s, text);
    if (quarantine_has(q, key)) {
        s->left_out = true;
        s->reason = SCAN_QUARANTINED;
        return extract_source(p, w, s, slice_of("", 0));
    }
    quarantine_begin(q, key);
    int rc = extract_source(p, w, s, text);
    quarantine_end();
    return rc;
}

/* The facts of a file: those that are known, or on the shelf, or what parsing it gives. */
static int find_facts(struct pipeline *p, struct pipeline_worker *w, struct source *s)
{
    struct slice text;
    int rc = read_source(p, w, s, &text);
    if (rc != PT_OK || is_known(s, text))
        return rc;
    struct shelf_key key = shelf_key(hash128(text.p, text.n), s->lang, s->path);
    bool shelve = p->options.shelf != NULL && !s->left_out;
    if (shelve && shelf_get(p->options.shelf, &key, &s->facts, NULL) == PT_OK)
        return PT_OK;
    rc = extract_with_care(p, w, s, &key, text);
    if (rc == PT_OK && shelve && !s->left_out)
        put_on_shelf(p, &key, s);
    return rc;
}

void pipeline_cool(struct pipeline *p)
{
    if (p->options.shelf != NULL && p->many)
        shelf_cool(p->options.shelf);
}

static int extract_item(void *ctx, unsigned worker, size_t item)
{
    struct pipeline *p = ctx;
    struct source *s = &p->sources.at[item];
    int rc = get_told(p, s) ? PT_OK : find_facts(p, &p->workers[worker], s);
    if (rc != PT_OK)
        return rc;
    if (item % COOL_FILES == COOL_FILES - 1)
        pipeline_cool(p);
    return pipeline_step(p, s->scanned != NULL ? s->scanned->size : s->text.n) ? PT_OK
                                                                               : PT_ECANCELED;
}

/* The facts that a file had when it was kept. */
static int restore_item(void *ctx, unsigned worker, size_t item)
{
    struct pipeline *p = ctx;
    struct source *s = &p->sources.at[item];
    if (s->left_out)
        return extract_source(p, &p->workers[worker], s, slice_of("", 0));
    struct shelf_key key = shelf_key(s->kept->content, s->lang, s->path);
    int rc = shelf_get(p->options.shelf, &key, &s->facts, NULL);
    if (item % COOL_FILES == COOL_FILES - 1)
        pipeline_cool(p);
    return rc;
}

int pipeline_find_kept(struct pipeline *p)
{
    return pool_run(p->n_workers, p->sources.len, restore_item, p);
}

int pipeline_find_facts(struct pipeline *p, struct err *err)
{
    int rc = pool_run(p->n_workers, p->sources.len, extract_item, p);
    if (rc == PT_OK)
        return PT_OK;
    if (rc == PT_ECANCELED)
        return pipeline_cancelled(err);
    for (unsigned i = 0; i < p->n_workers; i++) {
        if (p->workers[i].err.code == rc && err != NULL) {
            *err = p->workers[i].err;
            return rc;
        }
    }
    return err_set(err, rc, "indexing failed");
}
