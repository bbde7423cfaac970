#include "index/scan.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/sort.h"
#include "base/str.h"
#include "lang/lang.h"

#define BINARY_HEAD ((size_t)8 << 10)
#define HEAD_BYTES 128 /* of a file without a suffix, for its #! line */
#define TAG_NAME "CACHEDIR.TAG"
#define TAG_BYTES ((size_t)64 << 10)

/* How far folders that are left out are looked into when next to nothing is left. */
#define SAMPLE_FOLDERS 4096 /* remembered */
#define SAMPLE_ENTRIES 512  /* of one such folder and all below it */
#define SAMPLE_TOTAL 32768  /* entries of all */

/* One entry of the folder that is being read. */
struct entry {
    const char *name; /* borrowed from walk.names */
    uint32_t n;       /* bytes */
    enum io_kind kind;
};

/* What is still to come, in the order of paths, the next one last. */
struct pending {
    struct scan_file file; /* of a folder only the path */
    uint32_t depth;
    bool is_dir;
};

/* A rule that left something out. */
struct taken {
    struct ignore_rule rule; /* a copy, in the scan's arena: its set may be gone */
    uint32_t files;          /* source files, as far as counted */
};

struct left_out {
    const char *path;
    uint32_t taken; /* the rule's place in walk.taken */
};

struct walk {
    struct scan_options options; /* without zeros */
    struct scan scan;            /* the result, as far as it goes */
    const char *root;
    int root_fd;
    struct buf root_path; /* without links; empty until it is needed */
    struct ignore ignore;
    VEC(struct pending) pending;
    struct map taken_by_key; /* hash of file and line -> place in taken */
    VEC(struct taken) taken;
    VEC(struct left_out) left_out;

    /* Rules of this folder, and of those above it, are loaded (see reach). */
    struct buf reached;
    bool is_reached; /* is there any such folder? */
    bool is_shut;    /* it is left out, or gone */

    /* Of the folder that is being read. */
    struct arena names;
    VEC(struct entry) entries; /* sorted */
    struct buf path;           /* of the entry in hand; begins with that of the folder */
    uint32_t depth;
    int fd;
};

const char *scan_reason_text(enum scan_reason reason)
{
    static const char *const texts[] = {
#define SCAN_REASON_TEXT_(name, text) text,
        SCAN_REASON_MAP(SCAN_REASON_TEXT_)
#undef SCAN_REASON_TEXT_
    };

    assert((unsigned)reason < SCAN_N_REASONS);
    return texts[reason];
}

bool scan_is_binary(const char *p, size_t n)
{
    return n != 0 && memchr(p, '\0', n < BINARY_HEAD ? n : BINARY_HEAD) != NULL;
}

bool scan_is_good_name(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
            return false;
    return utf8_valid(p, n);
}

/* ---- one folder's entries ---- */

/* As their paths compare: a folder's name is followed by a '/'. */
static int compare_entries(const void *a, const void *b, void *ctx)
{
    const struct entry *x = a;
    const struct entry *y = b;
    uint32_t n = x->n < y->n ? x->n : y->n;
    int rc = memcmp(x->name, y->name, n);

    (void)ctx;
    if (rc)
        return rc;
    int x_next = x->n > n ? (unsigned char)x->name[n] : x->kind == IO_DIR ? '/' : 0;
    int y_next = y->n > n ? (unsigned char)y->name[n] : y->kind == IO_DIR ? '/' : 0;
    return x_next - y_next;
}

static int add_entry(void *ctx, const char *name, enum io_kind kind)
{
    struct walk *w = ctx;
    size_t n = strlen(name);
    const char *copy = arena_strndup(&w->names, name, n);

    return copy && vec_push(&w->entries, (struct entry){copy, (uint32_t)n, kind}) ? 0 : PT_ENOMEM;
}

