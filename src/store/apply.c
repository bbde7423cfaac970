#include "store/apply.h"

#include "base/clock.h"

static int build(const struct segment *old, const struct delta *delta, uint64_t generation,
                 int64_t as_of_ns, struct view **ret, struct err *err)
{
    struct segment seg;
    int rc = segment_build(old, delta, &seg, err);

    if (rc != 0)
        return rc;
    rc = view_new(&seg, NULL, generation, as_of_ns, ret, err);
    if (rc != 0)
        segment_release(&seg);
    return rc;
}

int apply_empty(struct view **ret, struct err *err)
{
    static const struct delta nothing;
    return build(NULL, &nothing, 0, 0, ret, err);
}

int apply_prepare(struct publish *p, const struct delta *delta, uint64_t generation,
                  struct view **ret, uint32_t *ret_slot, struct err *err)
{
    int rc = publish_reserve(p, ret_slot, err);

    if (rc != 0)
        return rc;
    return build(&publish_newest(p)->seg, delta, generation, (int64_t)clock_wall_ns(), ret, err);
}
