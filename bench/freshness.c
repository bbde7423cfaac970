/* How soon is what was saved in the answers? From the end of the last write of a save to the answer
 * of the daemon, over its socket, that knows it; the change is on disk by then.
 *
 *   freshness [--edits N] [--seed N] KIND DIR
 *
 *   body      one more call in a function of a random file, of another one there, saved in turn in place, cut and written,
 *             and written beside and renamed; asked: its callers, of which it now is one
 *   name      a function that a hundred files use is called otherwise; asked: callers of the new name
 *   large     as body, in a file of 10,000 lines (made for it), second and later edits
 *   checkout  a thousand files change at once to contents that were seen before
 *
 * A daemon must be running. DIR is edited, and put back as it was; indexing it comes first and is
 * not measured. Each answer is asked for once, with `sync`, and must be right: one that does not
 * know the edit ends the run. The limits are those of the product, the twin is a write with
 * fdatasync of the same bytes on the same disk.
 */
#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "engine/workspace.h"
#include "graph/view.h"
#include "server/socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANY_FILES 100u
#define CHECKOUT_FILES 1000u
#define LARGE_LINES 10000u
#define LARGE_NAME "parseltongue_bench_large.c"

static uint64_t rng_state = 1;

static uint32_t below(uint32_t n)
{
    rng_state += 0x9e3779b97f4a7c15ULL;
    return (uint32_t)(((unsigned __int128)hash_mix64(rng_state) * n) >> 64);
}

static void die(const char *what)
{
    (void)fprintf(stderr, "freshness: %s\n", what);
    exit(1);
}

static void check(int rc, const struct err *err)
{
    if (rc != PT_OK)
        die(err->msg);
}

static const char *root; /* of the tree */
static struct workspace *workspace;

/* ---- the daemon ---- */

static int daemon_fd = -1;
static struct buf reply;

/* Sends a line and waits for the one that comes back. */
static void ask(const struct buf *line)
{
    char bytes[65536];
    buf_reset(&reply);
    if (write(daemon_fd, line->p, line->n) != (ssize_t)line->n)
        die("the daemon does not listen");
    while (reply.n == 0 || reply.p[reply.n - 1] != '\n') {
        ssize_t n = read(daemon_fd, bytes, sizeof(bytes));
        if (n <= 0)
            die("the daemon hung up");
        buf_add(&reply, bytes, (size_t)n);
    }
    (void)buf_cstr(&reply);
}

/* How many callers it has, -1 if there is no such name. */
static int64_t ask_callers(const char *name, const char *path)
{
    struct buf line = {0};
    buf_printf(&line,
               "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"callers\",\"params\":{\"workspace\":"
               "\"%s\",\"x\":\"%s@%s\",\"limit\":1,\"sync\":true}}\n",
               root, name, path);
    ask(&line);
    buf_release(&line);
    const char *total = strstr(reply.p, "\"total\":");
    return strstr(reply.p, "\"error\":") != NULL || total == NULL ? -1
                                                                  : strtoll(total + 8, NULL, 10);
}

static void sync_all(void)
{
    struct buf line = {0};
    buf_printf(&line,
               "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"root\",\"params\":{\"workspace\":\"%s\","
               "\"sync\":true}}\n",
               root);
    ask(&line);
    buf_release(&line);
    if (strstr(reply.p, "\"result\":") == NULL)
        die(reply.p);
}

/* ---- files ---- */

static void full_path(struct buf *b, const char *path)
{
    buf_reset(b);
    buf_printf(b, "%s/%s", root, path);
    (void)buf_cstr(b);
}

static bool read_file(const char *path, struct buf *ret)
{
    struct buf full = {0};
    full_path(&full, path);
    int rc = io_read_file(IO_CWD, full.p, (size_t)64 << 20, ret, NULL);
    buf_release(&full);
    return rc == PT_OK;
}

enum way { IN_PLACE, CUT_AND_WRITE, BESIDE, WAYS };

static void put(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done <= 0)
            die("cannot write");
        p += done;
        n -= (size_t)done;
    }
}

/* Returns the time when the last call of the save had returned. */
static uint64_t save(const char *path, const struct buf *text, enum way way)
{
    struct buf full = {0}, beside = {0};
    int fd = -1;
    full_path(&full, path);
    buf_printf(&beside, "%s~", full.p);
    const char *to = way == BESIDE ? buf_cstr(&beside) : full.p;
    int flags = O_WRONLY | O_CREAT | (way == IN_PLACE ? 0 : O_TRUNC);
    if (io_open(IO_CWD, to, flags, 0644, &fd, NULL) != PT_OK)
        die("cannot open a file to save it");
    put(fd, text->p, text->n);
    if (way == IN_PLACE && ftruncate(fd, (off_t)text->n) != 0)
        die("cannot cut a file");
    io_close(fd);
    if (way == BESIDE && rename(to, full.p) != 0)
        die("cannot rename a file");
    uint64_t end = clock_now_ns();
    buf_release(&full);
    buf_release(&beside);
    return end;
}

