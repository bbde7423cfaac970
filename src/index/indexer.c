#include "index/indexer_internal.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/pool.h"
#include "index/interface.h"
#include "index/shelf.h"

#include <stdlib.h>
#include <string.h>

int indexer_no_memory(struct err *err)
{
    return err_set(err, PT_ENOMEM, "out of memory for the index");
}

int indexer_unless_starved(int rc, uint64_t failures, struct err *err)
{
    return rc == PT_OK && mem_failures() != failures ? indexer_no_memory(err) : rc;
}

/* ---- life ---- */

int indexer_new(const struct indexer_options *options, struct indexer **ret, struct err *err)
{
    struct indexer *ix = mem_calloc(1, sizeof(*ix));
    if (ix == NULL)
        return indexer_no_memory(err);
    ix->options = *options;
    unsigned threads = options->threads != 0 ? options->threads : pool_cpus();
    ix->n_workers = threads > POOL_THREADS_MAX ? POOL_THREADS_MAX : threads;
    ix->workers = mem_calloc(ix->n_workers, sizeof(*ix->workers));
    int rc = ix->workers != NULL ? PT_OK : indexer_no_memory(err);
    if (rc == PT_OK)
        rc = program_init(&ix->program, err);
    if (rc == PT_OK)
        rc = eval_init(&ix->eval, &ix->program, err);
    if (rc != PT_OK) {
        indexer_free(ix);
        return rc;
    }
    for (unsigned i = 0; i < ix->n_workers; i++)
        arena_init(&ix->workers[i].arena);
    *ret = ix;
    return PT_OK;
}

static void release_file(struct ifile *f)
{
    mem_free(f->path);
    facts_free(f->facts);
    mem_free(f->linking.at);
    mem_free(f->resolving.at);
    vec_release(&f->impls.all);
    *f = (struct ifile){0};
}

void indexer_read_batch(struct indexer *ix)
{
    if (ix->options.cool != NULL)
        ix->options.cool(ix->options.ctx);
}

void indexer_rest(struct indexer *ix)
{
    indexer_release_workers(ix);
    notes_release(&ix->notes);
    notes_release(&ix->questions);
    vec_release(&ix->linking);
    vec_release(&ix->resolving);
    vec_release(&ix->includers);
    mem_free(ix->units);
    ix->units = NULL;
}

void indexer_renew(struct indexer *ix, struct shelf *shelf)
{
    for (uint32_t i = 0; i < ix->files.len; i++) {
        const struct ifile *f = &ix->files.at[i];
        if (f->facts == NULL)
            continue;
        struct shelf_key key = shelf_key(f->facts->content, f->facts->lang, f->path);
        (void)shelf_renew(shelf, &key, f->facts, NULL);
    }
}

void indexer_free(struct indexer *ix)
{
    if (ix == NULL)
        return;
    indexer_release_workers(ix);
    if (ix->eval.p != NULL)
        eval_release(&ix->eval);
    program_release(&ix->program);
    for (uint32_t i = 0; i < ix->files.len; i++)
        release_file(&ix->files.at[i]);
    notes_release(&ix->notes);
    notes_release(&ix->questions);
    vec_release(&ix->files);
    vec_release(&ix->unused);
    vec_release(&ix->linking);
    vec_release(&ix->resolving);
    vec_release(&ix->includers);
    mem_free(ix->units);
    mem_free(ix->workers);
    mem_free(ix);
}

/* ---- who is concerned ---- */

static bool to_resolve(struct indexer *ix, uint32_t file)
{
    struct ifile *f = &ix->files.at[file];
    bool ok = f->to_resolve || vec_push(&ix->resolving, file);
    f->to_resolve = true;
    return ok;
}

static bool to_link(struct indexer *ix, uint32_t file)
{
    struct ifile *f = &ix->files.at[file];
    bool ok = f->to_link || vec_push(&ix->linking, file);
    f->to_link = true;
    return ok && to_resolve(ix, file);
}