/* Opens the folder as w->fd and fills w->entries. Closed by the caller, also after a failure. */
static int read_folder(struct walk *w, const char *path)
{
    int rc;

    arena_reset(&w->names);
    vec_clear(&w->entries);
    w->fd = -1;
    rc = io_openat_dir(w->root_fd, *path ? path : ".", &w->fd, NULL);
    if (!rc)
        rc = io_list(w->fd, add_entry, w, NULL);
    if (!rc)
        sort_r(w->entries.at, w->entries.len, sizeof(*w->entries.at), compare_entries, NULL);
    return rc;
}

static const struct entry *find_entry(const struct walk *w, const char *name)
{
    for (uint32_t i = 0; i < w->entries.len; i++)
        if (strcmp(w->entries.at[i].name, name) == 0)
            return &w->entries.at[i];
    return NULL;
}

/* w->path becomes that of `name` in a folder whose path has n_folder bytes. */
static bool set_path(struct walk *w, size_t n_folder, const char *name, size_t n)
{
    w->path.n = n_folder;
    if (n_folder)
        buf_char(&w->path, '/');
    buf_add(&w->path, name, n);
    buf_cstr(&w->path);
    return !w->path.failed;
}

static const char *keep_path(struct walk *w)
{
    return arena_strndup(&w->scan.arena, w->path.p, w->path.n);
}

/* ---- what is passed over ---- */

static int add_skip(struct walk *w, enum scan_reason reason, uint64_t detail)
{
    const char *path;

    w->scan.n_skips[reason]++;
    if (w->scan.skips.len >= SCAN_MAX_SKIPS)
        return 0;
    path = keep_path(w);
    if (!path || !vec_push(&w->scan.skips, (struct scan_skip){path, reason, detail}))
        return PT_ENOMEM;
    return 0;
}

/* What went wrong on the way to one entry: does it fail the scan, or is it a skip? */
static int entry_failed(struct walk *w, int rc)
{
    switch (rc) {
    case PT_ENOMEM:
    case PT_ELIMIT: return rc; /* too many open files: the rest would fail likewise */
    case PT_ENOENT:
    case PT_EINVAL: return 0; /* gone, or something else by now: the tree is changing */
    default: return add_skip(w, SCAN_UNREADABLE, (uint64_t)-rc);
    }
}

/* The place of the rule in w->taken; UINT32_MAX when memory is short. */
static uint32_t place_of_rule(struct walk *w, const struct ignore_rule *rule)
{
    uint64_t key = hash64_seed(rule->file, strlen(rule->file), rule->line);
    bool is_new;
    uint32_t *place = map_put(&w->taken_by_key, key, w->taken.len, &is_new);
    struct taken taken = {.rule = *rule};

    if (!place)
        return UINT32_MAX;
    if (!is_new)
        return *place;
    taken.rule.file = arena_strdup(&w->scan.arena, rule->file);
    taken.rule.text = arena_strdup(&w->scan.arena, rule->text);
    if (!taken.rule.file || !taken.rule.text || !vec_push(&w->taken, taken)) {
        map_del(&w->taken_by_key, key);
        return UINT32_MAX;
    }
    return w->taken.len - 1;
}

/* Counts the entry in hand, and what `rule` takes from the graph with it. */
static int leave_out(struct walk *w, enum io_kind kind, const struct ignore_rule *rule)
{
    bool is_dir = kind == IO_DIR;

    w->scan.n_ignored_dirs += is_dir;
    w->scan.n_ignored_files += !is_dir;
    if (rule->line == 0 || w->path.n > SCAN_MAX_PATH ||
        (is_dir && w->left_out.len >= SAMPLE_FOLDERS) ||
        (!is_dir && (kind != IO_FILE || lang_of_file(w->path.p, NULL, 0) == LANG_NONE)))
        return 0;

    uint32_t place = place_of_rule(w, rule);
    if (place == UINT32_MAX)
        return PT_ENOMEM;
    if (!is_dir) {
        w->taken.at[place].files++;
        return 0;
    }
    const char *path = keep_path(w);
    return path && vec_push(&w->left_out, (struct left_out){path, place}) ? 0 : PT_ENOMEM;
}

/* ---- symbolic links ---- */

