#include "index/shelf_record.h"

#include "lang/lang.h"

#include <string.h>

#define VERSION 1u
#define ORDER 0x01020304u
#define RECORD_MAGIC 0x74636146u /* "Fact" */

_Static_assert(sizeof(struct shelf_header) == SHELF_HEADER_SIZE, "as the table says");
_Static_assert(sizeof(struct shelf_head) == SHELF_HEAD_SIZE, "as the table says");

static const char magic[8] = {'P', 'T', 'F', 'A', 'C', 'T', 'S', '\n'};

void shelf_header_make(struct hash128 identity, struct shelf_header *ret)
{
    *ret = (struct shelf_header){.version = VERSION, .order = ORDER, .identity = identity};
    memcpy(ret->magic, magic, sizeof(magic));
    ret->sum = hash64(ret, offsetof(struct shelf_header, sum));
}

bool shelf_header_ok(const uint8_t *p, uint64_t n, struct hash128 identity)
{
    struct shelf_header right;
    shelf_header_make(identity, &right);
    return n >= sizeof(right) && memcmp(p, &right, sizeof(right)) == 0;
}

static void take_lengths(struct shelf_head *head, const struct facts *f)
{
    head->n_syms = f->n_syms;
    head->n_pool = f->n_pool;
    head->n_terms = f->n_terms;
    head->n_binds = f->n_binds;
    head->n_scopes = f->n_scopes;
    head->n_stars = f->n_stars;
    head->n_defs = f->n_defs;
    head->n_refs = f->n_refs;
}

static void give_lengths(const struct shelf_head *head, struct facts *f)
{
    f->n_syms = head->n_syms;
    f->n_pool = head->n_pool;
    f->n_terms = head->n_terms;
    f->n_binds = head->n_binds;
    f->n_scopes = head->n_scopes;
    f->n_stars = head->n_stars;
    f->n_defs = head->n_defs;
    f->n_refs = head->n_refs;
}

void shelf_head_make(const struct shelf_key *key, const struct facts *f, struct shelf_head *ret)
{
    *ret = (struct shelf_head){
        .magic = RECORD_MAGIC,
        .lang = key->lang,
        .marks = key->marks,
        .block = facts_block_size(f),
        .content = key->content,
        .flags = f->flags,
        .bytes = f->bytes,
        .lines = f->lines,
        .error_line = f->error_line,
    };
    take_lengths(ret, f);
    ret->block_sum = hash64(f->syms, ret->block);
    ret->sum = hash64(ret, offsetof(struct shelf_head, sum));
}

struct shelf_key shelf_head_key(const struct shelf_head *head)
{
    return (struct shelf_key){.content = head->content, .lang = head->lang, .marks = head->marks};
}

uint64_t shelf_record_size(const struct shelf_head *head)
{
    return sizeof(*head) + ((head->block + 15) & ~(uint64_t)15);
}

bool shelf_head_read(const uint8_t *p, uint64_t n, struct shelf_head *ret)
{
    struct shelf_head h;
    struct facts f = {0};

    if (n < sizeof(h))
        return false;
    memcpy(&h, p, sizeof(h));
    if (h.magic != RECORD_MAGIC || h.sum != hash64(&h, offsetof(struct shelf_head, sum)))
        return false;
    give_lengths(&h, &f);
    if (h.lang >= lang_count || (h.marks & ~PATH_MARKS) != 0 || h.block > SHELF_RECORD_MAX ||
        h.block != facts_block_size(&f) || shelf_record_size(&h) > n)
        return false;
    *ret = h;
    return true;
}

void shelf_facts_at(const uint8_t *p, const struct shelf_head *head, struct facts *ret)
{
    *ret = (struct facts){
        .content = head->content,
        .lang = head->lang,
        .flags = head->flags,
        .bytes = head->bytes,
        .lines = head->lines,
        .error_line = head->error_line,
    };
    give_lengths(head, ret);
    facts_place(ret, p + sizeof(*head));
}

bool shelf_facts_ok(const struct facts *f, const struct shelf_head *head)
{
    return hash64(f->syms, head->block) == head->block_sum && facts_check(f, NULL) == PT_OK;
}