/* Puts the questions since the last time to all files. */
static int put_questions(struct indexer *ix, struct err *err)
{
    uint32_t n = !ix->restoring ? ix->questions.all.len - ix->asked : 0;
    uint32_t *new = n > 0 ? ix->questions.all.at + ix->asked : NULL;
    bool ok = !ix->questions.failed;
    notes_sort(new, n);
    for (uint32_t i = 0; ok && n > 0 && i < ix->files.len; i++) {
        const struct ifile *f = &ix->files.at[i];
        if (f->path == NULL)
            continue;
        if (!f->to_link && notes_meet(f->linking.at, f->linking.n, new, n))
            ok = to_link(ix, i);
        if (ok && !f->to_resolve && notes_meet(f->resolving.at, f->resolving.n, new, n))
            ok = to_resolve(ix, i);
    }
    ix->asked = ix->questions.all.len;
    return ok ? PT_OK : indexer_no_memory(err);
}

bool indexer_keep_notes(const struct indexer *ix, struct notes *taken, struct note_set *to,
                        bool more)
{
    uint32_t before = more ? to->n : 0, n = taken->all.len;
    if (taken->failed)
        return false;
    if (ix->options.once)
        return true;
    uint32_t *at = mem_reallocarray(more ? to->at : NULL, (size_t)before + n, sizeof(*at));
    if (at == NULL)
        return false;
    if (!more)
        mem_free(to->at);
    if (n > 0)
        memcpy(at + before, taken->all.at, n * sizeof(*at));
    *to = (struct note_set){at, before + n};
    notes_sort(to->at, to->n);
    return true;
}

void indexer_begin_notes(const struct indexer *ix, struct eval *e, struct notes *notes)
{
    notes_clear(notes);
    e->notes = ix->options.once ? NULL : notes;
}

/* ---- files come and go ---- */

static bool new_number(struct indexer *ix, uint32_t *ret)
{
    if (ix->unused.len > 0) {
        *ret = vec_pop(&ix->unused);
        return true;
    }
    *ret = ix->files.len;
    return vec_push(&ix->files, (struct ifile){0});
}

static int offers_of(const struct ifile *f, struct interface *ret, struct err *err)
{
    *ret = (struct interface){0};
    return f->facts != NULL ? interface_of(f->facts, f->path, ret, err) : PT_OK;
}

static void take_impls(struct indexer *ix, uint32_t file)
{
    struct ifile *f = &ix->files.at[file];
    for (uint32_t i = 0; i < f->impls.all.len; i++)
        program_take_impls(&ix->program, f->impls.all.at[i].key, file);
}

/* Its questions about what it was and is: all that it offers if it came or went. */
static int ask_about(struct indexer *ix, const struct ifile *before, const struct ifile *after,
                     struct err *err)
{
    struct interface was, is = {0};
    if (ix->options.once || ix->restoring)
        return PT_OK;
    int rc = offers_of(before, &was, err);
    if (rc == PT_OK)
        rc = offers_of(after, &is, err);
    if (rc == PT_OK && !interface_compare(&was, &is, &ix->questions))
        rc = indexer_no_memory(err);
    interface_release(&was);
    interface_release(&is);
    return rc;
}

static bool ask_module(struct indexer *ix, uint32_t file)
{
    const struct pfile *f = &ix->program.files.at[file];
    if (ix->options.once)
        return true;
    if (f->module != NULL)
        notes_add(&ix->questions, note_of(NOTE_MODULE, hash64(f->module, strlen(f->module)), 0));
    notes_add(&ix->questions, note_of(NOTE_FILE, f->path_hash, 0));
    return !ix->questions.failed;
}

static bool ask_impls(struct indexer *ix, const struct eval_impls *impls)
{
    for (uint32_t i = 0; !ix->options.once && i < impls->all.len; i++)
        notes_add(&ix->questions, note_of(NOTE_IMPLS, impls->all.at[i].key, 0));
    return !ix->questions.failed;
}

static int take_file(struct indexer *ix, uint32_t file, struct err *err)
{
    struct ifile *f = &ix->files.at[file];
    int rc = ask_about(ix, f, &(struct ifile){0}, err);
    if (rc == PT_OK && (!ask_module(ix, file) || !ask_impls(ix, &f->impls)))
        rc = indexer_no_memory(err);
    if (rc != PT_OK)
        return rc;
    take_impls(ix, file);
    program_take(&ix->program, file);
    release_file(f);
    return vec_push(&ix->unused, file) ? PT_OK : indexer_no_memory(err);
}

static bool is_told(const struct index_change *c)
{
    return c->told != NULL && memcmp(&c->told->stat, &c->stat, sizeof(c->stat)) == 0;
}