/* The way from the root to `target`, or NULL if it lies outside. */
static const char *below_root(const struct walk *w, const char *target)
{
    size_t n = w->root_path.n;

    if (n == 1) /* the root of the file system */
        return target + 1;
    if (strncmp(target, w->root_path.p, n) != 0 || (target[n] != '/' && target[n] != '\0'))
        return NULL;
    return target[n] ? target + n + 1 : target + n;
}

static bool is_above(const char *folder, struct slice path)
{
    size_t n = strlen(folder);

    return n == 0 || (slice_starts(path, slice_of(folder, n)) && path.p[n] == '/');
}

/* The link is never followed: it is only asked where it leads. */
static int visit_link(struct walk *w, bool has_lang)
{
    struct buf link = {0};
    struct buf target = {0};
    struct io_stat st = {0};
    int rc = 0;

    if (w->root_path.n == 0)
        rc = io_realpath(w->root, &w->root_path, NULL);
    if (rc)
        return rc == PT_ENOMEM ? rc : add_skip(w, SCAN_UNREADABLE, (uint64_t)-rc);
    buf_slice(&link, buf_as_slice(&w->root_path));
    buf_char(&link, '/');
    buf_slice(&link, buf_as_slice(&w->path));
    rc = link.failed ? PT_ENOMEM : io_realpath(buf_cstr(&link), &target, NULL);
    if (rc == PT_ENOENT) {
        rc = 0;
        w->scan.n_links++;
    } else if (rc == PT_EINVAL) {
        rc = add_skip(w, SCAN_LINK_LOOP, 0);
    } else if (rc) {
        rc = rc == PT_ENOMEM ? rc : add_skip(w, SCAN_UNREADABLE, (uint64_t)-rc);
    } else {
        const char *inside = below_root(w, buf_cstr(&target));

        if (inside && is_above(inside, buf_as_slice(&w->path)))
            rc = add_skip(w, SCAN_LINK_LOOP, 0);
        else if (inside)
            w->scan.n_links++;
        else if (has_lang || (io_stat(IO_CWD, target.p, &st, NULL) == 0 && st.kind == IO_DIR))
            rc = add_skip(w, SCAN_LINK_OUT, 0);
        else
            w->scan.n_other_files++;
    }
    buf_release(&link);
    buf_release(&target);
    return rc;
}

/* ---- files ---- */

/* By name, else by the #! line of a file whose name has no suffix. */
static int find_lang(struct walk *w, const struct entry *entry, unsigned *ret_lang)
{
    char head[HEAD_BYTES];
    size_t n;
    int fd;
    int rc;

    *ret_lang = lang_of_file(w->path.p, NULL, 0);
    if (*ret_lang != LANG_NONE || entry->kind != IO_FILE || memchr(entry->name, '.', entry->n))
        return 0;

    /* O_NONBLOCK: it may be a FIFO by now. */
    rc = io_open(w->fd, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0, &fd, NULL);
    if (rc)
        return rc == PT_ENOMEM || rc == PT_ELIMIT ? rc : 0;
    rc = io_pread(fd, head, sizeof(head), 0, &n, NULL);
    io_close(fd);
    if (!rc && n > 2 && head[0] == '#' && head[1] == '!')
        *ret_lang = lang_of_file(w->path.p, head, n);
    return rc == PT_ENOMEM ? rc : 0;
}

static int visit_file(struct walk *w, const struct entry *entry, unsigned lang)
{
    struct pending p = {.depth = w->depth};
    struct io_stat st;
    int rc = io_stat(w->fd, entry->name, &st, NULL);

    if (rc)
        return entry_failed(w, rc);
    if (st.kind != IO_FILE)
        return 0; /* something else by now */
    if (st.size > w->options.max_file_bytes)
        return add_skip(w, SCAN_TOO_LARGE, st.size);

    p.file = (struct scan_file){
        .path = keep_path(w),
        .size = st.size,
        .mtime_ns = st.mtime_ns,
        .ctime_ns = st.ctime_ns,
        .ino = st.ino,
        .lang = (uint8_t)lang,
    };
    return p.file.path && vec_push(&w->pending, p) ? 0 : PT_ENOMEM;
}

