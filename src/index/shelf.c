#include "index/shelf_internal.h"

#include "base/mem.h"
#include "lang/lang.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES ((uint64_t)64 << 20)
#define SPARE_BYTES ((uint64_t)32 << 20)
/* Names that others may have taken: what could not be removed is passed over. */
#define CREATE_ATTEMPTS 1000

static void lock(struct shelf *s)
{
    (void)pthread_mutex_lock(&s->lock);
}

static void unlock(struct shelf *s)
{
    (void)pthread_mutex_unlock(&s->lock);
}

/* ---- keys ---- */

struct shelf_key shelf_key(struct hash128 content, unsigned lang, const char *path)
{
    return (struct shelf_key){
        .content = content, .lang = (uint8_t)lang, .marks = (uint8_t)lang_path_marks(lang, path)};
}

uint64_t shelf_hash(const struct shelf_key *key)
{
    return key->content.lo ^ hash_mix64(key->content.hi + ((uint64_t)key->lang << 8 | key->marks));
}

static bool same_key(const struct shelf_key *a, const struct shelf_key *b)
{
    return hash128_eq(a->content, b->content) && a->lang == b->lang && a->marks == b->marks;
}

/* ---- the index ---- */

uint32_t shelf_slot(const struct shelf *s, uint64_t hash)
{
    const uint32_t *slot = map_get(&s->index, hash);
    return slot != NULL ? *slot : SLOT_NONE;
}

void shelf_forget(struct shelf *s, uint32_t slot)
{
    struct slot *t = &s->slots.at[slot];
    (void)map_del(&s->index, t->hash);
    s->found -= (uint64_t)t->size * SHELF_GRAIN;
    *t = (struct slot){.at = s->free_slot};
    s->free_slot = slot + 1;
}

/* So that the next shelf_remember cannot fail. */
static bool reserve_slot(struct shelf *s)
{
    return (s->free_slot != 0 || vec_reserve(&s->slots, (uint64_t)s->slots.len + 1)) &&
           map_reserve(&s->index, map_len(&s->index) + 1);
}

static uint32_t take_slot(struct shelf *s)
{
    if (s->free_slot == 0) {
        s->slots.len++;
        return s->slots.len - 1;
    }
    uint32_t slot = s->free_slot - 1;
    s->free_slot = s->slots.at[slot].at;
    return slot;
}

/* Whatever was there under this hash is found no more: another key's; or, while files are opened, an
 * older record, which was damaged when the newer one was put, or which a sweep was about to remove. */
static void remember(struct shelf *s, uint64_t hash, uint32_t file, uint64_t at, uint64_t size,
                     bool checked)
{
    uint32_t slot = shelf_slot(s, hash);
    if (slot != SLOT_NONE)
        shelf_forget(s, slot);
    slot = take_slot(s);
    s->slots.at[slot] = (struct slot){.hash = hash,
                                      .at = (uint32_t)(at / SHELF_GRAIN),
                                      .size = (uint32_t)(size / SHELF_GRAIN),
                                      .used = ++s->clock,
                                      .file = file & (UINT32_MAX / 2),
                                      .checked = checked};
    s->found += size;
    (void)map_put(&s->index, hash, slot, NULL);
}

static uint32_t index_of(const struct shelf *s, const struct shelf_file *f)
{
    uint32_t i = 0;
    while (s->files.at[i] != f)
        i++;
    return i;
}

static bool add_file(struct shelf *s, struct shelf_file *f)
{
    for (uint32_t i = 0; i < s->files.len; i++) {
        if (s->files.at[i] == NULL) {
            s->files.at[i] = f;
            return true;
        }
    }
    return vec_push(&s->files, f); /* NOLINT(bugprone-sizeof-expression) */
}

/* ---- opening ---- */

struct entries {
    VEC(uint32_t) numbers;
    bool failed;
};

static int take_entry(void *ctx, const char *name, enum io_kind kind)
{
    struct entries *all = ctx;
    uint32_t number;
    (void)kind;
    if (shelf_file_number(name, &number) && !vec_push(&all->numbers, number))
        all->failed = true;
    return 0;
}

/* What is no file of this shelf makes room for those that are. */
static void remove_entry(struct shelf *s, uint32_t number)
{
    char name[SHELF_NAME_SIZE];
    shelf_file_name(number, name);
    if (io_remove(s->dir, name, NULL) == PT_OK)
        s->counts.removed++;
    else
        s->counts.unread++;
}