static int put_file(struct indexer *ix, uint32_t file, const struct index_change *c,
                    struct err *err)
{
    struct ifile *f = &ix->files.at[file];
    struct ifile now = {.facts = c->facts};
    bool is_new = f->path == NULL;
    f->stat = c->stat;
    f->to_tell = !is_new || !is_told(c);
    if (is_new) {
        f->path = mem_strdup(c->path);
        f->leaf = c->told != NULL ? c->told->leaf : (struct hash128){0};
    }
    now.path = f->path;
    int rc = f->path != NULL ? ask_about(ix, f, &now, err) : indexer_no_memory(err);
    if (rc == PT_OK) {
        take_impls(ix, file);
        rc = program_put(&ix->program, file, f->path, c->facts, err);
    }
    facts_free(f->facts);
    f->facts = c->facts;
    f->fresh = true;
    return rc == PT_OK && !to_link(ix, file) ? indexer_no_memory(err) : rc;
}

static int change_file(struct indexer *ix, struct index_change *c, struct err *err)
{
    uint32_t file = program_path(&ix->program, c->path, strlen(c->path));
    struct facts *facts = c->facts;
    int rc = PT_OK;
    if (c->same && file != FILE_NONE) {
        ix->files.at[file].stat = c->stat;
        ix->files.at[file].to_tell = true;
        return to_resolve(ix, file) ? PT_OK : indexer_no_memory(err);
    }
    if (facts == NULL)
        return file != FILE_NONE ? take_file(ix, file, err) : PT_OK;
    if (file != FILE_NONE && ix->files.at[file].facts->lang != facts->lang)
        rc = take_file(ix, file, err); /* another language: another file */
    if (rc == PT_OK && (file == FILE_NONE || ix->files.at[file].path == NULL) &&
        !new_number(ix, &file))
        rc = indexer_no_memory(err);
    if (rc == PT_OK) {
        rc = put_file(ix, file, c, err);
        c->facts = NULL;
    }
    return rc;
}

/* ---- linking ---- */

static int name_file(struct indexer *ix, uint32_t file, struct err *err)
{
    struct notes *notes = ix->options.once ? NULL : &ix->notes;
    bool changed = false;
    notes_clear(&ix->notes);
    const struct pfile *f = &ix->program.files.at[file];
    char *before = f->module != NULL ? mem_strdup(f->module) : NULL;
    int rc = program_name(&ix->program, file, notes, &changed, err);
    if (rc == PT_OK && changed && before != NULL && !ix->options.once)
        notes_add(&ix->questions, note_of(NOTE_MODULE, hash64(before, strlen(before)), 0));
    mem_free(before);
    if (rc == PT_OK && ((changed && !ask_module(ix, file)) ||
                        !indexer_keep_notes(ix, &ix->notes, &ix->files.at[file].linking, false)))
        rc = indexer_no_memory(err);
    return rc;
}

/* Module names hang on which files there are, and on each other. */
static int name_files(struct indexer *ix, struct err *err)
{
    uint32_t at = 0;
    do {
        /* backwards, for the chains: see program_put */
        uint32_t end = ix->linking.len;
        for (uint32_t i = end; i-- > at;) {
            int rc = name_file(ix, ix->linking.at[i], err);
            if (rc != PT_OK)
                return rc;
        }
        at = end;
        int rc = put_questions(ix, err);
        if (rc != PT_OK)
            return rc;
    } while (at < ix->linking.len);
    return PT_OK;
}

/* What the blocks themselves say is asked for by their names. */
static bool same_types(const struct eval_impls *a, const struct eval_impls *b)
{
    if (a->all.len != b->all.len)
        return false;
    for (uint32_t i = 0; i < a->all.len; i++) {
        if (a->all.at[i].key != b->all.at[i].key)
            return false;
    }
    return true;
}