static int visit_folder(struct walk *w)
{
    struct pending p = {.depth = w->depth + 1, .is_dir = true};

    if (p.depth > w->options.max_depth)
        return add_skip(w, SCAN_TOO_DEEP, p.depth);
    p.file.path = keep_path(w);
    return p.file.path && vec_push(&w->pending, p) ? 0 : PT_ENOMEM;
}

/* w->path is that of the entry. */
static int visit(struct walk *w, const struct entry *entry)
{
    const struct ignore_rule *rule;
    bool is_dir = entry->kind == IO_DIR;
    unsigned lang = LANG_NONE;

    if (ignore_match_entry(&w->ignore, w->path.p, is_dir, &rule))
        return leave_out(w, entry->kind, rule);
    if (!is_dir) {
        int rc = find_lang(w, entry, &lang);
        if (rc)
            return rc;
        if (entry->kind == IO_LINK)
            return visit_link(w, lang != LANG_NONE);
        if (lang == LANG_NONE) {
            w->scan.n_other_files++;
            return 0;
        }
    }
    if (!scan_is_good_name(entry->name, entry->n))
        return add_skip(w, SCAN_BAD_NAME, 0);
    if (w->path.n > SCAN_MAX_PATH)
        return add_skip(w, SCAN_TOO_DEEP, w->depth + is_dir);
    if (is_dir)
        return visit_folder(w);
    if (entry->kind == IO_OTHER)
        return add_skip(w, SCAN_SPECIAL, 0);
    return visit_file(w, entry, lang);
}

/* ---- folders ---- */

/*
 * Is the folder in hand marked as a cache (https://bford.info/cachedir/)? It
 * stays if a .parseltongueignore takes it back by name.
 */
static int is_cache(struct walk *w, const char *path, bool *ret)
{
    static const struct slice signature = SLICE_INIT("Signature: 8a477f597d28d172789f06886806bc55");
    const struct entry *tag = find_entry(w, TAG_NAME);
    const struct ignore_rule *rule;
    struct buf text = {0};
    int rc;

    *ret = false;
    if (*path == '\0' || !tag || tag->kind != IO_FILE)
        return 0;
    ignore_match_entry(&w->ignore, path, true, &rule);
    if (rule && rule->is_negated && rule->is_literal && rule->source == IGNORE_PARSELTONGUE)
        return 0;
    rc = io_read_file(w->fd, TAG_NAME, TAG_BYTES, &text, NULL);
    *ret = !rc && slice_starts(buf_as_slice(&text), signature);
    buf_release(&text);
    return rc == PT_ENOMEM ? rc : 0;
}

/* Which ignore files may be there? Saves opening what is not. */
static unsigned sources_of(const struct walk *w, const char *path)
{
    unsigned sources = *path ? 0 : 1U << IGNORE_EXCLUDE;

    for (unsigned s = IGNORE_EXCLUDE + 1; s < IGNORE_N_SOURCES; s++)
        if (find_entry(w, ignore_file_name((enum ignore_source)s)))
            sources |= 1U << s;
    return sources;
}

/* Out of descriptors, or is it the file that is too large? Only that is a matter of the tree. */
static bool is_too_large(const struct walk *w, enum ignore_source source)
{
    struct io_stat st;

    return io_stat(w->fd, ignore_file_name(source), &st, NULL) == 0 &&
           (st.size > IGNORE_MAX_FILE || st.size > IGNORE_MAX_BYTES - w->ignore.bytes);
}

static int load_rules(struct walk *w, const char *path)
{
    enum ignore_source failed;
    int rc;

    if (w->options.no_ignore)
        return 0;
    rc = ignore_load(&w->ignore, w->fd, path, sources_of(w, path), &failed, NULL);
    if (rc == 0 || rc == PT_ENOMEM || (rc == PT_ELIMIT && !is_too_large(w, failed)))
        return rc;
    const char *name = ignore_file_name(failed);
    if (!set_path(w, strlen(path), name, strlen(name)))
        return PT_ENOMEM;
    return add_skip(w, SCAN_IGNORE_FILE, (uint64_t)-rc);
}