static void write_out(const char *path, const struct buf *text)
{
    (void)save(path, text, CUT_AND_WRITE);
}

/* ---- what to edit ---- */

struct place {
    char path[4096];
    uint32_t start, end; /* a function of this file */
    char name[256];      /* of another one that it is to call */
    bool python;
};

static bool is_candidate(const struct view *v, uint32_t id)
{
    struct node n = view_node(v, id);
    return n.kind == NODE_FUNCTION && n.end > n.start + 20 && strlen(n.name) < 200 &&
           (n.flags & FLAG_DECLARATION) == 0;
}

/* A function of the file, and the name of another one in it, if it has two. */
static bool function_of(const struct view *v, uint32_t file, struct place *ret)
{
    const struct live_file *f = live_file(v, file);
    const char *path = view_path(v, file);
    uint32_t found[2] = {ID_NONE, ID_NONE}, seen[2] = {0, 0};
    for (uint32_t i = 0; i < f->n_nodes; i++) {
        unsigned which = below(2);
        if (is_candidate(v, f->ids[i]) && below(++seen[which]) == 0)
            found[which] = f->ids[i];
    }
    if (found[0] == ID_NONE || found[1] == ID_NONE || strlen(path) >= sizeof(ret->path))
        return false;
    struct node n = view_node(v, found[0]);
    (void)snprintf(ret->path, sizeof(ret->path), "%s", path);
    (void)snprintf(ret->name, sizeof(ret->name), "%s", view_node(v, found[1]).name);
    ret->start = n.start;
    ret->end = n.end;
    ret->python = strcmp(view_file(v, file).lang, "python") == 0;
    return true;
}

/* The state as the daemon has written it; read anew, as it goes on writing. */
static void with_view(struct view *v)
{
    const char *notice = NULL;
    struct err err = {0};
    workspace_close(workspace);
    check(workspace_open(root, &workspace, &notice, &err), &err);
    check(workspace_pin(workspace, v, &err), &err);
}

static bool any_function(const struct view *v, struct place *ret)
{
    for (unsigned tries = 0; tries < 10000; tries++) {
        uint32_t file = below(view_file_limit(v));
        if (view_has_file(v, file) && function_of(v, file, ret))
            return true;
    }
    return false;
}

/* One more call in the function, as it never was there before; false if it cannot be done. */
static bool add_call(const struct place *p, const struct buf *text, struct buf *ret)
{
    unsigned long long salt = (unsigned long long)clock_wall_ns();
    if (p->end > text->n)
        return false;
    const char *start = text->p + p->start, *end = text->p + p->end, *at = end;
    buf_reset(ret);
    if (p->python) {
        const char *line = end;
        while (line > start && line[-1] != '\n')
            line--;
        size_t indent = strspn(line, " \t");
        buf_add(ret, text->p, (size_t)(end - text->p));
        buf_char(ret, '\n');
        buf_add(ret, line, indent);
        buf_printf(ret, "%s(%llu)", p->name, salt);
    } else {
        at = memchr(start, '{', (size_t)(end - start));
        if (at == NULL)
            return false;
        at++;
        buf_add(ret, text->p, (size_t)(at - text->p));
        buf_printf(ret, "\n\t%s(%llu);", p->name, salt);
    }
    buf_add(ret, at, text->n - (size_t)(at - text->p));
    return !ret->failed;
}

/* ---- figures ---- */

static double times[100000];
static uint32_t n_times;

