/* stats: what the graph holds, what stands out, what is missing. */
#include "server/methods.h"

#include "lang/facts.h"
#include "query/rank.h"
#include "server/counts.h"

#define DEFAULT_STANDOUTS 10u

/* Files whose facts are not all that could be had, of one sort. */
static void add_files(struct call *c, struct answer *a, const struct ids *files, const char *key,
                      const char *label, uint32_t flag, uint32_t limit)
{
    uint32_t total = 0;
    char text[COUNT_TEXT];
    struct value *rows = NULL;
    for (uint32_t i = 0; i < files->len; i++) {
        struct view_file f = view_file(c->view, files->at[i]);
        if (!(f.facts_flags & flag) || (flag != FACTS_UNREAD && f.facts_flags & FACTS_UNREAD))
            continue;
        if (total == 0)
            rows = value_label(answer_array(a, a->root, key), label);
        if (total++ >= limit)
            continue;
        struct value *row = answer_object(a, rows, NULL);
        if (flag == FACTS_ERRORS && f.error_line != 0)
            (void)answer_printf(a, row, "at", ROLE_PLACE, "%s:%u", f.path, f.error_line);
        else
            (void)answer_cstr(a, row, "at", ROLE_PLACE, f.path);
    }
    if (total > limit)
        answer_hint(a, "%s: %u of %s shown; --limit 0 lists all", label, limit,
                    count_text(total, text));
}

static void count_files(struct call *c, struct answer *a, const struct ids *files)
{
    uint32_t errors = 0, truncated = 0, unread = 0;
    for (uint32_t i = 0; i < files->len; i++) {
        uint32_t flags = view_file(c->view, files->at[i]).facts_flags;
        unread += (flags & FACTS_UNREAD) != 0;
        errors += (flags & (FACTS_ERRORS | FACTS_UNREAD)) == FACTS_ERRORS;
        truncated += (flags & (FACTS_TRUNCATED | FACTS_UNREAD)) == FACTS_TRUNCATED;
    }
    struct value *trouble = value_label(answer_object(a, a->root, "trouble"), "files with");
    (void)value_label(answer_uint(a, trouble, "errors", errors), "syntax errors");
    (void)value_label(answer_uint(a, trouble, "truncated", truncated), "limits hit");
    (void)value_label(answer_uint(a, trouble, "unread", unread), "nothing read");
}

static void add_ranking(struct call *c, struct answer *a, const char *key, const char *label,
                        const char *value, const struct ranking *r)
{
    struct value *rows = value_label(answer_array(a, a->root, key), label);
    for (uint32_t i = 0; i < r->list.len; i++) {
        struct value *row = answer_object(a, rows, NULL);
        (void)answer_uint(a, row, value, r->list.at[i].value);
        row_node(c, a, row, r->list.at[i].node);
        struct value *at = row_place(c, a, row, "at", r->list.at[i].node);
        if (view_kind(c->view, r->list.at[i].node) == NODE_FILE)
            (void)value_show(at, SHOW_JSON);
    }
}

static int add_standouts(struct call *c, struct answer *a, uint32_t limit, struct err *err)
{
    struct ranking largest = {0}, depended = {0};
    int rc = query_largest(c->view, limit, &largest, err);
    if (rc == PT_OK)
        rc = query_most_depended(c->view, limit, &depended, err);
    if (rc == PT_OK) {
        add_ranking(c, a, "largest_modules", "Largest modules (lines)", "lines", &largest);
        add_ranking(c, a, "most_depended_on", "Most depended-on (by how many nodes)", "dependents",
                    &depended);
    }
    ranking_release(&largest);
    ranking_release(&depended);
    return rc;
}

int run_stats(struct call *c, struct answer *a, struct err *err)
{
    struct ids files = {0};
    uint32_t limit = c->limit != 0 ? c->limit : DEFAULT_STANDOUTS;

    if (c->root != NULL) {
        answer_title(a, "%s", c->root);
        (void)value_show(answer_cstr(a, a->root, "workspace", ROLE_PLACE, c->root), SHOW_JSON);
    }
    counts_of_view(a, c->view);
    int rc = view_files(c->view, &files) ? PT_OK : err_set(err, PT_ENOMEM, "out of memory");
    if (rc == PT_OK) {
        count_files(c, a, &files);
        rc = add_standouts(c, a, limit, err);
    }
    if (rc == PT_OK) {
        add_files(c, a, &files, "error_files", "Files with syntax errors", FACTS_ERRORS, limit);
        add_files(c, a, &files, "truncated_files", "Files cut short by a limit", FACTS_TRUNCATED,
                  limit);
        add_files(c, a, &files, "unread_files", "Files that could not be read", FACTS_UNREAD,
                  limit);
    }
    vec_release(&files);
    return rc;
}