static void reverse_pending(struct walk *w, uint32_t from)
{
    for (uint32_t i = from, k = w->pending.len; i + 1 < k; i++) {
        struct pending p = w->pending.at[i];

        w->pending.at[i] = w->pending.at[--k];
        w->pending.at[k] = p;
    }
}

static int visit_entries(struct walk *w, const char *path)
{
    size_t n_path = strlen(path);
    uint32_t from = w->pending.len;
    int rc = load_rules(w, path);

    for (uint32_t i = 0; i < w->entries.len && !rc; i++) {
        const struct entry *entry = &w->entries.at[i];

        rc = set_path(w, n_path, entry->name, entry->n) ? visit(w, entry) : PT_ENOMEM;
    }
    reverse_pending(w, from);
    return rc;
}

static int enter_folder(struct walk *w, const char *path, uint32_t depth)
{
    size_t n_path = strlen(path);
    bool cache;
    int rc;

    ignore_leave(&w->ignore, path);
    w->depth = depth;
    buf_reset(&w->path);
    buf_add(&w->path, path, n_path);
    buf_cstr(&w->path);
    if (w->path.failed)
        return PT_ENOMEM;

    rc = read_folder(w, path);
    if (rc) {
        /* Without the root there is no tree. */
        rc = *path ? entry_failed(w, rc) : rc;
    } else if ((rc = is_cache(w, path, &cache)) == 0) {
        w->scan.n_ignored_dirs += cache;
        w->scan.n_dirs += !cache;
        rc = cache ? 0 : visit_entries(w, path);
    }
    io_close(w->fd);
    return rc;
}

/* ---- what the ignore rules leave ---- */

/* How many source files are in and below a folder that was left out, among the first entries? */
static int sample(struct walk *w, const char *path, uint32_t *entries_left, uint32_t *ret_files)
{
    VEC(const char *) folders = {0}; /* owned by the arena */
    struct arena arena = {0};
    uint32_t n_files = 0;
    int rc = vec_push(&folders, path) ? 0 : PT_ENOMEM;

    while (folders.len && *entries_left && !rc) {
        const char *folder = vec_pop(&folders);

        rc = read_folder(w, folder);
        io_close(w->fd);
        if (rc) {
            rc = rc == PT_ENOMEM || rc == PT_ELIMIT ? rc : 0;
            continue;
        }
        for (uint32_t i = 0; i < w->entries.len && *entries_left && !rc; i++) {
            const struct entry *entry = &w->entries.at[i];

            --*entries_left;
            n_files += entry->kind == IO_FILE && lang_of_file(entry->name, NULL, 0) != LANG_NONE;
            if (entry->kind != IO_DIR || strlen(folder) + entry->n >= SCAN_MAX_PATH)
                continue;
            const char *below = arena_printf(&arena, "%s/%s", folder, entry->name);
            rc = below && vec_push(&folders, below) ? 0 : PT_ENOMEM;
        }
    }
    vec_release(&folders);
    arena_release(&arena);
    *ret_files = n_files;
    return rc;
}

/* Looks into the folders that were left out, and adds what is there to the rules' counts. */
static int sample_folders(struct walk *w)
{
    uint32_t total = SAMPLE_TOTAL;

    for (uint32_t i = 0; i < w->left_out.len && total; i++) {
        struct taken *taken = &w->taken.at[w->left_out.at[i].taken];
        uint32_t most = total < SAMPLE_ENTRIES ? total : SAMPLE_ENTRIES;
        uint32_t left = most;
        uint32_t n_files;

        if (w->scan.files.len && taken->rule.is_literal)
            continue;
        int rc = sample(w, w->left_out.at[i].path, &left, &n_files);
        if (rc)
            return rc;
        taken->files += n_files;
        total -= most - left;
    }
    return 0;
}

