#include "index/checkpoint.h"

#include "base/codec.h"
#include "base/io.h"

#include <string.h>

#define VERSION 1u
#define AT_VERSION 8u
#define AT_FILES 12u
#define AT_SUM 16u
#define HEADER 32u
#define FILE_HEAD 34u /* of a file, before its notes */
#define FILE_NAME "checkpoint"
/* What is larger is none of ours: the kernel's has some 50 MB. */
#define MAX_BYTES ((size_t)1 << 30)

static const char magic[8] = {'I', 'S', 'G', 'C', 'H', 'E', 'C', 'K'};

static int corrupt(struct err *err, const char *what)
{
    return err_set(err, PT_ECORRUPT, "the checkpoint of the index is damaged: %s", what);
}

static int no_memory(struct err *err)
{
    return err_set(err, PT_ENOMEM, "out of memory for a checkpoint of the index");
}

static struct hash128 get_hash(const uint8_t *p)
{
    return (struct hash128){.lo = codec_get64(p), .hi = codec_get64(p + 8)};
}

static void put_hash(uint8_t *p, struct hash128 h)
{
    codec_put64(p, h.lo);
    codec_put64(p + 8, h.hi);
}

/* ---- reading ---- */

struct reader {
    const uint8_t *p, *end;
    struct checkpoint *to;
    struct err *err;
};

/* NULL: it has no end. */
static const char *read_text(struct reader *r)
{
    const char *text = (const char *)r->p;
    const uint8_t *nul = memchr(r->p, '\0', (size_t)(r->end - r->p));
    if (nul == NULL)
        return NULL;
    r->p = nul + 1;
    return text;
}

/* Their place is known when all of them have been read: until then `notes` is NULL. */
static int read_notes(struct reader *r, struct checkpoint_file *f)
{
    uint32_t n = 0, last = 0, more = 0;
    if (!codec_varint32(&r->p, r->end, &n))
        return corrupt(r->err, "the number of notes is none");
    for (uint32_t i = 0; i < n; i++) {
        if (!codec_varint32(&r->p, r->end, &more) || (i > 0 && more == 0) ||
            more > UINT32_MAX - last)
            return corrupt(r->err, "notes do not ascend");
        last += more;
        if (!vec_push(&r->to->notes, last))
            return no_memory(r->err);
    }
    f->n_notes = n;
    return PT_OK;
}

static int read_file(struct reader *r)
{
    struct checkpoint_file f = {0};
    if (r->end - r->p < (ptrdiff_t)FILE_HEAD)
        return corrupt(r->err, "a file is cut off");
    f.lang = r->p[0];
    f.unread = r->p[1] == 1;
    if (r->p[1] > 1)
        return corrupt(r->err, "a flag is none");
    f.content = get_hash(r->p + 2);
    f.leaf = get_hash(r->p + 18);
    r->p += FILE_HEAD;
    int rc = read_notes(r, &f);
    if (rc == PT_OK && (f.path = read_text(r)) == NULL)
        rc = corrupt(r->err, "a path has no end");
    return rc != PT_OK || vec_push(&r->to->files, f) ? rc : no_memory(r->err);
}

static int read_header(struct reader *r, const char *identity, uint32_t *ret_files)
{
    const uint8_t *head = r->p;
    if (r->end - r->p < (ptrdiff_t)HEADER || memcmp(head, magic, sizeof(magic)) != 0)
        return corrupt(r->err, "it is none");
    if (codec_get32(head + AT_VERSION) != VERSION)
        return err_set(r->err, PT_EVERSION, "a checkpoint of the version %u, not %u",
                       codec_get32(head + AT_VERSION), VERSION);
    r->p += HEADER;
    if (!hash128_eq(get_hash(head + AT_SUM), hash128(r->p, (size_t)(r->end - r->p))))
        return corrupt(r->err, "its checksum is wrong");
    *ret_files = codec_get32(head + AT_FILES);
    const char *theirs = read_text(r);
    if (theirs == NULL)
        return corrupt(r->err, "the identity has no end");
    return strcmp(theirs, identity) == 0
               ? PT_OK
               : err_set(r->err, PT_ENOENT, "the checkpoint is of another program");
}

