/* Trees that a client has had released so that it may write their graphs itself: until its
 * connection ends, or it asks about the tree again, nobody's question makes the daemon take the tree
 * up. Without that, whoever asks often enough would keep the writer from ever getting the lock. */
#include "base/mem.h"
#include "server/daemon_internal.h"

#include <string.h>

struct hold {
    struct link in; /* daemon->holds */
    const struct conn *conn;
    char *root; /* owned */
};

static struct hold *hold_of(struct link *l)
{
    return link_entry(l, struct hold, in);
}

static void hold_free(struct hold *h)
{
    link_remove(&h->in);
    mem_free(h->root);
    mem_free(h);
}

/* The hold on a tree by that connection, or, with `others`, by any other one. */
static struct hold *find(const struct conn *c, const char *root, bool others)
{
    struct link *all = &c->daemon->holds;
    for (struct link *l = all->next; l != all; l = l->next) {
        if ((hold_of(l)->conn != c) == others && strcmp(hold_of(l)->root, root) == 0)
            return hold_of(l);
    }
    return NULL;
}

static int add(const struct conn *c, const char *root, struct err *err)
{
    struct hold *h = mem_calloc(1, sizeof(*h));
    char *copy = mem_strdup(root);
    if (h == NULL || copy == NULL) {
        mem_free(h);
        mem_free(copy);
        return err_set(err, PT_ENOMEM, "out of memory");
    }
    h->conn = c;
    h->root = copy;
    link_init(&h->in);
    link_append(&c->daemon->holds, &h->in);
    return PT_OK;
}

int hold_take(const struct conn *c, const char *path, struct err *err)
{
    struct buf root = {0};
    int rc = hub_root(path, &root, err);
    if (rc == PT_OK && find(c, buf_cstr(&root), false) == NULL)
        rc = add(c, buf_cstr(&root), err);
    buf_release(&root);
    return rc;
}

int hold_check(const struct conn *c, const char *path, struct err *err)
{
    struct buf root = {0};
    if (link_alone(&c->daemon->holds))
        return PT_OK;
    int rc = hub_root(path, &root, err);
    struct hold *own = rc == PT_OK ? find(c, buf_cstr(&root), false) : NULL;
    if (own != NULL)
        hold_free(own);
    if (rc == PT_OK && find(c, buf_cstr(&root), true) != NULL)
        rc =
            err_set(err, PT_EBUSY, "another client writes the graph of %s itself", buf_cstr(&root));
    buf_release(&root);
    return rc;
}

void holds_drop(const struct conn *c)
{
    struct link *all = &c->daemon->holds;
    for (struct link *l = all->next, *next; l != all; l = next) {
        next = l->next;
        if (hold_of(l)->conn == c)
            hold_free(hold_of(l));
    }
}