static int find_culprit(struct walk *w)
{
    struct scan *scan = &w->scan;
    const struct taken *worst = NULL;
    uint64_t n_left = scan->files.len;
    uint64_t n_taken = 0;

    for (uint32_t i = 0; i < w->taken.len; i++)
        n_taken += w->taken.at[i].files;
    /* Not even if all that a sample can find were source files? */
    if (n_left * 100 >= n_left + n_taken + SAMPLE_TOTAL)
        return 0;

    int rc = sample_folders(w);
    if (rc)
        return rc;
    n_taken = 0;
    for (uint32_t i = 0; i < w->taken.len; i++) {
        const struct taken *taken = &w->taken.at[i];

        n_taken += taken->files;
        if (taken->files && (!worst || taken->files > worst->files))
            worst = taken;
    }
    if (!worst || n_left * 100 >= n_left + n_taken)
        return 0;
    scan->culprit = arena_memdup(&scan->arena, &worst->rule, sizeof(worst->rule));
    scan->culprit_files = worst->files;
    return scan->culprit ? 0 : PT_ENOMEM;
}

/* ---- the tree ---- */

static int compare_skips(const void *a, const void *b, void *ctx)
{
    const struct scan_skip *x = a;
    const struct scan_skip *y = b;
    int rc = strcmp(x->path, y->path);

    (void)ctx;
    return rc ? rc : (int)x->reason - (int)y->reason;
}

static int walk_pending(struct walk *w)
{
    int rc = 0;

    while (w->pending.len && !rc) {
        struct pending p = vec_pop(&w->pending);

        if (p.is_dir)
            rc = enter_folder(w, p.file.path, p.depth);
        else
            rc = vec_push(&w->scan.files, p.file) ? 0 : PT_ENOMEM;
    }
    return rc;
}

static int finish_scan(struct walk *w)
{
    w->scan.n_ignore_cut = ignore_n_cut(&w->ignore);
    sort_r(w->scan.skips.at, w->scan.skips.len, sizeof(*w->scan.skips.at), compare_skips, NULL);
    return 0;
}

static void release_walk(struct walk *w)
{
    buf_release(&w->root_path);
    buf_release(&w->path);
    buf_release(&w->reached);
    ignore_release(&w->ignore);
    arena_release(&w->names);
    vec_release(&w->entries);
    vec_release(&w->pending);
    vec_release(&w->taken);
    vec_release(&w->left_out);
    map_release(&w->taken_by_key);
    io_close(w->root_fd);
}

static int start_walk(struct walk *w, const char *root, const struct scan_options *options,
                      struct err *err)
{
    *w = (struct walk){.root = root, .root_fd = -1};
    if (options)
        w->options = *options;
    if (!w->options.max_file_bytes)
        w->options.max_file_bytes = SCAN_MAX_FILE_BYTES;
    if (!w->options.max_depth)
        w->options.max_depth = SCAN_MAX_DEPTH;
    return io_open_dir(root, &w->root_fd, err);
}

static int finish_walk(struct walk *w, int rc, struct scan *ret, struct err *err)
{
    if (!rc)
        rc = finish_scan(w);
    if (rc)
        err_set(err, rc, "scan %s: %s", w->root,
                rc == PT_ELIMIT ? "too many open files" : err_text(rc));
    release_walk(w);
    if (rc) {
        scan_release(&w->scan);
        return rc;
    }
    *ret = w->scan;
    return 0;
}

static int walk_tree(struct walk *w)
{
    int rc = enter_folder(w, "", 0);

    if (!rc)
        rc = walk_pending(w);
    return rc ? rc : find_culprit(w);
}

int scan_tree(const char *root, const struct scan_options *options, struct scan *ret,
              struct err *err)
{
    struct walk w;
    int rc = start_walk(&w, root, options, err);

    return rc ? rc : finish_walk(&w, walk_tree(&w), ret, err);
}

/* ---- parts of the tree ---- */

