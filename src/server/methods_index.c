/* Methods that make the graph (index, ingest), and one that shows what it is made of (facts). */
#include "server/methods.h"

#include "base/clock.h"
#include "base/io.h"
#include "lang/extract.h"
#include "lang/facts.h"
#include "server/counts.h"
#include "server/refresh.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define DEFAULT_SKIPS 20u

/* ---- what was left out ---- */

void warn_culprit(struct answer *a, const struct scan *scan)
{
    const struct ignore_rule *rule = scan->culprit;
    if (rule == NULL)
        return;
    if (rule->line != 0)
        answer_warning(a,
                       "the rule '%s' (%s, line %u) leaves out next to everything: %u source "
                       "files at least; --no-ignore takes them in",
                       rule->text, rule->file, rule->line, scan->culprit_files);
    else
        answer_warning(a, "the built-in rule '%s' leaves out next to everything: %u source files",
                       rule->text, scan->culprit_files);
}

static void skip_row(struct answer *a, struct value *rows, const struct pipeline_skip *s)
{
    struct value *row = answer_object(a, rows, NULL);
    (void)answer_cstr(a, row, "path", ROLE_PLACE, s->path);
    (void)answer_cstr(a, row, "reason", ROLE_PLAIN, scan_reason_text(s->reason));
    if (s->reason == SCAN_TOO_LARGE) {
        struct value *size = answer_uint(a, row, "bytes", s->detail);
        if (size != NULL)
            size->role = ROLE_BYTES;
    }
}

/* What was left out, counted by reason. */
static void count_skips(struct answer *a, const struct pipeline_report *r)
{
    uint32_t by_reason[SCAN_N_REASONS] = {0};
    uint64_t total = 0;
    memcpy(by_reason, r->scan.n_skips, sizeof(by_reason));
    /* The pipeline's own: those that the scan has not listed. */
    uint32_t listed[SCAN_N_REASONS] = {0};
    for (uint32_t i = 0; i < r->scan.skips.len; i++)
        listed[r->scan.skips.at[i].reason]++;
    for (uint32_t i = 0; i < r->skips.len; i++) {
        if (listed[r->skips.at[i].reason] > 0)
            listed[r->skips.at[i].reason]--;
        else
            by_reason[r->skips.at[i].reason]++;
    }
    for (unsigned k = 0; k < SCAN_N_REASONS; k++)
        total += by_reason[k];

    struct value *skipped = answer_object(a, a->root, "skipped");
    (void)answer_uint(a, skipped, "total", total);
    struct value *why = answer_object(a, skipped, "by_reason");
    for (unsigned k = 0; k < SCAN_N_REASONS; k++) {
        if (by_reason[k] != 0)
            (void)answer_uint(a, why, scan_reason_text((enum scan_reason)k), by_reason[k]);
    }
    struct value *ignored = answer_object(a, a->root, "ignored");
    (void)answer_uint(a, ignored, "files", r->scan.n_ignored_files);
    (void)answer_uint(a, ignored, "folders", r->scan.n_ignored_dirs);
    (void)value_label(answer_uint(a, a->root, "other_files", r->scan.n_other_files), "other files");
}

/* Those of which the path is known, up to the limit. */
static void list_skips(struct call *c, struct answer *a, const struct pipeline_report *r)
{
    char text[COUNT_TEXT];
    uint32_t limit = c->limit != 0 ? c->limit : DEFAULT_SKIPS;
    struct value *rows = value_label(answer_array(a, a->root, "skips"), "Skipped");
    for (uint32_t i = 0; i < r->skips.len && i < limit; i++)
        skip_row(a, rows, &r->skips.at[i]);
    if (r->skips.len > limit)
        answer_hint(a, "%s more skipped files: --limit 0 lists all",
                    count_text(r->skips.len - limit, text));
}

/* ---- the summary ---- */

static double ms(uint64_t ns)
{
    return (double)ns / (double)CLOCK_NS_PER_MS;
}

static void add_ms(struct answer *a, struct value *in, const char *key, const char *label,
                   uint64_t ns)
{
    struct value *v = value_label(answer_real(a, in, key, ms(ns)), label);
    if (v != NULL)
        v->role = ROLE_MS;
}

