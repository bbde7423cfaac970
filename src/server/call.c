/* What handlers are asked: their arguments, and the nodes that those name. */
#include "server/methods.h"

#include "query/find.h"

#include <stdio.h>
#include <string.h>

#define MAX_CANDIDATES 10u

/* ---- arguments ---- */

const char *call_arg(const struct call *c, const char *param)
{
    for (unsigned i = 0; i < MAX_PARAMS && c->method->params[i].name != NULL; i++) {
        if (strcmp(c->method->params[i].name, param) == 0)
            return c->args[i];
    }
    return NULL;
}

bool call_flag(const struct call *c, const char *param)
{
    return call_arg(c, param) != NULL;
}

bool parse_uint(const char *s, uint32_t *ret)
{
    uint64_t n = 0;
    if (*s == '\0')
        return false;
    for (; *s != '\0'; s++) {
        if (*s < '0' || *s > '9')
            return false;
        n = n * 10 + (uint64_t)(*s - '0');
        if (n > UINT32_MAX)
            return false;
    }
    *ret = (uint32_t)n;
    return true;
}

bool is_choice(const char *choices, const char *value)
{
    size_t n = strlen(value);
    for (const char *p = choices; *p != '\0'; p += *p == '|') {
        size_t k = strcspn(p, "|");
        if (k == n && memcmp(p, value, n) == 0)
            return true;
        p += k;
    }
    return false;
}

int call_uint(const struct call *c, const char *param, uint32_t fallback, uint32_t *ret,
              struct err *err)
{
    const char *s = call_arg(c, param);
    if (s == NULL) {
        *ret = fallback;
        return PT_OK;
    }
    if (!parse_uint(s, ret))
        return err_set(err, PT_EUSAGE, "--%s takes a number, not '%s'", param, s);
    return PT_OK;
}

typedef unsigned (*kind_fn)(const char *name);

static unsigned edge_kind_of(const char *name)
{
    enum edge_kind kind = edge_kind_parse(name);
    return kind == EDGE_KIND_COUNT ? UINT32_MAX : (unsigned)kind;
}

/* Also by the name of several: "functions". */
static unsigned node_kind_of(const char *name)
{
    enum node_kind kind = node_kind_parse(name);
    for (unsigned k = 0; k < NODE_KIND_COUNT && kind == NODE_KIND_COUNT; k++) {
        if (strcmp(node_kind_plural((enum node_kind)k), name) == 0)
            kind = (enum node_kind)k;
    }
    return kind == NODE_KIND_COUNT ? UINT32_MAX : (unsigned)kind;
}

static int unknown_kind(const char *what, const char *name, struct err *err)
{
    struct buf all = {0};
    bool edges = strcmp(what, "edges") == 0;
    unsigned n = edges ? (unsigned)EDGE_KIND_COUNT : (unsigned)NODE_KIND_COUNT;
    for (unsigned k = 0; k < n; k++) {
        buf_str(&all, k > 0 ? ", " : "");
        buf_str(&all,
                edges ? edge_kind_name((enum edge_kind)k) : node_kind_name((enum node_kind)k));
    }
    int rc = err_set(err, PT_EUSAGE, "no kind of %s is called '%s'; there are: %s", what, name,
                     buf_cstr(&all));
    buf_release(&all);
    return rc;
}

static int parse_kinds(const char *list, const char *what, kind_fn kind_of, uint32_t *ret,
                       struct err *err)
{
    uint32_t set = 0;
    char name[64];
    while (*list != '\0') {
        size_t n = strcspn(list, ",");
        if (n > 0) {
            (void)snprintf(name, sizeof(name), "%.*s", (int)(n < 60 ? n : 60), list);
            unsigned kind = kind_of(name);
            if (kind == UINT32_MAX)
                return unknown_kind(what, name, err);
            set |= 1u << kind;
        }
        list += n;
        list += *list == ',';
    }
    if (set == 0)
        return err_set(err, PT_EUSAGE, "an empty list of kinds");
    *ret = set;
    return PT_OK;
}