/* Of the folder at w->path, as if it had been read: the entries that decide what is left out. */
static int read_marks(struct walk *w)
{
    int rc;

    arena_reset(&w->names);
    vec_clear(&w->entries);
    rc = io_openat_dir(w->root_fd, w->path.n ? w->path.p : ".", &w->fd, NULL);
    for (unsigned s = IGNORE_EXCLUDE + 1; s <= IGNORE_N_SOURCES && !rc; s++) {
        const char *name =
            s < IGNORE_N_SOURCES ? ignore_file_name((enum ignore_source)s) : TAG_NAME;
        struct io_stat st;

        if (io_stat(w->fd, name, &st, NULL) == 0)
            rc = add_entry(w, name, st.kind);
    }
    return rc;
}

/* By its own name, the last one of its path. */
static bool is_good_folder(const char *path, size_t n)
{
    size_t at = n;

    while (at > 0 && path[at - 1] != '/')
        at--;
    return n == 0 || scan_is_good_name(path + at, n - at);
}

/* Loads the rules of the folder at the first n bytes of `path`; those above are loaded. */
static int reach_one(struct walk *w, const char *path, size_t n)
{
    bool cache = false;
    int rc;

    buf_reset(&w->path);
    buf_add(&w->path, path, n);
    ignore_leave(&w->ignore, buf_cstr(&w->path));
    if (w->path.failed)
        return PT_ENOMEM;
    if (!is_good_folder(w->path.p, n)) {
        w->is_shut = true;
        return 0;
    }
    if (n && ignore_match_entry(&w->ignore, w->path.p, true, NULL)) {
        w->is_shut = true;
        return 0;
    }
    w->fd = -1;
    rc = read_marks(w);
    if (rc) { /* gone, no folder, or not to be read: nothing in it can be seen */
        w->is_shut = true;
        rc = rc == PT_ENOMEM || rc == PT_ELIMIT ? rc : 0;
    } else {
        const char *folder = arena_strndup(&w->names, w->path.p, n);

        rc = folder ? is_cache(w, folder, &cache) : PT_ENOMEM;
        w->is_shut = cache;
        if (!rc && !cache)
            rc = load_rules(w, folder);
    }
    io_close(w->fd);
    return rc;
}

/* Are the first n bytes of `path` a folder whose rules are loaded? */
static bool is_loaded(const struct walk *w, const char *path, size_t n)
{
    return w->is_reached && n <= w->reached.n && (n == 0 || memcmp(w->reached.p, path, n) == 0) &&
           (n == w->reached.n || n == 0 || w->reached.p[n] == '/');
}

static int set_reached(struct walk *w, const char *path, size_t n)
{
    buf_reset(&w->reached);
    buf_add(&w->reached, path, n);
    w->is_reached = !w->reached.failed;
    ignore_leave(&w->ignore, buf_cstr(&w->reached));
    return w->is_reached ? 0 : PT_ENOMEM;
}

/* Goes to the folder that holds `path`; w->is_shut says if there is no way. */
static int reach(struct walk *w, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t n_folder = slash ? (size_t)(slash - path) : 0;
    int rc = 0;

    w->is_shut = false;
    w->depth = 0;
    if (!w->is_reached) {
        ignore_release(&w->ignore);
        ignore_init(&w->ignore);
    }
    for (size_t n = 0, loaded = 0; n <= n_folder && !rc && !w->is_shut; n++) {
        if (n != 0 && n < n_folder && path[n] != '/')
            continue;
        w->depth += n != 0;
        if (!is_loaded(w, path, n)) {
            if (w->is_reached)
                rc = set_reached(w, path, loaded);
            if (!rc)
                rc = reach_one(w, path, n);
            if (!rc && !w->is_shut)
                rc = set_reached(w, path, n);
        }
        loaded = n;
    }
    if (!rc && !w->is_shut)
        rc = set_reached(w, path, n_folder);
    if (rc)
        w->is_reached = false;
    if (w->depth > w->options.max_depth)
        w->is_shut = true;
    return rc;
}