static int link_file(struct indexer *ix, uint32_t file, struct err *err)
{
    struct ifile *f = &ix->files.at[file];
    struct eval_impls impls = {0};
    bool changed = false;
    indexer_begin_notes(ix, &ix->eval, &ix->notes);
    int rc = eval_includes(&ix->eval, &ix->program, file, &changed, err);
    if (rc == PT_OK && changed && !vec_push(&ix->includers, file))
        rc = indexer_no_memory(err);
    if (rc == PT_OK)
        rc = eval_impls(&ix->eval, file, &impls, err);
    bool same = same_types(&impls, &f->impls);
    if (rc == PT_OK && (f->fresh || !same)) {
        if (!same && (!ask_impls(ix, &f->impls) || !ask_impls(ix, &impls)))
            rc = indexer_no_memory(err);
        take_impls(ix, file);
        struct eval_impls old = f->impls;
        f->impls = impls;
        impls = old;
        f->to_hang = true;
    }
    vec_release(&impls.all);
    if (rc == PT_OK && !indexer_keep_notes(ix, &ix->notes, &f->linking, true))
        rc = indexer_no_memory(err);
    return rc;
}

static int hang_impls(struct indexer *ix, uint32_t file, struct err *err)
{
    struct ifile *f = &ix->files.at[file];
    for (uint32_t i = 0; f->to_hang && i < f->impls.all.len; i++) {
        const struct eval_impl *impl = &f->impls.all.at[i];
        int rc = program_add_impl(&ix->program, impl->key, (struct ent){file, impl->def}, err);
        if (rc != PT_OK)
            return rc;
    }
    return PT_OK;
}

/* By file: who includes it. */
struct reverse {
    uint32_t *start, *from;
};

static bool reverse_includes(const struct program *p, struct reverse *ret)
{
    uint32_t n = p->files.len, sum = 0;
    ret->start = mem_calloc((size_t)n + 2, sizeof(*ret->start));
    ret->from = NULL;
    for (uint32_t f = 0; ret->start != NULL && f < n; f++) {
        for (uint32_t i = 0; i < p->files.at[f].n_includes; i++, sum++)
            ret->start[p->files.at[f].includes[i] + 2]++;
    }
    ret->from = mem_calloc((size_t)sum + 1, sizeof(*ret->from));
    if (ret->start == NULL || ret->from == NULL)
        return false;
    for (uint32_t f = 0; f < n; f++)
        ret->start[f + 2] += ret->start[f + 1];
    for (uint32_t f = 0; f < n; f++) {
        for (uint32_t i = 0; i < p->files.at[f].n_includes; i++)
            ret->from[ret->start[p->files.at[f].includes[i] + 1]++] = f;
    }
    return true;
}

/* What a file sees hangs on the includes of all that it includes. */
static int reach_back(struct indexer *ix, struct err *err)
{
    struct reverse r = {0};
    bool ok = true;
    if (ix->options.once || ix->restoring || ix->includers.len == 0 ||
        ix->resolving.len == ix->files.len)
        return PT_OK;
    ok = reverse_includes(&ix->program, &r);
    uint8_t *seen = mem_calloc((size_t)ix->files.len + 1, 1);
    ok = ok && seen != NULL;
    for (uint32_t i = 0; ok && i < ix->includers.len; i++)
        seen[ix->includers.at[i]] = 1;
    for (uint32_t i = 0; ok && i < ix->includers.len; i++) {
        uint32_t file = ix->includers.at[i];
        ok = to_resolve(ix, file);
        for (uint32_t k = r.start[file]; ok && k < r.start[file + 1]; k++) {
            if (!seen[r.from[k]])
                ok = vec_push(&ix->includers, r.from[k]);
            seen[r.from[k]] = 1;
        }
    }
    mem_free(seen);
    mem_free(r.start);
    mem_free(r.from);
    return ok ? PT_OK : indexer_no_memory(err);
}

static int link_files(struct indexer *ix, struct err *err)
{
    ix->eval.attaching = true;
    int rc = name_files(ix, err);
    /* what the first round asks may concern the linking of further files */
    for (uint32_t at = 0; rc == PT_OK && at < ix->linking.len;) {
        uint32_t end = ix->linking.len;
        for (uint32_t i = at; rc == PT_OK && i < end; i++) {
            rc = link_file(ix, ix->linking.at[i], err);
            if (i % INDEX_BATCH == INDEX_BATCH - 1)
                indexer_read_batch(ix);
        }
        at = end;
        if (rc == PT_OK)
            rc = put_questions(ix, err);
    }
    for (uint32_t i = ix->linking.len; rc == PT_OK && i-- > 0;)
        rc = hang_impls(ix, ix->linking.at[i], err);
    return rc == PT_OK ? reach_back(ix, err) : rc;
}

/* ---- a change ---- */

