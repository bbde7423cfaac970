#include "index/notes.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 256u

static void take(struct notes *n, uint32_t note)
{
    uint32_t i = note & (n->n_slots - 1);
    while (n->slots[i] != 0)
        i = (i + 1) & (n->n_slots - 1);
    n->slots[i] = note;
}

static bool grow(struct notes *n)
{
    uint32_t size = n->n_slots != 0 ? 2 * n->n_slots : FIRST_SLOTS;
    uint32_t *slots = mem_calloc(size, sizeof(*slots));
    if (slots == NULL)
        return false;
    mem_free(n->slots);
    n->slots = slots;
    n->n_slots = size;
    for (uint32_t i = 0; i < n->all.len; i++)
        take(n, n->all.at[i]);
    return true;
}

void notes_add(struct notes *n, uint32_t note)
{
    if (n->all.len * 2 >= n->n_slots && !grow(n)) {
        n->failed = true;
        return;
    }
    for (uint32_t i = note & (n->n_slots - 1); n->slots[i] != 0; i = (i + 1) & (n->n_slots - 1)) {
        if (n->slots[i] == note)
            return;
    }
    if (vec_push(&n->all, note))
        take(n, note);
    else
        n->failed = true;
}

void notes_clear(struct notes *n)
{
    if (n->n_slots > 64 * FIRST_SLOTS) { /* one huge file must not make every later one dear */
        mem_free(n->slots);
        n->slots = NULL;
        n->n_slots = 0;
    }
    if (n->n_slots > 0)
        memset(n->slots, 0, n->n_slots * sizeof(*n->slots));
    vec_clear(&n->all);
    n->failed = false;
}

void notes_release(struct notes *n)
{
    mem_free(n->slots);
    vec_release(&n->all);
    memset(n, 0, sizeof(*n));
}

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return a < b ? -1 : a > b;
}

void notes_sort(uint32_t *notes, uint32_t n)
{
    if (n > 1)
        qsort(notes, n, sizeof(*notes), by_number);
}

static bool is_in(const uint32_t *at, uint32_t n, uint32_t note)
{
    uint32_t low = 0;
    while (low < n) {
        uint32_t mid = low + (n - low) / 2;
        if (at[mid] == note)
            return true;
        if (at[mid] < note)
            low = mid + 1;
        else
            n = mid;
    }
    return false;
}

bool notes_meet(const uint32_t *notes, uint32_t n, const uint32_t *questions, uint32_t k)
{
    const uint32_t *few = k < n ? questions : notes, *many = k < n ? notes : questions;
    uint32_t n_few = k < n ? k : n, n_many = k < n ? n : k;
    for (uint32_t i = 0; i < n_few; i++) {
        if (is_in(many, n_many, few[i]))
            return true;
    }
    return false;
}