static int by_time(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static double percentile(double share)
{
    return times[(uint32_t)(share * (double)(n_times - 1))];
}

static double twin_ms(const struct buf *text)
{
    struct buf path = {0};
    double best = 1e9;
    buf_printf(&path, "%s/bench-twin", workspace_state_dir(workspace));
    for (unsigned i = 0; i < 20; i++) {
        int fd = -1;
        if (io_open(IO_CWD, buf_cstr(&path), O_WRONLY | O_CREAT | O_TRUNC, 0600, &fd, NULL) !=
            PT_OK)
            die("cannot write the twin");
        uint64_t t0 = clock_now_ns();
        put(fd, text->p, text->n);
        if (fdatasync(fd) != 0)
            die("cannot sync the twin");
        double ms = (double)(clock_now_ns() - t0) / 1e6;
        best = ms < best ? ms : best;
        io_close(fd);
    }
    (void)unlink(buf_cstr(&path));
    buf_release(&path);
    return best;
}

static void report(const char *kind, double p50, double p99, const struct buf *sample)
{
    if (n_times == 0)
        die("nothing could be edited");
    qsort(times, n_times, sizeof(*times), by_time);
    (void)printf(
        "%s: %u edits: p50 %.2f ms (%.2f of %.0f), p90 %.2f, p99 %.2f ms (%.2f of %.0f), max "
        "%.2f; a synced write: %.2f ms\n",
        kind, n_times, percentile(0.5), percentile(0.5) / p50, p50, percentile(0.9),
        percentile(0.99), percentile(0.99) / p99, p99, times[n_times - 1], twin_ms(sample));
}

/* ---- kinds ---- */

/* Edits the function, asks, and puts the file back. */
static bool edit_body(const struct place *p, unsigned turn)
{
    struct buf before = {0}, after = {0};
    bool done = false;
    if (read_file(p->path, &before) && add_call(p, &before, &after)) {
        int64_t was = ask_callers(p->name, p->path);
        uint64_t t0 = was >= 0 ? save(p->path, &after, (enum way)(turn % WAYS)) : 0;
        int64_t is = was >= 0 ? ask_callers(p->name, p->path) : was;
        uint64_t t1 = clock_now_ns();
        done = is == was + 1; /* not so if it calls it already, or the name means another */
        if (done)
            times[n_times++] = (double)(t1 - t0) / 1e6;
        if (was >= 0)
            write_out(p->path, &before);
        sync_all();
    }
    buf_release(&before);
    buf_release(&after);
    return done;
}

/* A tree with more lines than this is held to the limits of the largest. */
#define LARGE_TREE 1000000u

static void run_bodies(uint32_t edits)
{
    struct place p;
    struct view v;
    struct buf sample = {0};
    uint32_t tries = 0;
    with_view(&v);
    bool is_large = v.totals->lines > LARGE_TREE;
    for (; n_times < edits && tries < edits * 4 && any_function(&v, &p); tries++)
        (void)edit_body(&p, tries);
    workspace_unpin(workspace, &v);
    if (n_times * 2 < tries)
        die("most edits were not seen in the answers");
    (void)read_file(p.path, &sample);
    report("body", is_large ? 4 : 2, is_large ? 12 : 8, &sample);
    buf_release(&sample);
}

static void run_large(uint32_t edits)
{
    struct buf text = {0}, after = {0};
    struct place p = {.path = LARGE_NAME};
    for (unsigned i = 0; i < LARGE_LINES / 10; i++)
        buf_printf(
            &text,
            "\nint large_%u(int x)\n{\n    int sum = x;\n    for (int i = 0; i < x; i++) {\n"
            "        sum += i * %u;\n        sum ^= large_%u(sum);\n    }\n    return sum;\n}\n",
            i, i, i > 0 ? i - 1 : LARGE_LINES / 10 - 1);
    write_out(p.path, &text);
    sync_all();
    for (uint32_t turn = 0; turn <= edits; turn++) {
        unsigned f = below(LARGE_LINES / 10 - 1) + 1;
        char head[64];
        (void)snprintf(p.name, sizeof(p.name), "large_%u",
                       (f + LARGE_LINES / 20) % (LARGE_LINES / 10));
        (void)snprintf(head, sizeof(head), "\nint large_%u(", f);
        p.start = (uint32_t)(strstr(text.p, head) - text.p);
        p.end = p.start + 100;
        if (!edit_body(&p, turn))
            die("an edit of the large file was not seen");
        if (turn == 0)
            n_times = 0; /* the first one has no tree to begin from */
    }
    report("large", 12, 12, &text);
    struct buf full = {0};
    full_path(&full, p.path);
    (void)unlink(full.p);
    sync_all();
    buf_release(&full);
    buf_release(&text);
    buf_release(&after);
}

static uint32_t files_that_use(const struct view *v, uint32_t id)
{
    struct edge_iter it;
    struct edge e;
    uint32_t n = 0, last = ID_NONE;
    view_edges(v, id, true, EDGE_BIT(EDGE_CALLS) | EDGE_BIT(EDGE_USES), &it);
    while (view_next(&it, &e)) {
        uint32_t file = view_file_of(v, e.node);
        n += file != last;
        last = file;
    }
    return n;
}

/* The word at or behind `at` is called otherwise. */
static bool rename_at(const struct buf *text, const struct place *p, const char *by,
                      struct buf *ret)
{
    const char *at = p->end <= text->n ? text->p + p->start : NULL;
    at = at != NULL ? strstr(at, p->name) : NULL;
    if (at == NULL || at > text->p + p->end)
        return false;
    buf_reset(ret);
    buf_add(ret, text->p, (size_t)(at - text->p));
    buf_str(ret, by);
    buf_str(ret, at + strlen(p->name));
    return !ret->failed;
}

static void edit_name(const struct place *p)
{
    struct buf before = {0}, after = {0};
    char name[300];
    (void)snprintf(name, sizeof(name), "%s_renamed", p->name);
    if (ask_callers(p->name, p->path) >= 0 && read_file(p->path, &before) &&
        rename_at(&before, p, name, &after)) {
        uint64_t t0 = save(p->path, &after, CUT_AND_WRITE);
        int64_t is = ask_callers(name, p->path);
        uint64_t t1 = clock_now_ns();
        if (is >= 0) {
            times[n_times++] = (double)(t1 - t0) / 1e6;
            t0 = save(p->path, &before, CUT_AND_WRITE);
            if (ask_callers(p->name, p->path) < 0)
                die("a name did not come back");
            times[n_times++] = (double)(clock_now_ns() - t0) / 1e6;
        } else {
            write_out(p->path, &before);
            sync_all();
        }
    }
    buf_release(&before);
    buf_release(&after);
}

static void run_names(uint32_t edits)
{
    struct place p;
    struct view v;
    struct buf sample = {0};
    with_view(&v);
    for (uint32_t tries = 0; n_times < edits && tries < 3000000; tries++) {
        uint32_t id = below(view_node_limit(&v));
        if (!view_has_node(&v, id) || !is_candidate(&v, id) || files_that_use(&v, id) < MANY_FILES)
            continue;
        struct node n = view_node(&v, id);
        (void)snprintf(p.path, sizeof(p.path), "%s", view_path(&v, n.file));
        (void)snprintf(p.name, sizeof(p.name), "%s", n.name);
        p.start = n.start;
        p.end = n.end;
        edit_name(&p);
    }
    workspace_unpin(workspace, &v);
    (void)read_file(p.path, &sample);
    report("name", 50, 50, &sample);
    buf_release(&sample);
}

/* Several times to one version and back; what is saved takes its time, too. */
static void run_checkout(uint32_t turns)
{
    static struct buf was[CHECKOUT_FILES], is[CHECKOUT_FILES];
    static struct place places[CHECKOUT_FILES];
    struct view v;
    uint32_t n = 0;
    with_view(&v);
    for (uint32_t file = 0; file < view_file_limit(&v) && n < CHECKOUT_FILES; file++) {
        uint32_t step = view_file_count(&v) / CHECKOUT_FILES;
        if (step > 1 && below(step) != 0)
            continue;
        if (view_has_file(&v, file) && function_of(&v, file, &places[n]) &&
            read_file(places[n].path, &was[n]) && add_call(&places[n], &was[n], &is[n]))
            n++;
    }
    workspace_unpin(workspace, &v);
    for (uint32_t turn = 0; turn < turns * 2 + 2; turn++) {
        uint64_t t0 = clock_now_ns();
        for (uint32_t i = 0; i < n; i++)
            write_out(places[i].path, turn % 2 == 0 ? &is[i] : &was[i]);
        sync_all();
        if (turn >= 2) /* the first two are new */
            times[n_times++] = (double)(clock_now_ns() - t0) / 1e6;
    }
    (void)printf("%u files at once; ", n);
    report("checkout", 1000, 1000, &was[0]);
    for (uint32_t i = 0; i < n; i++) {
        buf_release(&was[i]);
        buf_release(&is[i]);
    }
}

int main(int argc, char **argv)
{
    uint32_t edits = 200;
    const char *kind = NULL;
    struct buf real = {0};
    struct err err = {0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--edits") == 0 && i + 1 < argc)
            edits = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            rng_state = strtoull(argv[++i], NULL, 10);
        else if (kind == NULL)
            kind = argv[i];
        else
            root = argv[i];
    }
    if (kind == NULL || root == NULL || edits == 0 || edits > 40000) {
        (void)fprintf(stderr,
                      "usage: freshness [--edits N] [--seed N] body|name|large|checkout DIR\n");
        return 2;
    }
    check(io_realpath(root, &real, &err), &err);
    root = buf_cstr(&real);
    check(socket_connect(&daemon_fd, &err), &err);
    sync_all();
    const char *notice = NULL;
    check(workspace_open(root, &workspace, &notice, &err), &err);
    if (strcmp(kind, "body") == 0)
        run_bodies(edits);
    else if (strcmp(kind, "name") == 0)
        run_names(edits);
    else if (strcmp(kind, "large") == 0)
        run_large(edits);
    else if (strcmp(kind, "checkout") == 0)
        run_checkout(edits < 20 ? edits : 10);
    else
        die("KIND is body, name, large or checkout");
    workspace_close(workspace);
    io_close(daemon_fd);
    buf_release(&reply);
    buf_release(&real);
    return 0;
}