static bool is_gone(const struct indexer *ix, const struct index_change *c)
{
    return c->facts == NULL && !c->same &&
           (c->told != NULL || program_path(&ix->program, c->path, strlen(c->path)) != FILE_NONE);
}

static int by_path(const void *x, const void *y)
{
    const struct unit *a = x, *b = y;
    return strcmp(a->path, b->path);
}

static bool push_gone(const struct index_change *c, struct delta *d)
{
    struct unit u = {.path = arena_strdup(&d->arena, c->path), .lang = "", .removed = true};
    return u.path != NULL && vec_push(&d->units, u);
}

/* Files that were to be resolved, and are gone. */
static void drop_gone(struct indexer *ix)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < ix->resolving.len; i++) {
        if (ix->files.at[ix->resolving.at[i]].to_resolve)
            ix->resolving.at[kept++] = ix->resolving.at[i];
    }
    ix->resolving.len = kept;
}

static int check_usable(const struct indexer *ix, struct err *err)
{
    return ix->broken ? err_set(err, PT_EINVAL, "the index failed before; it must be made anew")
                      : PT_OK;
}

/* For what needs an index that knows no files yet. */
static int check_empty(const struct indexer *ix, struct err *err)
{
    int rc = check_usable(ix, err);
    return rc == PT_OK && ix->files.len > 0
               ? err_set(err, PT_EINVAL, "the index knows files already")
               : rc;
}

/* Facts that it did not come to. */
static void free_changes(struct index_change *changes, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        facts_free(changes[i].facts);
        changes[i].facts = NULL;
    }
}

/* What a restored index could not be sure of. */
static bool resolve_doubtful(struct indexer *ix)
{
    bool ok = true;
    for (uint32_t i = 0; ix->any_in_doubt && ok && i < ix->files.len; i++)
        ok = !ix->files.at[i].in_doubt || to_resolve(ix, i);
    ix->any_in_doubt = ix->any_in_doubt && !ok;
    return ok;
}

/* The files of the changes come and go and are linked; which files are to be resolved is known then.
 * `gone`, by change: is its file? NULL: none can be. */
static int link_changes(struct indexer *ix, struct index_change *changes, uint32_t n, bool *gone,
                        struct err *err)
{
    int rc = PT_OK;
    notes_clear(&ix->questions);
    ix->asked = 0;
    vec_clear(&ix->linking);
    vec_clear(&ix->resolving);
    vec_clear(&ix->includers);
    for (uint32_t i = n; rc == PT_OK && i-- > 0;) { /* backwards: see program_put */
        if (gone != NULL)
            gone[i] = is_gone(ix, &changes[i]);
        rc = change_file(ix, &changes[i], err);
        if (i % INDEX_BATCH == 0)
            indexer_read_batch(ix);
    }
    if (rc == PT_OK && !resolve_doubtful(ix))
        rc = indexer_no_memory(err);
    if (rc == PT_OK)
        rc = put_questions(ix, err);
    if (rc == PT_OK)
        rc = link_files(ix, err);
    drop_gone(ix);
    return rc;
}

static int apply(struct indexer *ix, struct index_change *changes, uint32_t n, struct delta *d,
                 struct indexer_report *report, struct err *err)
{
    uint64_t t0 = clock_now_ns();
    bool *gone = mem_calloc((size_t)n + 1, sizeof(*gone));
    int rc = gone != NULL ? link_changes(ix, changes, n, gone, err) : indexer_no_memory(err);
    uint64_t t1 = clock_now_ns();
    if (rc == PT_OK)
        rc = indexer_resolve_into(ix, d, err);
    for (uint32_t i = 0; rc == PT_OK && i < n; i++)
        rc = !gone[i] || push_gone(&changes[i], d) ? PT_OK : indexer_no_memory(err);
    if (d->units.len > 1)
        qsort(d->units.at, d->units.len, sizeof(*d->units.at), by_path);
    *report = (struct indexer_report){.linked = ix->linking.len,
                                      .resolved = ix->resolving.len,
                                      .units = d->units.len,
                                      .link_ns = t1 - t0,
                                      .resolve_ns = clock_now_ns() - t1};
    mem_free(gone);
    return rc;
}