static int decode(struct checkpoint *c, const char *identity, struct err *err)
{
    struct reader r = {.to = c, .err = err};
    uint32_t n_files = 0, at = 0;
    if (c->bytes.p == NULL)
        return corrupt(err, "it is empty");
    r.p = (const uint8_t *)c->bytes.p;
    r.end = r.p + c->bytes.n;
    int rc = read_header(&r, identity, &n_files);
    for (uint32_t i = 0; rc == PT_OK && i < n_files; i++)
        rc = read_file(&r);
    if (rc == PT_OK && r.p != r.end)
        rc = corrupt(err, "something follows its end");
    for (uint32_t i = 0; rc == PT_OK && i < c->files.len; i++) {
        struct checkpoint_file *f = &c->files.at[i];
        f->notes = f->n_notes > 0 ? c->notes.at + at : NULL;
        at += f->n_notes;
    }
    return rc;
}

int checkpoint_decode(struct buf *bytes, const char *identity, struct checkpoint *ret,
                      struct err *err)
{
    *ret = (struct checkpoint){.bytes = *bytes};
    *bytes = (struct buf){0};
    int rc = decode(ret, identity, err);
    if (rc != PT_OK)
        checkpoint_release(ret);
    return rc;
}

static int path_in(const char *dir, struct buf *ret, struct err *err)
{
    buf_printf(ret, "%s/" FILE_NAME, dir);
    return ret->failed ? no_memory(err) : PT_OK;
}

int checkpoint_read(const char *dir, const char *identity, struct checkpoint *ret, struct err *err)
{
    struct buf path = {0}, bytes = {0};
    *ret = (struct checkpoint){0};
    int rc = path_in(dir, &path, err);
    if (rc == PT_OK)
        rc = io_read_file(IO_CWD, buf_cstr(&path), MAX_BYTES, &bytes, err);
    if (rc == PT_OK)
        rc = checkpoint_decode(&bytes, identity, ret, err);
    buf_release(&path);
    buf_release(&bytes);
    return rc;
}

void checkpoint_release(struct checkpoint *c)
{
    vec_release(&c->files);
    vec_release(&c->notes);
    buf_release(&c->bytes);
}

/* ---- writing ---- */

void checkpoint_begin(struct buf *to, const char *identity)
{
    const uint8_t head[HEADER] = {0};
    buf_reset(to);
    buf_add(to, (const char *)head, sizeof(head));
    buf_add(to, identity, strlen(identity) + 1);
}

static void add_varint(struct buf *to, uint64_t v)
{
    uint8_t bytes[CODEC_VARINT_MAX];
    buf_add(to, (const char *)bytes, codec_put_varint(bytes, v));
}

void checkpoint_add(struct buf *to, const struct checkpoint_file *f)
{
    uint8_t head[FILE_HEAD] = {f->lang, f->unread};
    uint32_t last = 0;
    put_hash(head + 2, f->content);
    put_hash(head + 18, f->leaf);
    buf_add(to, (const char *)head, sizeof(head));
    add_varint(to, f->n_notes);
    for (uint32_t i = 0; i < f->n_notes; i++) {
        add_varint(to, f->notes[i] - last);
        last = f->notes[i];
    }
    buf_add(to, f->path, strlen(f->path) + 1);
}

int checkpoint_write(const char *dir, struct buf *from, uint32_t n_files, struct err *err)
{
    struct buf path = {0};
    if (from->failed)
        return no_memory(err);
    uint8_t *head = (uint8_t *)from->p;
    memcpy(head, magic, sizeof(magic));
    codec_put32(head + AT_VERSION, VERSION);
    codec_put32(head + AT_FILES, n_files);
    put_hash(head + AT_SUM, hash128(head + HEADER, from->n - HEADER));
    int rc = path_in(dir, &path, err);
    struct io_part part = {from->p, from->n};
    if (rc == PT_OK)
        rc = io_write_atomic(buf_cstr(&path), &part, 1, err);
    buf_release(&path);
    return rc;
}
