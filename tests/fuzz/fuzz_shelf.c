/* Records of a shelf. Whatever passes shelf_head_read and shelf_facts_ok must be safe to read: all
 * that facts offer is read, and all chains in them must end.
 *
 * The input is taken for a record as it is; and, as checksums would stop nearly every input, for
 * the lengths of eight arrays and their block, of which a record is made that has them right.
 *
 *	FUZZ_SHELF_SEEDS=DIR fuzz_shelf    writes such inputs into DIR, and ends
 */
#include "index/shelf_record.h"
#include "lang/extract.h"
#include "lang/lang.h"
#include "lang/terms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTHS 8

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t seen; /* so that no reading is left out */

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* ---- reading ---- */

static void see_name(const struct facts *f, uint32_t sym)
{
    seen += strlen(facts_str(f, sym));
}

static void see_term(const struct facts *f, uint32_t i)
{
    const struct term *t = &f->terms[i];
    unsigned o = term_operands[t->op];
    seen += (o & A_TERM) != 0 ? f->terms[t->a].op : 0;
    seen += (o & B_TERM) != 0 ? f->terms[t->b].op : 0;
    seen += (o & A_BIND) != 0 ? f->binds[t->a].kind : 0;
    seen += (o & A_DEF) != 0 ? f->defs[t->a].kind : 0;
    seen += (o & B_SCOPE) != 0 ? f->scopes[t->b].kind : 0;
    if (o & A_NAME)
        see_name(f, t->a);
    if (o & B_NAME)
        see_name(f, t->b);
    uint32_t n = 0;
    for (uint32_t l = i; l != 0 && facts_is_list(f, l); l = f->terms[l].b)
        must(n++ < f->n_terms);
}

static void see_bind(const struct facts *f, uint32_t i)
{
    const struct bind *b = &f->binds[i];
    uint32_t n = 0;
    see_name(f, b->name);
    seen += f->scopes[b->scope].kind + f->defs[b->def].kind;
    seen += f->terms[b->type].op + f->terms[b->init].op;
    for (uint32_t k = i; k != 0; k = f->binds[k].next)
        must(n++ < f->n_binds);
}

static void see_scope(const struct facts *f, uint32_t i)
{
    uint32_t n = 0, n_stars = 0;
    seen += f->defs[f->scopes[i].def].kind;
    for (uint32_t k = i; k != 0; k = f->scopes[k].parent)
        must(n++ < f->n_scopes);
    for (uint32_t k = f->scopes[i].stars; k != 0; k = f->stars[k].next) {
        seen += f->terms[f->stars[k].term].op;
        must(n_stars++ < f->n_stars);
    }
    must(f->scopes[0].parent == 0);
}

static void see_def(const struct facts *f, uint32_t i)
{
    const struct def *d = &f->defs[i];
    uint32_t n = 0;
    see_name(f, d->name);
    see_name(f, d->sig);
    seen += f->scopes[d->scope].kind + f->terms[d->type].op + f->terms[d->init].op;
    seen += f->terms[d->bases].op + f->terms[d->self].op;
    for (uint32_t k = i; k != 0; k = f->defs[k].parent)
        must(n++ < f->n_defs);
    must(f->defs[0].parent == 0);
}

static void see_all(const struct facts *f)
{
    for (uint32_t i = 0; i < f->n_syms; i++)
        see_name(f, i);
    for (uint32_t i = 0; i < f->n_terms; i++)
        see_term(f, i);
    for (uint32_t i = 0; i < f->n_binds; i++)
        see_bind(f, i);
    for (uint32_t i = 0; i < f->n_scopes; i++)
        see_scope(f, i);
    for (uint32_t i = 0; i < f->n_defs; i++)
        see_def(f, i);
    for (uint32_t i = 0; i < f->n_refs; i++)
        seen += f->terms[f->refs[i].term].op + f->defs[f->refs[i].from].kind;
}

static void read_record(const uint8_t *p, size_t n)
{
    struct shelf_head head;
    struct facts f;
    if (!shelf_head_read(p, n, &head))
        return;
    must(shelf_record_size(&head) <= n && shelf_record_size(&head) % 16 == 0);
    shelf_facts_at(p, &head, &f);
    if (shelf_facts_ok(&f, &head))
        see_all(&f);
}

/* ---- making a record ---- */

static void make_record(const uint8_t *data, size_t size)
{
    struct facts f = {0};
    struct shelf_key key = {.lang = 0};
    struct shelf_head head;
    uint32_t n[LENGTHS];

    if (size < sizeof(n))
        return;
    memcpy(n, data, sizeof(n));
    data += sizeof(n);
    size -= sizeof(n);
    f.n_syms = n[0] & 0xffff;
    f.n_pool = n[1] & 0xffff;
    f.n_terms = n[2] & 0xffff;
    f.n_binds = n[3] & 0xffff;
    f.n_scopes = n[4] & 0xffff;
    f.n_stars = n[5] & 0xffff;
    f.n_defs = n[6] & 0xffff;
    f.n_refs = n[7] & 0xffff;
    size_t block = facts_block_size(&f), have = block < size ? block : size;
    if (block > 4 * size + 4096) /* mostly zeros: nothing new */
        return;
    uint8_t *p = calloc(1, sizeof(head) + block + 16);
    must(p != NULL);
    if (have > 0)
        memcpy(p + sizeof(head), data, have);
    facts_place(&f, p + sizeof(head));
    shelf_head_make(&key, &f, &head);
    memcpy(p, &head, sizeof(head));
    read_record(p, (size_t)shelf_record_size(&head));
    free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Records lie at multiples of 16. */
    uint8_t *p = malloc(size + 1);
    must(p != NULL);
    if (size > 0)
        memcpy(p, data, size);
    read_record(p, size);
    free(p);
    make_record(data, size);
    return 0;
}

/* ---- seeds ---- */

static void write_seed(const char *dir, const char *path, const char *text)
{
    unsigned lang = lang_of_file(path, "", 0);
    char name[512];
    struct facts *f = NULL;
    struct extract *x = extract_new();

    must(x != NULL);
    must(extract_file(x, lang, path, text, strlen(text), &f, NULL) == 0);
    const uint32_t n[LENGTHS] = {f->n_syms,   f->n_pool,  f->n_terms, f->n_binds,
                                 f->n_scopes, f->n_stars, f->n_defs,  f->n_refs};
    (void)snprintf(name, sizeof(name), "%s/%s", dir, lang_registry[lang]->name);
    FILE *out = fopen(name, "wb");
    must(out != NULL && fwrite(n, sizeof(n), 1, out) == 1);
    must(fwrite(f->syms, facts_block_size(f), 1, out) == 1 && fclose(out) == 0);
    facts_free(f);
    extract_free(x);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *dir = getenv("FUZZ_SHELF_SEEDS");
    (void)argc;
    (void)argv;
    if (dir == NULL)
        return 0;
    write_seed(dir, "a.c",
               "#include \"b.h\"\n#include <c.h>\nint f(struct s *p) { return g(p->x); }\n");
    write_seed(dir, "a.rs",
               "use a::*;\nuse b::*;\nimpl T for S { fn f(&self) -> u8 { self.g() } }\n");
    write_seed(dir, "a.py", "from m import *\nclass C(B):\n    def f(self): return self.x.y()\n");
    write_seed(dir, "a.ts",
               "export * from './b'; export class A<T> extends B { f(x: T) { return x } }\n");
    exit(0);
}