static int index_file(struct shelf *s, struct shelf_file *f, struct err *err)
{
    uint32_t file = index_of(s, f);
    uint64_t size = f->end, at = SHELF_HEADER_SIZE;
    struct shelf_head head;

    while (shelf_head_read(f->base + at, size - at, &head)) {
        struct shelf_key key = shelf_head_key(&head);
        if (!reserve_slot(s))
            return err_set(err, PT_ENOMEM, "no memory for the index of facts");
        remember(s, shelf_hash(&key), file, at, shelf_record_size(&head), false);
        at += shelf_record_size(&head);
    }
    if (at < size)
        shelf_file_cut(f, at);
    io_cool(f->base, f->room); /* heads alone were read, but the system maps what is around them */
    s->counts.cut_bytes += size - at;
    s->counts.bytes += at;
    return PT_OK;
}

static int take_file(struct shelf *s, uint32_t number, struct err *err)
{
    struct shelf_file *f = NULL;
    struct io_stat st;
    char name[SHELF_NAME_SIZE];

    shelf_file_name(number, name);
    int rc = io_stat(s->dir, name, &st, err);
    if (rc == PT_OK && st.kind != IO_FILE)
        rc = PT_EINVAL;
    if (rc == PT_OK)
        rc = shelf_file_open(s->dir, number, s->identity, s->options.file_bytes, &f, err);
    if (rc == PT_ENOMEM)
        return rc;
    if (rc == PT_ECORRUPT || rc == PT_EINVAL)
        remove_entry(s, number);
    else if (rc != PT_OK)
        s->counts.unread++;
    if (rc != PT_OK)
        return PT_OK;
    if (!add_file(s, f)) {
        shelf_file_leave(f);
        return err_set(err, PT_ENOMEM, "no memory for a file of facts");
    }
    if (s->current != NULL)
        shelf_file_seal(s->current);
    s->current = f;
    return index_file(s, f, err);
}

