/* Checkpoints of the index: bytes with any checksum are read safely, and what is read from bytes with
 * the right one is written the same again. */
#include "base/codec.h"
#include "index/checkpoint.h"

#include <stdlib.h>
#include <string.h>

#define SUM_AT 16
#define SUMMED_AT 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check_files(const struct checkpoint *c)
{
    for (uint32_t i = 0; i < c->files.len; i++) {
        const struct checkpoint_file *f = &c->files.at[i];
        must(strlen(f->path) < c->bytes.n);
        for (uint32_t k = 1; k < f->n_notes; k++)
            must(f->notes[k - 1] < f->notes[k]);
    }
}

/* Varints have one form, so the bytes are the same, too. */
static void check_again(const struct checkpoint *c)
{
    struct buf again = {0};
    checkpoint_begin(&again, "id");
    for (uint32_t i = 0; i < c->files.len; i++)
        checkpoint_add(&again, &c->files.at[i]);
    must(again.n == c->bytes.n &&
         memcmp(again.p + SUMMED_AT, c->bytes.p + SUMMED_AT, again.n - SUMMED_AT) == 0);
    buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct checkpoint c;
    struct buf bytes = {0};
    buf_add(&bytes, (const char *)data, size);
    if (checkpoint_decode(&bytes, "id", &c, NULL) == PT_OK)
        checkpoint_release(&c);
    if (size < SUMMED_AT)
        return 0;
    buf_reset(&bytes);
    buf_add(&bytes, (const char *)data, size);
    struct hash128 sum = hash128(data + SUMMED_AT, size - SUMMED_AT);
    codec_put64((uint8_t *)bytes.p + SUM_AT, sum.lo);
    codec_put64((uint8_t *)bytes.p + SUM_AT + 8, sum.hi);
    if (checkpoint_decode(&bytes, "id", &c, NULL) != PT_OK)
        return 0;
    check_files(&c);
    check_again(&c);
    checkpoint_release(&c);
    return 0;
}
