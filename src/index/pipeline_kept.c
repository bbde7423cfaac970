/* Checkpoints: an index is put together from one, and leaves one. */
#include "index/pipeline_internal.h"

#include "base/mem.h"
#include "index/checkpoint.h"
#include "lang/facts.h"

#include <string.h>

static bool list_kept(struct pipeline *p, const struct checkpoint *c)
{
    bool ok = vec_reserve(&p->sources, c->files.len);
    for (uint32_t i = 0; ok && i < c->files.len; i++) {
        const struct checkpoint_file *f = &c->files.at[i];
        (void)vec_push(
            &p->sources,
            (struct source){.path = f->path, .lang = f->lang, .left_out = f->unread, .kept = f});
    }
    return ok;
}

/* A file in the state that the graph was told of is not looked into again if its contents were the
 * same then. */
static bool change_kept(struct pipeline *p, struct source *s, struct index_kept *kept)
{
    const struct checkpoint_file *f = s->kept;
    struct known *k = pipeline_know(p, f->path);
    if (k == NULL)
        return false;
    s->known = k;
    *kept = (struct index_kept){f->leaf, f->notes, f->n_notes};
    struct index_change c = {.path = k->path, .facts = s->facts, .kept = kept};
    c.told = pipeline_told_of(k);
    if (c.told != NULL)
        c.stat = c.told->stat;
    s->facts = NULL;
    if (!vec_push(&p->changes, c)) {
        facts_free(c.facts);
        return false;
    }
    return true;
}

static bool is_as_told(const struct known *k, const struct checkpoint_file *f)
{
    const struct hash128 none = {0};
    return k->is_told && hash128_eq(k->content, f->unread ? none : f->content);
}

static void remember_kept(struct pipeline *p)
{
    for (uint32_t i = 0; i < p->sources.len; i++) {
        const struct checkpoint_file *f = p->sources.at[i].kept;
        struct known *k = p->sources.at[i].known;
        k->stat = is_as_told(k, f) ? k->told.stat : (struct index_stat){0};
        k->content = f->unread ? (struct hash128){0} : f->content;
        k->lang = f->lang;
        k->is_indexed = true;
        k->is_told = false;
    }
}

static int restore_changes(struct pipeline *p, struct err *err)
{
    uint32_t n = p->sources.len;
    struct index_kept *kept = mem_calloc((size_t)n + 1, sizeof(*kept));
    bool ok = kept != NULL;
    for (uint32_t i = 0; ok && i < n; i++)
        ok = change_kept(p, &p->sources.at[i], &kept[i]);
    int rc = ok ? indexer_restore(p->indexer, p->changes.at, p->changes.len, err)
                : err_set(err, PT_ENOMEM, "out of memory for what was kept of the index");
    if (rc == PT_OK)
        remember_kept(p);
    mem_free(kept);
    return rc;
}

static int restore(struct pipeline *p, const struct checkpoint *c, struct err *err)
{
    if (!list_kept(p, c))
        return err_set(err, PT_ENOMEM, "out of memory for what was kept of the index");
    p->many = p->sources.len >= PIPELINE_MANY;
    int rc = pipeline_find_kept(p);
    if (rc == PT_OK && !pipeline_begin_stage(p, STAGE_LINK, p->sources.len))
        rc = pipeline_cancelled(err);
    else if (rc == PT_OK)
        rc = restore_changes(p, err);
    else if (rc != PT_ENOMEM)
        rc = PT_OK; /* some facts are gone: then it is done as if there were no checkpoint */
    pipeline_clear_run(p);
    return rc;
}

int pipeline_restore(struct pipeline *p, const char *state_dir, const char *identity,
                     struct err *err)
{
    struct checkpoint c;
    struct err why = {0};
    if (p->options.shelf == NULL)
        return PT_OK;
    int rc = checkpoint_read(state_dir, identity, &c, &why);
    if (rc == PT_ENOMEM) {
        *err = why;
        return rc;
    }
    if (rc != PT_OK)
        return PT_OK;
    rc = restore(p, &c, err);
    checkpoint_release(&c);
    return rc;
}

/* Few files more to resolve again than would be read for a checkpoint. */
#define KEEP_LEAST 256u

int pipeline_keep(struct pipeline *p, const char *state_dir, const char *identity, bool any,
                  struct err *err)
{
    uint64_t resolved = indexer_resolved(p->indexer);
    uint64_t least = any ? 1 : KEEP_LEAST + p->known.len / 8;
    struct buf to = {0};
    uint32_t n = 0;
    if (p->options.shelf == NULL || resolved - p->kept_resolved < least)
        return PT_OK;
    checkpoint_begin(&to, identity);
    for (; n < p->known.len; n++) {
        const struct known *k = p->known.at[n].file;
        struct index_kept kept;
        if (!k->is_indexed || !indexer_kept(p->indexer, k->path, &kept))
            break;
        bool unread = hash128_eq(k->content, (struct hash128){0});
        checkpoint_add(&to, &(struct checkpoint_file){.path = k->path,
                                                      .content = k->content,
                                                      .leaf = kept.leaf,
                                                      .notes = kept.notes,
                                                      .n_notes = kept.n_notes,
                                                      .lang = k->lang,
                                                      .unread = unread});
    }
    bool all = n == p->known.len;
    int rc = all ? checkpoint_write(state_dir, &to, n, err) : PT_OK;
    if (rc == PT_OK && all)
        p->kept_resolved = resolved;
    buf_release(&to);
    return rc;
}
