#include "lang/trees.h"

#include "base/mem.h"
#include "lang/edits.h"

#include <pthread.h>
#include <string.h>

/* What a node costs, about: most leaves lie in their parents. */
#define NODE_BYTES 100u

struct kept {
    char *path, *text; /* owned */
    uint32_t n;        /* bytes of the text */
    unsigned lang;
    TSTree *tree; /* owned */
    size_t bytes;
    uint64_t used; /* the larger, the later */
};

struct trees {
    pthread_mutex_t mutex;
    struct kept kept[TREES_MAX];
    uint32_t n;
    size_t bytes, max_bytes;
    uint64_t clock;
};

int trees_new(size_t max_bytes, struct trees **ret, struct err *err)
{
    struct trees *t = mem_calloc(1, sizeof(*t));
    if (t == NULL)
        return err_set(err, PT_ENOMEM, "out of memory for syntax trees");
    (void)pthread_mutex_init(&t->mutex, NULL);
    t->max_bytes = max_bytes;
    *ret = t;
    return PT_OK;
}

static void release(struct kept *k)
{
    if (k->tree != NULL)
        ts_tree_delete(k->tree);
    mem_free(k->path);
    mem_free(k->text);
    *k = (struct kept){0};
}

static struct kept take_out(struct trees *t, uint32_t i)
{
    struct kept k = t->kept[i];
    t->bytes -= k.bytes;
    t->kept[i] = t->kept[--t->n];
    return k;
}

/* Down to so many trees and bytes. */
static void shrink(struct trees *t, uint32_t n, size_t bytes)
{
    while (t->n > 0 && (t->n > n || t->bytes > bytes)) {
        uint32_t oldest = 0;
        for (uint32_t i = 1; i < t->n; i++) {
            if (t->kept[i].used < t->kept[oldest].used)
                oldest = i;
        }
        struct kept k = take_out(t, oldest);
        release(&k);
    }
}

void trees_free(struct trees *t)
{
    if (t == NULL)
        return;
    shrink(t, 0, 0);
    (void)pthread_mutex_destroy(&t->mutex);
    mem_free(t);
}

void trees_clear(struct trees *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    shrink(t, 0, 0);
    (void)pthread_mutex_unlock(&t->mutex);
}

static uint32_t find(const struct trees *t, unsigned lang, const char *path)
{
    uint32_t i = 0;
    while (i < t->n && (t->kept[i].lang != lang || strcmp(t->kept[i].path, path) != 0))
        i++;
    return i;
}

/* ---- */

TSTree *trees_take(struct trees *t, unsigned lang, const char *path, struct slice text)
{
    struct kept k = {0};
    (void)pthread_mutex_lock(&t->mutex);
    uint32_t i = find(t, lang, path);
    if (i < t->n)
        k = take_out(t, i);
    (void)pthread_mutex_unlock(&t->mutex);
    if (k.tree == NULL)
        return NULL;
    TSInputEdit edits[EDITS_MAX];
    uint32_t n = edits_between(slice_of(k.text, k.n), text, edits);
    TSTree *tree = k.tree;
    k.tree = NULL;
    for (i = 0; i < n; i++)
        ts_tree_edit(tree, &edits[i]);
    release(&k);
    return tree;
}

void trees_put(struct trees *t, unsigned lang, const char *path, struct slice text, TSTree *tree)
{
    struct kept k = {.lang = lang, .tree = tree, .n = (uint32_t)text.n};
    k.path = mem_strdup(path);
    k.text = mem_alloc(text.n + 1);
    k.bytes = text.n + (size_t)ts_node_descendant_count(ts_tree_root_node(tree)) * NODE_BYTES;
    if (k.path == NULL || k.text == NULL) { /* it is only a short cut */
        release(&k);
        return;
    }
    memcpy(k.text, text.p, text.n);
    (void)pthread_mutex_lock(&t->mutex);
    uint32_t i = find(t, lang, path);
    if (i < t->n) {
        struct kept old = take_out(t, i);
        release(&old);
    }
    if (k.bytes <= t->max_bytes) {
        shrink(t, TREES_MAX - 1, t->max_bytes - k.bytes);
        k.used = ++t->clock;
        t->bytes += k.bytes;
        t->kept[t->n++] = k;
        k = (struct kept){0};
    }
    (void)pthread_mutex_unlock(&t->mutex);
    release(&k);
}