static int by_number(const void *x, const void *y)
{
    const uint32_t *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

static int take_files(struct shelf *s, struct err *err)
{
    struct entries all = {0};
    int rc = io_list(s->dir, take_entry, &all, err);
    if (rc == PT_OK && all.failed)
        rc = err_set(err, PT_ENOMEM, "no memory for a list of files");
    if (all.numbers.len > 1)
        qsort(all.numbers.at, all.numbers.len, sizeof(*all.numbers.at), by_number);
    for (uint32_t i = 0; rc == PT_OK && i < all.numbers.len; i++)
        rc = take_file(s, all.numbers.at[i], err);
    s->next_number = all.numbers.len > 0 ? vec_last(&all.numbers) + 1 : 1;
    vec_release(&all.numbers);
    return rc;
}

int shelf_open(const char *dir, const char *identity, const struct shelf_options *options,
               struct shelf **ret, struct err *err)
{
    struct shelf *s = mem_calloc(1, sizeof(*s));
    if (s == NULL)
        return err_set(err, PT_ENOMEM, "no memory for a shelf");
    (void)pthread_mutex_init(&s->writing, NULL);
    (void)pthread_mutex_init(&s->lock, NULL);
    map_init(&s->index);
    s->dir = -1;
    s->identity = hash128(identity, strlen(identity));
    s->options = options != NULL ? *options : (struct shelf_options){0};
    if (s->options.file_bytes == 0)
        s->options.file_bytes = FILE_BYTES;
    if (s->options.spare_bytes == 0)
        s->options.spare_bytes = SPARE_BYTES;
    int rc = io_open_dir(dir, &s->dir, err);
    if (rc == PT_OK)
        rc = take_files(s, err);
    if (rc != PT_OK) {
        shelf_close(s);
        return rc;
    }
    *ret = s;
    return PT_OK;
}

void shelf_close(struct shelf *s)
{
    if (s == NULL)
        return;
    for (uint32_t i = 0; i < s->files.len; i++) {
        if (s->files.at[i] == NULL)
            continue;
        shelf_file_seal(s->files.at[i]);
        shelf_file_leave(s->files.at[i]);
    }
    vec_release(&s->files);
    vec_release(&s->slots);
    map_release(&s->index);
    io_close(s->dir);
    (void)pthread_mutex_destroy(&s->writing);
    (void)pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

/* ---- getting ---- */

/* The record of a key, with its file held. */
static bool find(struct shelf *s, uint64_t hash, struct place *ret)
{
    lock(s);
    uint32_t slot = shelf_slot(s, hash);
    if (slot != SLOT_NONE) {
        struct slot *t = &s->slots.at[slot];
        t->used = ++s->clock;
        *ret = (struct place){.file = s->files.at[t->file],
                              .at = (uint64_t)t->at * SHELF_GRAIN,
                              .size = (uint64_t)t->size * SHELF_GRAIN,
                              .checked = t->checked};
        shelf_file_join(ret->file);
    }
    unlock(s);
    return slot != SLOT_NONE;
}

/* What reading a record has shown, unless it is another one by now. */
static void note(struct shelf *s, uint64_t hash, const struct place *p, bool right)
{
    lock(s);
    uint32_t slot = shelf_slot(s, hash);
    if (slot != SLOT_NONE && s->files.at[s->slots.at[slot].file] == p->file &&
        s->slots.at[slot].at == p->at / SHELF_GRAIN) {
        s->slots.at[slot].checked = right;
        if (!right) {
            shelf_forget(s, slot);
            s->counts.damaged++;
        }
    }
    unlock(s);
}

static int read_place(struct shelf *s, const struct shelf_key *key, uint64_t hash,
                      const struct place *p, struct facts *ret, struct err *err)
{
    const uint8_t *at = p->file->base + p->at;
    struct shelf_head head;
    bool right = shelf_head_read(at, p->size, &head);

    if (right) {
        struct shelf_key there = shelf_head_key(&head);
        if (!same_key(&there, key))
            return err_set(err, PT_ENOENT, "no facts of these contents");
        shelf_facts_at(at, &head, ret);
        right = p->checked || shelf_facts_ok(ret, &head);
    }
    if (!right || !p->checked)
        note(s, hash, p, right);
    if (!right)
        return err_set(err, PT_ENOENT, "the facts of these contents were damaged");
    ret->home = &p->file->home;
    return PT_OK;
}

int shelf_get(struct shelf *s, const struct shelf_key *key, struct facts **ret, struct err *err)
{
    uint64_t hash = shelf_hash(key);
    struct place p;
    if (!find(s, hash, &p))
        return err_set(err, PT_ENOENT, "no facts of these contents");
    struct facts *f = mem_alloc(sizeof(*f));
    int rc = f != NULL ? read_place(s, key, hash, &p, f, err)
                       : err_set(err, PT_ENOMEM, "no memory for facts");
    if (rc != PT_OK) {
        mem_free(f);
        shelf_file_leave(p.file);
        return rc;
    }
    *ret = f;
    return PT_OK;
}

/* ---- putting ---- */

static int make_file(struct shelf *s, uint64_t n, struct shelf_file **ret, struct err *err)
{
    uint64_t room = SHELF_HEADER_SIZE + n;
    struct err why = {0};
    int rc = PT_EEXIST;
    if (room < s->options.file_bytes)
        room = s->options.file_bytes;
    for (unsigned i = 0; rc == PT_EEXIST && i < CREATE_ATTEMPTS; i++) {
        if (s->next_number == 0 || s->next_number > SHELF_NUMBER_MAX)
            s->next_number = 1;
        rc = shelf_file_create(s->dir, s->next_number, s->identity, room, ret, &why);
        s->next_number++;
    }
    if (rc != PT_OK && err != NULL)
        *err = why;
    return rc;
}

static void drop_new_file(struct shelf *s, struct shelf_file *f)
{
    char name[SHELF_NAME_SIZE];
    shelf_file_name(f->number, name);
    (void)io_remove(s->dir, name, NULL);
    shelf_file_leave(f);
}

int shelf_make_room(struct shelf *s, uint64_t n, struct err *err)
{
    struct shelf_file *f = NULL;
    if (s->current != NULL && shelf_file_has_room(s->current, n))
        return PT_OK;
    int rc = make_file(s, n, &f, err);
    if (rc != PT_OK)
        return rc;
    lock(s);
    bool ok = add_file(s, f);
    if (ok)
        s->counts.bytes += f->end;
    unlock(s);
    if (!ok) {
        drop_new_file(s, f);
        return err_set(err, PT_ENOMEM, "no memory for a file of facts");
    }
    if (s->current != NULL)
        shelf_file_seal(s->current);
    s->current = f;
    return PT_OK;
}

/* Appends a record; *ret is where, and its file is held. Under `writing`. */
static int append(struct shelf *s, uint64_t hash, const struct shelf_head *head,
                  const struct facts *facts, struct place *ret, struct err *err)
{
    static const uint8_t zeros[SHELF_GRAIN];
    uint64_t size = shelf_record_size(head);
    const struct io_part parts[] = {{head, sizeof(*head)},
                                    {facts->syms, (size_t)head->block},
                                    {zeros, (size_t)(size - sizeof(*head) - head->block)}};
    lock(s);
    bool ok = reserve_slot(s);
    unlock(s);
    if (!ok)
        return err_set(err, PT_ENOMEM, "no memory for the index of facts");
    int rc = shelf_make_room(s, size, err);
    if (rc != PT_OK)
        return rc;
    struct shelf_file *f = s->current;
    *ret = (struct place){.file = f, .at = f->end, .size = size, .checked = true};
    rc = shelf_file_append(f, parts, PT_COUNT(parts), err);
    if (rc != PT_OK)
        return rc;
    shelf_file_join(f);
    lock(s);
    remember(s, hash, index_of(s, f), ret->at, size, true);
    s->counts.bytes += size;
    unlock(s);
    return PT_OK;
}

static int put_new(struct shelf *s, const struct shelf_key *key, const struct shelf_head *head,
                   const struct facts *facts, struct facts **ret, struct err *err)
{
    struct place p;
    struct facts *f = mem_alloc(sizeof(*f));
    int rc = f != NULL ? append(s, shelf_hash(key), head, facts, &p, err)
                       : err_set(err, PT_ENOMEM, "no memory for facts");
    if (rc != PT_OK) {
        mem_free(f);
        return rc;
    }
    shelf_facts_at(p.file->base + p.at, head, f);
    f->home = &p.file->home;
    *ret = f;
    return PT_OK;
}

/* shelf_get, for which it is no error worth a message that they are not there. */
static int get_if_there(struct shelf *s, const struct shelf_key *key, struct facts **ret,
                        struct err *err)
{
    struct err why = {0};
    int rc = shelf_get(s, key, ret, &why);
    if (rc != PT_OK && rc != PT_ENOENT && err != NULL)
        *err = why;
    return rc;
}

int shelf_put(struct shelf *s, const struct shelf_key *key, const struct facts *facts,
              struct facts **ret, struct err *err)
{
    struct shelf_head head;

    assert(hash128_eq(key->content, facts->content) && key->lang == facts->lang);
    assert((facts->flags & FACTS_UNREAD) == 0);
    int rc = get_if_there(s, key, ret, err);
    if (rc != PT_ENOENT)
        return rc;
    if (facts_block_size(facts) > SHELF_RECORD_MAX)
        return err_set(err, PT_ELIMIT, "facts of %zu bytes are too large to keep",
                       facts_block_size(facts));
    shelf_head_make(key, facts, &head);
    (void)pthread_mutex_lock(&s->writing);
    rc = get_if_there(s, key, ret, err); /* another may have put them meanwhile */
    if (rc == PT_ENOENT)
        rc = put_new(s, key, &head, facts, ret, err);
    (void)pthread_mutex_unlock(&s->writing);
    return rc;
}

/* ---- the rest ---- */

int shelf_renew(struct shelf *s, const struct shelf_key *key, struct facts *facts, struct err *err)
{
    const struct shelf_file *f = shelf_file_of(facts);
    struct facts *now = NULL;
    if (f == NULL || !atomic_load_explicit(&f->swept, memory_order_acquire))
        return PT_OK;
    int rc = shelf_get(s, key, &now, err);
    if (rc != PT_OK)
        return rc;
    struct facts before = *facts;
    *facts = *now;
    *now = before;
    facts_free(now);
    return PT_OK;
}

void shelf_cool(struct shelf *s)
{
    lock(s);
    for (uint32_t i = 0; i < s->files.len; i++) {
        const struct shelf_file *f = s->files.at[i];
        if (f != NULL)
            io_cool(f->base, f->room);
    }
    unlock(s);
}

void shelf_status(struct shelf *s, struct shelf_status *ret)
{
    lock(s);
    *ret = s->counts;
    ret->records = map_len(&s->index);
    ret->files = 0;
    for (uint32_t i = 0; i < s->files.len; i++)
        ret->files += s->files.at[i] != NULL;
    ret->dead_bytes = ret->bytes - s->found - (uint64_t)ret->files * SHELF_HEADER_SIZE;
    unlock(s);
}
