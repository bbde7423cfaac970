/* The decoder of deltas. Whatever it takes must satisfy delta_check and come out of the encoder as
 * something that decodes to the same: the second encoding and the third are equal. */
#include "graph/delta_codec.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The encoding of what these bytes stand for. */
static int again(const uint8_t *p, size_t n, struct buf *ret)
{
    struct delta d;
    struct err err = {0};
    int rc = delta_decode(p, n, &d, &err);

    if (rc != 0) {
        if (err.code != rc || err.msg[0] == '\0')
            abort();
        return rc;
    }
    if (delta_check(&d, NULL) != 0 || delta_encode(&d, ret, NULL) != 0)
        abort();
    delta_release(&d);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf second = {0}, third = {0};

    if (again(data, size, &second) == 0) {
        if (again((const uint8_t *)second.p, second.n, &third) != 0 || second.n != third.n ||
            memcmp(second.p, third.p, third.n) != 0)
            abort();
    }
    buf_release(&second);
    buf_release(&third);
    return 0;
}