int indexer_apply(struct indexer *ix, struct index_change *changes, uint32_t n,
                  struct delta *ret_delta, struct indexer_report *ret_report, struct err *err)
{
    struct indexer_report ignored;
    uint64_t failures = mem_failures();
    delta_init(ret_delta);
    int rc = check_usable(ix, err);
    if (rc == PT_OK)
        rc = apply(ix, changes, n, ret_delta, ret_report != NULL ? ret_report : &ignored, err);
    rc = indexer_unless_starved(rc, failures, err);
    free_changes(changes, n);
    if (rc != PT_OK) {
        ix->broken = true;
        delta_release(ret_delta);
    }
    return rc;
}

/* ---- from a checkpoint ---- */

/* The file is as it was when it was kept. */
static bool take_kept(struct ifile *f, const struct index_change *c)
{
    const struct index_kept *kept = c->kept;
    size_t bytes = kept->n_notes * sizeof(*kept->notes);
    f->in_doubt = c->told == NULL || !hash128_eq(c->told->leaf, kept->leaf);
    if (kept->n_notes == 0)
        return true;
    f->resolving.at = mem_alloc(bytes);
    if (f->resolving.at == NULL)
        return false;
    memcpy(f->resolving.at, kept->notes, bytes);
    f->resolving.n = kept->n_notes;
    return true;
}

static int take_all_kept(struct indexer *ix, const struct index_change *changes, uint32_t n,
                         struct err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t file = program_path(&ix->program, changes[i].path, strlen(changes[i].path));
        if (!take_kept(&ix->files.at[file], &changes[i]))
            return indexer_no_memory(err);
        ix->any_in_doubt |= ix->files.at[file].in_doubt;
    }
    return PT_OK;
}

static int restore(struct indexer *ix, struct index_change *changes, uint32_t n, struct err *err)
{
    ix->restoring = true;
    int rc = link_changes(ix, changes, n, NULL, err);
    if (rc == PT_OK)
        rc = indexer_name_only(ix, err);
    if (rc == PT_OK)
        rc = take_all_kept(ix, changes, n, err);
    for (uint32_t i = 0; i < ix->files.len; i++) {
        struct ifile *f = &ix->files.at[i];
        f->fresh = f->to_link = f->to_resolve = f->to_hang = false;
        f->to_tell = f->in_doubt && f->to_tell;
    }
    ix->restoring = false;
    return rc;
}

int indexer_restore(struct indexer *ix, struct index_change *changes, uint32_t n, struct err *err)
{
    uint64_t failures = mem_failures();
    int rc = check_empty(ix, err);
    if (rc == PT_OK)
        rc = restore(ix, changes, n, err);
    rc = indexer_unless_starved(rc, failures, err);
    free_changes(changes, n);
    ix->broken |= rc != PT_OK;
    return rc;
}

bool indexer_kept(const struct indexer *ix, const char *path, struct index_kept *ret)
{
    uint32_t file = program_path(&ix->program, path, strlen(path));
    if (file == FILE_NONE || ix->files.at[file].path == NULL || ix->files.at[file].in_doubt)
        return false;
    const struct ifile *f = &ix->files.at[file];
    *ret = (struct index_kept){f->leaf, f->resolving.at, f->resolving.n};
    return true;
}

uint64_t indexer_resolved(const struct indexer *ix)
{
    return ix->n_resolved;
}

/* ---- a graph from nothing ---- */

static int fill(struct indexer *ix, struct index_change *changes, uint32_t n,
                struct unit_source *ret, struct indexer_report *report, struct err *err)
{
    uint64_t t0 = clock_now_ns();
    int rc = link_changes(ix, changes, n, NULL, err);
    *report = (struct indexer_report){.linked = ix->linking.len,
                                      .resolved = ix->resolving.len,
                                      .units = ix->resolving.len,
                                      .link_ns = clock_now_ns() - t0};
    if (rc == PT_OK)
        indexer_source(ix, ret);
    return rc;
}

int indexer_fill(struct indexer *ix, struct index_change *changes, uint32_t n,
                 struct unit_source *ret, struct indexer_report *ret_report, struct err *err)
{
    uint64_t failures = mem_failures();
    int rc = check_empty(ix, err);
    if (rc == PT_OK)
        rc = fill(ix, changes, n, ret, ret_report, err);
    rc = indexer_unless_starved(rc, failures, err);
    free_changes(changes, n);
    ix->broken = true; /* until the source has been read to its end */
    return rc;
}
