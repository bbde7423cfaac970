/* About the graph as a whole, whatever it says: its root, and whether it is sound on disk. */
#include "server/methods.h"

#include "graph/merkle.h"

#include <stdio.h>

/* People get the root alone on a line, so that a script can take it. */
int run_root(struct call *c, struct answer *a, struct err *err)
{
    struct hash128 root;
    char hex[33];
    if (!view_root(c->view, &root))
        return err_set(err, PT_ENOMEM, "out of memory for the root of the graph");
    (void)snprintf(hex, sizeof(hex), "%016llx%016llx", (unsigned long long)root.hi,
                   (unsigned long long)root.lo);
    answer_title(a, "%s", hex);
    (void)value_show(answer_cstr(a, a->root, "root", ROLE_PLAIN, hex), SHOW_JSON);
    return PT_OK;
}

/* ---- verify ---- */

static void damage_row(struct answer *a, struct value *rows, const struct damage *d)
{
    struct value *row = answer_object(a, rows, NULL);
    (void)answer_cstr(a, row, "file", ROLE_PLACE, d->file);
    (void)answer_cstr(a, row, "what", ROLE_PLAIN, d->what);
}

static void add_checked(struct answer *a, const struct durable_check *found)
{
    struct value *checked = answer_object(a, a->root, "checked");
    (void)answer_uint(a, checked, "files", found->files);
    struct value *bytes = answer_uint(a, checked, "bytes", found->bytes);
    if (bytes != NULL)
        bytes->role = ROLE_BYTES;
    (void)answer_uint(a, checked, "segments", found->segments);
    (void)value_label(answer_uint(a, checked, "log_records", found->records), "log records");
}

/* Damage is a failure, so that scripts see it; the rows go with the report of it. */
static int report_damage(const struct durable_check *found, struct err *err)
{
    const struct damage *first = &found->damages.at[0];
    char places[COUNT_TEXT];
    if (found->damages.len == 1)
        return err_set(err, PT_ECORRUPT, "the graph on disk is damaged: %s: %s", first->file,
                       first->what);
    return err_set(err, PT_ECORRUPT,
                   "the graph on disk is damaged in %s places; the first is in %s: %s",
                   count_text(found->damages.len, places), first->file, first->what);
}

int run_verify(struct call *c, struct answer *a, struct err *err)
{
    struct durable_check found = {0};
    uint32_t limit = c->limit != 0 ? c->limit : DEFAULT_LIMIT;
    int rc = workspace_verify(c->workspace, &found, err);
    if (rc != PT_OK)
        return rc;
    answer_title(a, found.files != 0 ? "No damage in the graph of %s" : "No graph of %s yet",
                 workspace_root(c->workspace));
    add_checked(a, &found);
    struct value *rows = answer_array(a, a->root, "damage");
    for (uint32_t i = 0; i < found.damages.len && i < limit; i++)
        damage_row(a, rows, &found.damages.at[i]);
    if (found.damages.len > limit)
        answer_hint(a, "the first %u of them are listed: --limit 0 lists all", limit);
    rc = answer_check(a, err);
    if (rc == PT_OK && found.damages.len > 0)
        rc = report_damage(&found, err);
    durable_check_release(&found);
    return rc;
}