static int look_at(struct walk *w, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t n_folder = slash ? (size_t)(slash - path) : 0;
    struct io_stat st;
    int rc;

    if (!*path)
        return walk_tree(w);
    rc = reach(w, path);
    if (rc || w->is_shut)
        return rc;
    w->fd = -1;
    buf_reset(&w->path);
    buf_add(&w->path, path, n_folder);
    if (!set_path(w, n_folder, name, strlen(name)))
        return PT_ENOMEM;
    rc = io_openat_dir(w->root_fd, n_folder ? buf_cstr(&w->reached) : ".", &w->fd, NULL);
    if (!rc)
        rc = io_stat(w->fd, name, &st, NULL);
    if (rc)
        rc = entry_failed(w, rc);
    else
        rc = visit(w, &(struct entry){name, (uint32_t)strlen(name), st.kind});
    io_close(w->fd);
    return rc ? rc : walk_pending(w);
}

bool scan_has_path(const char *const *paths, uint32_t n, const char *path)
{
    uint32_t lo = 0, hi = n;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int order = strcmp(paths[mid], path);

        if (order == 0)
            return true;
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

static bool is_below_another(const char *const *paths, uint32_t n, const char *path)
{
    char above[SCAN_MAX_PATH + 1];
    size_t len = strlen(path);

    if (n != 0 && *path && !*paths[0])
        return true;
    for (size_t i = 0; i < len && i <= SCAN_MAX_PATH; i++) {
        if (path[i] != '/')
            continue;
        memcpy(above, path, i);
        above[i] = '\0';
        if (scan_has_path(paths, n, above))
            return true;
    }
    return false;
}

static int compare_files(const void *a, const void *b, void *ctx)
{
    (void)ctx;
    return strcmp(((const struct scan_file *)a)->path, ((const struct scan_file *)b)->path);
}

int scan_paths(const char *root, const struct scan_options *options, const char *const *paths,
               uint32_t n, struct scan *ret, struct err *err)
{
    struct walk w;
    int rc = start_walk(&w, root, options, err);

    if (rc)
        return rc;
    for (uint32_t i = 0; i < n && !rc; i++)
        if (!is_below_another(paths, n, paths[i]))
            rc = look_at(&w, paths[i]);
    sort_r(w.scan.files.at, w.scan.files.len, sizeof(*w.scan.files.at), compare_files, NULL);
    return finish_walk(&w, rc, ret, err);
}

/* ---- which folders are entered ---- */

struct scan_gate {
    struct walk walk;
    char *root; /* owned */
};

int scan_gate_open(const char *root, const struct scan_options *options, struct scan_gate **ret,
                   struct err *err)
{
    struct scan_gate *g = mem_calloc(1, sizeof(*g));

    if (g)
        g->root = mem_strdup(root);
    int rc = g && g->root ? start_walk(&g->walk, g->root, options, err)
                          : err_set(err, PT_ENOMEM, "out of memory");
    if (rc) {
        if (g)
            mem_free(g->root);
        mem_free(g);
        return rc;
    }
    *ret = g;
    return 0;
}

void scan_gate_close(struct scan_gate *g)
{
    if (!g)
        return;
    release_walk(&g->walk);
    scan_release(&g->walk.scan);
    mem_free(g->root);
    mem_free(g);
}

void scan_gate_forget(struct scan_gate *g)
{
    int fd;

    /* another folder may be there now */
    if (io_open_dir(g->root, &fd, NULL) == 0) {
        io_close(g->walk.root_fd);
        g->walk.root_fd = fd;
    }
    g->walk.is_reached = false;
    ignore_release(&g->walk.ignore);
    ignore_init(&g->walk.ignore);
}

bool scan_gate_enters(struct scan_gate *g, const char *path)
{
    struct walk *w = &g->walk;

    if (strlen(path) > SCAN_MAX_PATH || reach(w, path))
        return true;
    return !w->is_shut && !ignore_match_entry(&w->ignore, path, true, NULL);
}

void scan_release(struct scan *scan)
{
    arena_release(&scan->arena);
    vec_release(&scan->files);
    vec_release(&scan->skips);
    *scan = (struct scan){0};
}