int call_edge_kinds(const struct call *c, const char *param, uint32_t fallback, uint32_t *ret,
                    struct err *err)
{
    const char *list = call_arg(c, param);
    *ret = fallback;
    return list != NULL ? parse_kinds(list, "edges", edge_kind_of, ret, err) : PT_OK;
}

int call_node_kinds(const struct call *c, const char *param, uint32_t fallback, uint32_t *ret,
                    struct err *err)
{
    const char *list = call_arg(c, param);
    *ret = fallback;
    return list != NULL ? parse_kinds(list, "nodes", node_kind_of, ret, err) : PT_OK;
}

/* ---- names ---- */

/* What a terminal or JSON would not show as it is. */
static bool has_control(const char *s)
{
    for (const char *p = s; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return true;
    }
    return !utf8_valid(s, strlen(s));
}

/* $'...', which bash, zsh and ksh read. */
static void quote_escaped(struct buf *b, const char *s)
{
    buf_str(b, "$'");
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c < ' ' || c >= 0x7f)
            buf_printf(b, "\\%03o", c);
        else if (c == '\'' || c == '\\')
            buf_printf(b, "\\%c", c);
        else
            buf_char(b, *s);
    }
    buf_char(b, '\'');
}

void shell_quote(struct buf *b, const char *s)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./:,@%+=";
    if (*s != '\0' && *s != '-' && s[strspn(s, plain)] == '\0') {
        buf_str(b, s);
        return;
    }
    if (has_control(s)) {
        quote_escaped(b, s);
        return;
    }
    buf_char(b, '\'');
    for (; *s != '\0'; s++) {
        if (*s == '\'')
            buf_str(b, "'\\''");
        else
            buf_char(b, *s);
    }
    buf_char(b, '\'');
}

/* How to name `node` so that none of the other candidates is meant. */
static void unambiguous(const struct view *v, const struct found *f, uint32_t node, struct buf *b)
{
    struct buf name = {0}, other_name = {0};
    view_add_qualified(v, node, &name);
    const char *qualified = buf_cstr(&name), *path = view_path(v, view_file_of(v, node));
    bool same_name = false, same_file = false;
    for (uint32_t i = 0; i < f->nodes.len; i++) {
        uint32_t other = f->nodes.at[i];
        if (other == node || strcmp(view_qualified(v, other, &other_name), qualified) != 0)
            continue;
        same_name = true;
        same_file |= view_file_of(v, other) == view_file_of(v, node);
    }
    buf_str(b, qualified);
    if (same_name && strncmp(qualified, path, strlen(path)) != 0) /* if it does not tell */
        buf_printf(b, "@%s", path);
    if (same_file)
        buf_printf(b, ":%u", view_node(v, node).line);
    b->failed |= name.failed || other_name.failed;
    buf_release(&name);
    buf_release(&other_name);
}

/* The command line again, with `param` put right. */
static void command(const struct call *c, const char *param, const char *value, struct buf *b)
{
    buf_printf(b, "%s %s", c->program, c->method->verb);
    for (unsigned i = 0; i < MAX_PARAMS && c->method->params[i].name != NULL; i++) {
        const struct param *p = &c->method->params[i];
        const char *arg = strcmp(p->name, param) == 0 ? value : c->args[i];
        if (arg == NULL)
            continue;
        buf_str(b, p->positional ? " " : " --");
        if (!p->positional)
            buf_str(b, p->name);
        if (p->type == PARAM_FLAG)
            continue;
        if (!p->positional)
            buf_char(b, ' ');
        shell_quote(b, arg);
    }
}

static void add_candidates(struct call *c, struct answer *a, const char *param,
                           const struct found *f)
{
    struct buf name = {0}, line = {0};
    struct value *rows = answer_array(a, a->root, "candidates");
    for (uint32_t i = 0; i < f->nodes.len && i < MAX_CANDIDATES; i++) {
        struct value *row = answer_object(a, rows, NULL);
        buf_reset(&name);
        buf_reset(&line);
        unambiguous(c->view, f, f->nodes.at[i], &name);
        command(c, param, buf_cstr(&name), &line);
        row_node(c, a, row, f->nodes.at[i]);
        (void)value_show(row->items.last, SHOW_JSON); /* the command has the name */
        (void)row_place(c, a, row, "at", f->nodes.at[i]);
        (void)answer_cstr(a, row, "command", ROLE_HINT, buf_cstr(&line));
        a->failed |= name.failed || line.failed;
    }
    buf_release(&name);
    buf_release(&line);
}