static void add_cost(struct answer *a, const struct pipeline_report *r, uint64_t total_ns)
{
    struct rusage usage;
    struct value *time = answer_object(a, a->root, "time");
    uint64_t known = r->scan_ns + r->extract_ns + r->link_ns + r->resolve_ns;
    add_ms(a, time, "total_ms", "total", total_ns);
    add_ms(a, time, "scan_ms", "scan", r->scan_ns);
    add_ms(a, time, "extract_ms", "extract", r->extract_ns);
    add_ms(a, time, "link_ms", "link", r->link_ns);
    add_ms(a, time, "resolve_ms", "resolve", r->resolve_ns);
    add_ms(a, time, "commit_ms", "commit", total_ns > known ? total_ns - known : 0);
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        struct value *v = value_label(
            answer_uint(a, a->root, "peak_memory_bytes", (uint64_t)usage.ru_maxrss * 1024),
            "peak memory");
        if (v != NULL)
            v->role = ROLE_BYTES;
    }
}

static int summary(struct call *c, struct answer *a, const struct pipeline_report *r,
                   uint64_t total_ns, struct err *err)
{
    struct view v;
    int rc = workspace_pin(c->workspace, &v, err);
    if (rc != PT_OK)
        return rc;
    counts_of_view(a, &v);
    count_skips(a, r);
    add_cost(a, r, total_ns);
    list_skips(c, a, r);
    warn_culprit(a, &r->scan);
    if (view_file_count(&v) == 0)
        answer_warning(a, "no source file was found");
    else
        answer_hint(a, "Next: %s stats, query callers NAME, search TEXT, help", c->program);
    workspace_unpin(c->workspace, &v);
    return PT_OK;
}

int run_index(struct call *c, struct answer *a, struct err *err)
{
    struct pipeline_report report = {0};
    uint64_t start = clock_now_ns();
    int rc = refresh_index(c, &report, err);
    if (rc != PT_OK)
        return rc;
    answer_title(a, "Indexed %s", workspace_root(c->workspace));
    (void)value_show(answer_cstr(a, a->root, "workspace", ROLE_PLACE, workspace_root(c->workspace)),
                     SHOW_JSON);
    rc = summary(c, a, &report, clock_now_ns() - start, err);
    pipeline_report_release(&report);
    return rc;
}

int run_ingest(struct call *c, struct answer *a, struct err *err)
{
    struct pipeline_report report = {0};
    const char *file = call_arg(c, "file");
    uint64_t start = clock_now_ns();
    int rc = workspace_ingest(c->workspace, file, &c->pipeline, &report, err);
    if (rc != PT_OK)
        return rc;
    answer_title(a, "Ingested %s", file);
    (void)value_show(answer_cstr(a, a->root, "workspace", ROLE_PLACE, workspace_root(c->workspace)),
                     SHOW_JSON);
    rc = summary(c, a, &report, clock_now_ns() - start, err);
    if (rc == PT_OK)
        answer_hint(a, "The workspace %s now stands for this dump; index makes it the tree again",
                    workspace_root(c->workspace));
    pipeline_report_release(&report);
    return rc;
}

/* ---- facts ---- */

static int facts_of(const char *path, const struct buf *text, struct buf *out, struct err *err)
{
    struct facts *facts = NULL;
    size_t head = text->n < 256 ? text->n : 256;
    unsigned lang = lang_of_file(path, text->p != NULL ? text->p : "", head);
    if (lang == LANG_NONE)
        return err_set(err, PT_EINVAL, "%s: no language takes this file", path);
    struct extract *x = extract_new();
    if (x == NULL)
        return err_set(err, PT_ENOMEM, "out of memory for a parser");
    int rc = extract_file(x, lang, path, text->p != NULL ? text->p : "", text->n, &facts, err);
    if (rc == PT_OK)
        facts_print(facts, out);
    facts_free(facts);
    extract_free(x);
    return rc;
}

int run_facts(struct call *c, struct answer *a, struct err *err)
{
    struct buf text = {0}, out = {0};
    const char *path = call_arg(c, "file");
    (void)a;
    uint64_t max = c->pipeline.scan.max_file_bytes;
    int rc = io_read_file(IO_CWD, path, max != 0 ? max : SCAN_MAX_FILE_BYTES, &text, err);
    if (rc == PT_OK)
        rc = facts_of(path, &text, &out, err);
    if (rc == PT_OK && out.failed)
        rc = err_set(err, PT_ENOMEM, "out of memory");
    if (rc == PT_OK && !c->sink(c->sink_ctx, out.p, out.n))
        rc = err_set(err, PT_EIO, "the output was not taken");
    buf_release(&text);
    buf_release(&out);
    return rc;
}