static int no_node(struct call *c, struct answer *a, const char *param, const struct found *f,
                   struct err *err)
{
    const char *text = call_arg(c, param);
    char count[COUNT_TEXT];
    add_candidates(c, a, param, f);
    if (a->failed)
        return answer_check(a, err);
    if (f->how != FIND_CLOSE && f->nodes.len > MAX_CANDIDATES)
        return err_set(err, PT_EAMBIGUOUS,
                       "'%s' is ambiguous: %s nodes bear that name (NAME@FILE tells them apart); "
                       "the first %u are",
                       text, count_text(f->nodes.len, count), MAX_CANDIDATES);
    if (f->how != FIND_CLOSE)
        return err_set(err, PT_EAMBIGUOUS, "'%s' is ambiguous: %u nodes bear that name", text,
                       f->nodes.len);
    if (f->nodes.len == 0)
        return err_set(err, PT_ENOENT,
                       "nothing is called '%s', nor anything like it (search finds parts of names)",
                       text);
    return err_set(err, PT_ENOENT, "nothing is called '%s'; similar names are", text);
}

static void keep_kinds(const struct view *v, uint32_t kinds, struct found *f)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->nodes.len; i++) {
        if (kinds >> view_kind(v, f->nodes.at[i]) & 1)
            f->nodes.at[n++] = f->nodes.at[i];
    }
    vec_truncate(&f->nodes, n);
}

/* Of several namesakes, those that the question makes sense for. */
static void keep_preferred(const struct view *v, uint32_t prefer, struct found *f)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->nodes.len; i++)
        n += prefer >> view_kind(v, f->nodes.at[i]) & 1;
    if (n > 0)
        keep_kinds(v, prefer, f);
}

int call_hurried(const struct call *c, struct err *err)
{
    return c->hurried ? err_set(err, PT_EBUSY, "this takes longer than it may") : PT_OK;
}

int call_nodes(struct call *c, struct answer *a, const char *param, uint32_t only,
               struct found *ret, struct err *err)
{
    const char *text = call_arg(c, param);
    struct find_filter filter = {.kinds = only, .quick = c->hurried};
    struct found found = {0};

    if (text == NULL || *text == '\0')
        return err_set(err, PT_EUSAGE, "a name is missing");
    int rc = query_find(c->view, text, &filter, &found, err);
    if (rc == PT_OK && found.nodes.len == 0)
        rc = call_hurried(c, err);
    if (rc == PT_OK && (found.how == FIND_CLOSE || found.nodes.len == 0)) {
        found.how = FIND_CLOSE;
        if (only != 0) /* whatever else bears the name would not do */
            keep_kinds(c->view, only, &found);
        rc = no_node(c, a, param, &found, err);
    }
    if (rc == PT_OK)
        *ret = found;
    else
        found_release(&found);
    return rc;
}

static int one_of(struct call *c, struct answer *a, const char *param, struct found *f,
                  uint32_t *ret, struct err *err)
{
    int rc = PT_OK;
    if (f->nodes.len == 1)
        *ret = f->nodes.at[0];
    else
        rc = no_node(c, a, param, f, err);
    found_release(f);
    return rc;
}

int call_node(struct call *c, struct answer *a, const char *param, uint32_t prefer, uint32_t *ret,
              struct err *err)
{
    struct found found;
    int rc = call_nodes(c, a, param, 0, &found, err);
    if (rc != PT_OK)
        return rc;
    if (found.nodes.len > 1 && prefer != 0)
        keep_preferred(c->view, prefer, &found);
    return one_of(c, a, param, &found, ret, err);
}

int call_file(struct call *c, struct answer *a, const char *param, uint32_t *ret, struct err *err)
{
    struct found found;
    int rc = call_nodes(c, a, param, 1u << NODE_FILE, &found, err);
    return rc == PT_OK ? one_of(c, a, param, &found, ret, err) : rc;
}
