/* The public interface, as its users see it: what it answers, what it refuses, and that nothing
 * that comes from outside, no thread and no lack of memory breaks it. */
#include <parseltongue/parseltongue.h>

#include "unit/base/support.h"
#include "unit/base/support_dir.h"

#include "base/fault.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/* ---- a small tree ---- */

static const char math_c[] = "#include \"math.h\"\n"
                             "\n"
                             "static int odd(int n);\n"
                             "\n"
                             "static int even(int n)\n"
                             "{\n"
                             "    return n == 0 ? 1 : odd(n - 1);\n"
                             "}\n"
                             "\n"
                             "static int odd(int n)\n"
                             "{\n"
                             "    return n == 0 ? 0 : even(n - 1);\n"
                             "}\n"
                             "\n"
                             "int factorial(int n)\n"
                             "{\n"
                             "    return n < 2 ? 1 : n * factorial(n - 1);\n"
                             "}\n"
                             "\n"
                             "int both(int n)\n"
                             "{\n"
                             "    return even(n) + factorial(n) + factorial(even(n));\n"
                             "}\n";
static const char math_h[] = "int factorial(int n);\nint both(int n);\n";
static const char model_py[] = "class Page:\n"
                               "    def save(self):\n"
                               "        return self\n"
                               "\n"
                               "\n"
                               "class Draft:\n"
                               "    def save(self):\n"
                               "        return self\n"
                               "\n"
                               "\n"
                               "def put(x):\n"
                               "    return x.save()\n"
                               "\n"
                               "\n"
                               "def make():\n"
                               "    return put(Page())\n";
static const char test_model_py[] = "from model import make\n"
                                    "\n"
                                    "\n"
                                    "def test_make():\n"
                                    "    assert make()\n";
static const char shape_rs[] = "pub struct Shape {\n"
                               "    pub side: u32,\n"
                               "}\n"
                               "\n"
                               "impl Shape {\n"
                               "    pub fn area(&self) -> u32 {\n"
                               "        self.side * self.side\n"
                               "    }\n"
                               "}\n"
                               "\n"
                               "pub fn measure(s: &Shape) -> u32 {\n"
                               "    s.area()\n"
                               "}\n";

#define FILES 5u
#define NODES 24u
#define EDGES 35u

static void make_tree_at(const char *dir)
{
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(chdir(dir), 0);
    make_file("math.c", math_c);
    make_file("math.h", math_h);
    make_file("model.py", model_py);
    make_file("test_model.py", test_model_py);
    make_file("shape.rs", shape_rs);
    assert_int_equal(chdir(".."), 0);
}

static void set_state(void)
{
    char state[128];
    (void)snprintf(state, sizeof(state), "%s/state", root);
    assert_int_equal(setenv("XDG_STATE_HOME", state, 1), 0);
}

#define MUST(call)                                                                                 \
    do {                                                                                           \
        struct pt_error error_ = {0};                                                              \
        struct pt_error *error = &error_;                                                          \
        if ((call) != PT_OK)                                                                       \
            fail_msg("%s: %d, %s", #call, error_.code, error_.message);                            \
    } while (0)

/* The call fails with this code, and says why; and does so for those who do not want to know,
 * too. */
#define REFUSED(want, call)                                                                        \
    do {                                                                                           \
        struct pt_error error_ = {0};                                                              \
        struct pt_error *error = &error_;                                                          \
        assert_int_equal((call), want);                                                            \
        assert_int_equal(error_.code, want);                                                       \
        assert_true(error_.message[0] != '\0');                                                    \
        error = NULL;                                                                              \
        assert_int_equal((call), want);                                                            \
    } while (0)

static struct pt_workspace *open_tree(const char *dir)
{
    struct pt_workspace *w = NULL;
    MUST(pt_workspace_open(dir, &w, error));
    return w;
}

static struct pt_view *pinned(struct pt_workspace *w)
{
    struct pt_view *v = NULL;
    MUST(pt_workspace_pin(w, &v, error));
    return v;
}

static const struct pt_index_options one_thread = {.threads = 1};

/* An indexed tree, and a view of it. */
struct fixture {
    struct pt_workspace *w;
    struct pt_view *v;
};

static struct fixture begin(void)
{
    struct fixture f;
    set_state();
    make_tree_at("tree");
    f.w = open_tree("tree");
    MUST(pt_workspace_index(f.w, &one_thread, NULL, error));
    f.v = pinned(f.w);
    return f;
}

static void end(struct fixture *f)
{
    pt_view_unpin(f->v);
    pt_workspace_close(f->w);
}

static uint32_t id_of(const struct pt_view *v, const char *text)
{
    struct pt_found found;
    MUST(pt_view_find(v, text, NULL, &found, error));
    if (found.n != 1 || found.match == PT_MATCH_CLOSE)
        fail_msg("%s: %u nodes, match %d", text, found.n, (int)found.match);
    uint32_t id = found.at[0];
    pt_free(found.at);
    return id;
}

/* Its texts are good for some more calls. */
static struct pt_node node_of(const struct pt_view *v, uint32_t id)
{
    static struct {
        char qualified[256], signature[256];
    } kept[16];
    static unsigned at;
    struct pt_node n;
    MUST(pt_view_node(v, id, &n, error));
    at = (at + 1) % (sizeof(kept) / sizeof(*kept));
    assert_true(strlen(n.qualified) < sizeof(kept[at].qualified));
    assert_true(strlen(n.signature) < sizeof(kept[at].signature));
    n.qualified = memcpy(kept[at].qualified, n.qualified, strlen(n.qualified) + 1);
    n.signature = memcpy(kept[at].signature, n.signature, strlen(n.signature) + 1);
    pt_free(n.text);
    n.text = NULL;
    return n;
}

static const char *name_of(const struct pt_view *v, uint32_t id)
{
    return node_of(v, id).qualified;
}

/* ---- words ---- */

static void test_words__every_kind_and_layer_has_a_name_that_leads_back(void **state)
{
    (void)state;
    uint32_t kind = 0, n = 0;
    for (; pt_node_kind_name(n) != NULL; n++) {
        MUST(pt_node_kind_parse(pt_node_kind_name(n), &kind, error));
        assert_int_equal(kind, n);
    }
    assert_int_equal(n, PT_NODE_MACRO + 1);
    for (n = 0; pt_edge_kind_name(n) != NULL; n++) {
        MUST(pt_edge_kind_parse(pt_edge_kind_name(n), &kind, error));
        assert_int_equal(kind, n);
    }
    assert_int_equal(n, PT_EDGE_RETURNS + 1);
    assert_string_equal(pt_node_kind_name(PT_NODE_TYPE_ALIAS), "type-alias");
    assert_string_equal(pt_layer_name(PT_LAYER_CANDIDATE), "candidate");
    assert_null(pt_layer_name(PT_LAYER_CANDIDATE + 1));
    assert_null(pt_node_kind_name(UINT32_MAX));
    REFUSED(PT_ENOENT, pt_node_kind_parse("functions", &kind, error));
    REFUSED(PT_ENOENT, pt_edge_kind_parse("", &kind, error));
    assert_int_equal(kind, PT_EDGE_RETURNS);
    assert_string_equal(pt_code_text(PT_EBUSY), "in use");
    assert_string_equal(pt_code_text(1), "unknown error");
    assert_string_equal(pt_version(), PARSELTONGUE_VERSION);
    pt_free(NULL);
}

/* ---- workspaces ---- */

static void test_open__refuses_what_is_no_folder(void **state)
{
    (void)state;
    struct pt_workspace *w = NULL;
    set_state();
    make_file("file", "");
    REFUSED(PT_ENOENT, pt_workspace_open("nowhere", &w, error));
    REFUSED(PT_ENOENT, pt_workspace_open("", &w, error));
    REFUSED(PT_EINVAL, pt_workspace_open("file", &w, error));
    assert_null(w);
    pt_workspace_close(NULL);
    pt_view_unpin(NULL);
}

static void test_open__takes_the_repository_around_the_folder(void **state)
{
    (void)state;
    set_state();
    make_tree_at("tree");
    assert_int_equal(mkdir("tree/.git", 0700), 0);
    assert_int_equal(mkdir("tree/inner", 0700), 0);
    struct pt_workspace *w = open_tree("tree/inner");
    assert_string_equal(strrchr(pt_workspace_root(w), '/'), "/tree");
    assert_int_equal(pt_workspace_root(w)[0], '/');
    pt_workspace_close(w);
}

static void test_open__of_a_new_tree_is_an_empty_graph(void **state)
{
    (void)state;
    struct pt_info info;
    struct pt_found found;
    struct pt_nodes nodes;
    struct pt_reach reach;
    struct pt_cycles cycles;
    struct pt_root hex;
    uint32_t stale = 0;
    set_state();
    make_tree_at("tree");
    struct pt_workspace *w = open_tree("tree");
    assert_null(pt_workspace_notice(w));
    struct pt_view *v = pinned(w);
    pt_view_info(v, &info);
    assert_int_equal(info.generation, 0);
    assert_int_equal(info.nodes + info.files + info.edges, 0);
    MUST(pt_view_find(v, "both", NULL, &found, error));
    assert_int_equal(found.n, 0);
    assert_int_equal(found.match, PT_MATCH_CLOSE);
    pt_free(found.at);
    MUST(pt_view_nodes(v, 0, &nodes, error));
    assert_int_equal(nodes.n, 0);
    pt_free(nodes.at);
    MUST(pt_view_reach(v, NULL, 0, PT_IN, NULL, &reach, error));
    assert_int_equal(reach.n, 0);
    pt_free(reach.at);
    MUST(pt_view_cycles(v, PT_CYCLES_MODULE, NULL, &cycles, error));
    assert_int_equal(cycles.n, 0);
    pt_free(cycles.at);
    MUST(pt_view_root(v, &hex, error));
    REFUSED(PT_ENOENT, pt_view_node(v, 0, &(struct pt_node){0}, error));
    pt_view_unpin(v);
    MUST(pt_workspace_check(w, &stale, error));
    assert_true(stale > 0);
    pt_workspace_close(w);
}

/* The path of the image in the only workspace there is. */
static void find_image(char ret[600])
{
    char dir[300] = "";
    struct dirent *e;
    DIR *d = opendir("state/parseltongue");
    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        if (e->d_name[0] != '.')
            (void)snprintf(dir, sizeof(dir), "state/parseltongue/%.200s", e->d_name);
    }
    (void)closedir(d);
    d = opendir(dir);
    assert_non_null(d);
    ret[0] = '\0';
    while ((e = readdir(d)) != NULL) {
        if (strstr(e->d_name, ".image") != NULL)
            (void)snprintf(ret, 600, "%s/%.200s", dir, e->d_name);
    }
    (void)closedir(d);
    assert_true(ret[0] != '\0');
}

static void test_open__sets_a_damaged_graph_aside_and_says_so(void **state)
{
    (void)state;
    char image[600];
    struct pt_info info;
    struct fixture f = begin();
    end(&f);
    find_image(image);
    make_file(image, "this is no image");
    f.w = open_tree("tree");
    assert_non_null(pt_workspace_notice(f.w));
    assert_non_null(strstr(pt_workspace_notice(f.w), "is damaged"));
    f.v = pinned(f.w);
    pt_view_info(f.v, &info);
    assert_int_equal(info.nodes, 0);
    end(&f);
}

static void test_index__reports_what_the_view_then_says(void **state)
{
    (void)state;
    struct pt_index_report report;
    struct pt_info info;
    set_state();
    make_tree_at("tree");
    make_file("tree/large.c", "");
    assert_int_equal(truncate("tree/large.c", 100 << 20), 0);
    FILE *binary = fopen("tree/binary.c", "w");
    assert_non_null(binary);
    assert_int_equal(fwrite("int\0x;", 1, 6, binary), 6);
    assert_int_equal(fclose(binary), 0);
    struct pt_workspace *w = open_tree("tree");
    MUST(pt_workspace_index(w, NULL, &report, error));
    assert_int_equal(report.skipped, 2);
    assert_int_equal(report.lines, 23 + 2 + 16 + 5 + 13);
    assert_in_range(report.bytes, sizeof(math_c), 10000);
    struct pt_view *v = pinned(w);
    pt_view_info(v, &info);
    assert_int_equal(info.generation, 1);
    assert_in_range(info.as_of_ns / 1000000000, time(NULL) - 60, time(NULL));
    assert_int_equal(report.files, info.files);
    assert_int_equal(report.nodes, info.nodes);
    assert_int_equal(report.edges, info.edges);
    pt_view_unpin(v);
    pt_workspace_close(w);
}

static void test_index__is_what_whoever_opens_next_finds(void **state)
{
    (void)state;
    struct pt_info info;
    struct fixture f = begin();
    end(&f);
    f.w = open_tree("tree");
    assert_null(pt_workspace_notice(f.w));
    f.v = pinned(f.w);
    pt_view_info(f.v, &info);
    assert_int_equal(info.files, FILES);
    assert_int_equal(info.nodes, NODES);
    assert_int_equal(info.edges, EDGES);
    end(&f);
}

static uint32_t stale_files(struct pt_workspace *w)
{
    uint32_t stale = UINT32_MAX;
    MUST(pt_workspace_check(w, &stale, error));
    return stale;
}

static void test_check__counts_what_changed_while_views_are_pinned(void **state)
{
    (void)state;
    struct fixture f = begin();
    assert_int_equal(stale_files(f.w), 0);
    make_file("tree/new.c", "int new_one(void);\n");
    make_file("tree/math.h", "int factorial(int n);\n");
    assert_int_equal(unlink("tree/shape.rs"), 0);
    assert_int_equal(stale_files(f.w), 3);
    pt_view_unpin(f.v);
    MUST(pt_workspace_index(f.w, NULL, NULL, error));
    assert_int_equal(stale_files(f.w), 0);
    f.v = pinned(f.w);
    end(&f);
}

static void test_index__takes_the_home_only_by_force(void **state)
{
    static const struct pt_index_options force = {.threads = 1, .force = true};
    char cwd[4000];
    (void)state;
    struct fixture f = begin();
    pt_view_unpin(f.v);
    assert_non_null(getcwd(cwd, sizeof(cwd)));
    setenv("HOME", cwd, 1);
    MUST(pt_workspace_index(f.w, &one_thread, NULL, error)); /* which is below that */
    setenv("HOME", pt_workspace_root(f.w), 1);
    REFUSED(PT_EREFUSED, pt_workspace_index(f.w, &one_thread, NULL, error));
    REFUSED(PT_EREFUSED, pt_workspace_index(f.w, NULL, NULL, error));
    MUST(pt_workspace_index(f.w, &force, NULL, error));
    unsetenv("HOME");
    f.v = pinned(f.w);
    end(&f);
}

static void test_index__goes_on_without_ignore_files_until_told_otherwise(void **state)
{
    (void)state;
    static const struct pt_index_options all = {.no_ignore = true}, usual = {0};
    struct pt_index_report report;
    struct fixture f = begin();
    pt_view_unpin(f.v);
    make_file("tree/.gitignore", "hidden.c\n");
    make_file("tree/hidden.c", "int hidden(void);\n");
    assert_int_equal(stale_files(f.w), 0);
    MUST(pt_workspace_index(f.w, &all, &report, error));
    assert_int_equal(report.files, FILES + 1);
    assert_int_equal(stale_files(f.w), 0);
    MUST(pt_workspace_index(f.w, NULL, &report, error));
    assert_int_equal(report.files, FILES + 1);
    MUST(pt_workspace_index(f.w, &usual, &report, error));
    assert_int_equal(report.files, FILES);
    pt_workspace_close(f.w);
}

static void test_index__is_refused_while_views_are_pinned(void **state)
{
    (void)state;
    struct pt_info info;
    struct fixture f = begin();
    struct pt_view *second = pinned(f.w);
    REFUSED(PT_EBUSY, pt_workspace_index(f.w, NULL, NULL, error));
    pt_view_unpin(f.v);
    REFUSED(PT_EBUSY, pt_workspace_index(f.w, NULL, NULL, error));
    pt_view_info(second, &info);
    assert_int_equal(info.nodes, NODES);
    pt_view_unpin(second);
    MUST(pt_workspace_index(f.w, NULL, NULL, error));
    f.v = pinned(f.w);
    end(&f);
}

static void test_index__fails_when_the_tree_has_gone_and_the_graph_stays(void **state)
{
    (void)state;
    struct pt_info info;
    struct fixture f = begin();
    pt_view_unpin(f.v);
    assert_int_equal(rename("tree", "elsewhere"), 0);
    REFUSED(PT_ENOENT, pt_workspace_index(f.w, NULL, NULL, error));
    REFUSED(PT_ENOENT, pt_workspace_check(f.w, &(uint32_t){0}, error));
    f.v = pinned(f.w);
    pt_view_info(f.v, &info);
    assert_int_equal(info.nodes, NODES);
    end(&f);
}

static void test_pin__beyond_the_limit_is_refused(void **state)
{
    (void)state;
    static struct pt_view *views[5000];
    struct fixture f = begin();
    uint32_t n = 0;
    while (n < 5000 && pt_workspace_pin(f.w, &views[n], NULL) == PT_OK)
        n++;
    assert_in_range(n, 1000, 4999);
    REFUSED(PT_ELIMIT, pt_workspace_pin(f.w, &views[n], error));
    assert_null(views[n]);
    while (n > 0)
        pt_view_unpin(views[--n]);
    pt_view_unpin(f.v);
    MUST(pt_workspace_index(f.w, NULL, NULL, error)); /* none was miscounted */
    f.v = pinned(f.w);
    end(&f);
}

/* ---- views and nodes ---- */

static void test_root__is_equal_for_equal_trees_and_differs_for_others(void **state)
{
    (void)state;
    struct pt_root first, second, third;
    struct fixture f = begin();
    make_tree_at("twin");
    struct pt_workspace *w = open_tree("twin");
    MUST(pt_workspace_index(w, NULL, NULL, error));
    struct pt_view *v = pinned(w);
    MUST(pt_view_root(f.v, &first, error));
    MUST(pt_view_root(v, &second, error));
    assert_int_equal(strspn(first.hex, "0123456789abcdef"), 32);
    assert_int_equal(first.hex[32], '\0');
    assert_string_equal(first.hex, second.hex);
    pt_view_unpin(v);
    make_file("twin/math.h", "int factorial(int n);\n");
    MUST(pt_workspace_index(w, NULL, NULL, error));
    v = pinned(w);
    MUST(pt_view_root(v, &third, error));
    assert_string_not_equal(first.hex, third.hex);
    pt_view_unpin(v);
    pt_workspace_close(w);
    end(&f);
}

static void test_node__tells_what_it_is_and_where(void **state)
{
    (void)state;
    struct fixture f = begin();
    struct pt_node n = node_of(f.v, id_of(f.v, "math.c::even"));
    assert_string_equal(n.name, "even");
    assert_string_equal(n.qualified, "math.c::even");
    assert_string_equal(n.signature, "static int even(int n)");
    assert_string_equal(n.path, "math.c");
    assert_string_equal(n.language, "c");
    assert_int_equal(n.kind, PT_NODE_FUNCTION);
    assert_int_equal(n.flags, PT_FLAG_STATIC);
    assert_int_equal(n.line, 5);
    assert_int_equal(n.end_line, 8);
    assert_int_equal(n.id, id_of(f.v, "math.c::even"));
    n = node_of(f.v, n.parent);
    assert_int_equal(n.kind, PT_NODE_FILE);
    assert_string_equal(n.qualified, "math.c");
    assert_string_equal(n.signature, "");
    assert_int_equal(n.parent, PT_NONE);
    n = node_of(f.v, id_of(f.v, "test_make"));
    assert_int_equal(n.flags, PT_FLAG_TEST | PT_FLAG_EXPORTED);
    end(&f);
}

static void test_node__is_refused_where_there_is_none(void **state)
{
    (void)state;
    struct fixture f = begin();
    struct pt_node n = {.line = 77}, one;
    uint32_t known = 0;
    for (uint32_t id = 0; id < 10 * NODES; id++) {
        if (pt_view_node(f.v, id, &one, NULL) == PT_OK) {
            known++;
            pt_free(one.text);
        }
    }
    assert_int_equal(known, NODES);
    REFUSED(PT_ENOENT, pt_view_node(f.v, PT_NONE, &n, error));
    REFUSED(PT_ENOENT, pt_view_node(f.v, 1u << 31, &n, error));
    assert_int_equal(n.line, 77);
    end(&f);
}

static void test_find_sig__leads_from_view_to_view(void **state)
{
    (void)state;
    struct fixture f = begin();
    uint64_t sig = node_of(f.v, id_of(f.v, "measure")).sig;
    uint32_t id = PT_NONE;
    pt_view_unpin(f.v);
    make_file("tree/another.rs", "pub fn another() {}\n");
    MUST(pt_workspace_index(f.w, NULL, NULL, error));
    f.v = pinned(f.w);
    MUST(pt_view_find_sig(f.v, sig, &id, error));
    assert_string_equal(name_of(f.v, id), "crate::shape::measure");
    REFUSED(PT_ENOENT, pt_view_find_sig(f.v, sig + 1, &id, error));
    assert_string_equal(name_of(f.v, id), "crate::shape::measure");
    end(&f);
}

static void test_nodes__are_those_of_the_kinds_in_order(void **state)
{
    (void)state;
    static const char *const want[] = {"crate::shape::Shape", "model.Page", "model.Draft"};
    struct fixture f = begin();
    struct pt_nodes nodes, all;
    MUST(pt_view_nodes(f.v, PT_SET(PT_NODE_CLASS) | PT_SET(PT_NODE_STRUCT), &nodes, error));
    assert_int_equal(nodes.n, 3);
    /* Files by path: model.py is before shape.rs. */
    assert_string_equal(name_of(f.v, nodes.at[0]), want[1]);
    assert_string_equal(name_of(f.v, nodes.at[1]), want[2]);
    assert_string_equal(name_of(f.v, nodes.at[2]), want[0]);
    pt_free(nodes.at);
    MUST(pt_view_nodes(f.v, 0, &all, error));
    assert_int_equal(all.n, NODES);
    assert_string_equal(name_of(f.v, all.at[0]), "math.c");
    pt_free(all.at);
    MUST(pt_view_nodes(f.v, PT_SET(PT_NODE_UNION), &nodes, error));
    assert_int_equal(nodes.n, 0);
    pt_free(nodes.at);
    REFUSED(PT_EINVAL, pt_view_nodes(f.v, PT_SET(PT_NODE_MACRO + 1), &nodes, error));
    REFUSED(PT_EINVAL, pt_view_nodes(f.v, UINT32_MAX, &nodes, error));
    end(&f);
}

/* ---- find ---- */

static void check_found(const struct pt_view *v, const char *text,
                        const struct pt_find_options *options, enum pt_match match, uint32_t n)
{
    struct pt_found found;
    MUST(pt_view_find(v, text, options, &found, error));
    if (found.match != match || found.n != n)
        fail_msg("%s: match %d, %u nodes", text, (int)found.match, found.n);
    pt_free(found.at);
}

static void test_find__says_how_it_matched(void **state)
{
    (void)state;
    struct fixture f = begin();
    check_found(f.v, "model.Page.save", NULL, PT_MATCH_EXACT, 1);
    check_found(f.v, "model.py", NULL, PT_MATCH_EXACT, 1);
    check_found(f.v, "Page::save", NULL, PT_MATCH_SUFFIX, 1);
    check_found(f.v, "make", NULL, PT_MATCH_BARE, 1);
    check_found(f.v, "save", NULL, PT_MATCH_BARE, 2);
    check_found(f.v, "model.py:12", NULL, PT_MATCH_EXACT, 1);
    check_found(f.v, "factorail", NULL, PT_MATCH_CLOSE, 2);
    end(&f);
}

static void test_find__keeps_to_the_kinds_file_and_line_wanted(void **state)
{
    (void)state;
    struct fixture f = begin();
    const struct pt_find_options line = {.line = 7}, file = {.file = "math.c"},
                                 other = {.file = "model.py"},
                                 kinds = {.kinds = PT_SET(PT_NODE_METHOD)},
                                 wrong = {.kinds = 1u << 31};
    struct pt_found found;
    check_found(f.v, "save", &line, PT_MATCH_BARE, 1);
    check_found(f.v, "both", &file, PT_MATCH_BARE, 1);
    check_found(f.v, "area", &kinds, PT_MATCH_BARE, 1);
    MUST(pt_view_find(f.v, "both", &other, &found, error));
    assert_int_equal(found.match, PT_MATCH_CLOSE);
    pt_free(found.at);
    REFUSED(PT_EINVAL, pt_view_find(f.v, "both", &wrong, &found, error));
    end(&f);
}

static void test_find__takes_any_text(void **state)
{
    (void)state;
    static const char signs[] = "::..//##<>()@@:!-> \n\t'\"aeb019\x80\xff\xc3";
    struct fixture f = begin();
    uint64_t rng = 1;
    char text[64];
    struct pt_found found;
    for (unsigned round = 0; round < 5000; round++) {
        size_t n = rng_below(&rng, sizeof(text));
        for (size_t i = 0; i < n; i++)
            text[i] = rng_below(&rng, 4) == 0 ? "save"[rng_below(&rng, 4)]
                                              : signs[rng_below(&rng, sizeof(signs) - 1)];
        text[n] = '\0';
        MUST(pt_view_find(f.v, text, NULL, &found, error));
        for (uint32_t i = 0; i < found.n; i++)
            (void)node_of(f.v, found.at[i]);
        pt_free(found.at);
    }
    char *huge = calloc(1, PT_TEXT_MAX + 2);
    assert_non_null(huge);
    memset(huge, ':', PT_TEXT_MAX);
    check_found(f.v, huge, NULL, PT_MATCH_CLOSE, 0);
    huge[PT_TEXT_MAX] = ':';
    REFUSED(PT_EINVAL, pt_view_find(f.v, huge, NULL, &found, error));
    free(huge);
    end(&f);
}

/* ---- edges ---- */

static struct pt_edges edges_of(const struct pt_view *v, uint32_t node, enum pt_direction direction,
                                uint32_t kinds)
{
    struct pt_edges edges;
    MUST(pt_view_edges(v, node, direction, kinds, &edges, error));
    return edges;
}

static bool has_edge(const struct pt_view *v, enum pt_direction direction, const struct pt_edge *e)
{
    bool found = false;
    struct pt_edges edges =
        edges_of(v, direction == PT_OUT ? e->from : e->to, direction, PT_SET(e->kind));
    for (uint32_t i = 0; i < edges.n; i++)
        found |= memcmp(&edges.at[i], e, sizeof(*e)) == 0;
    pt_free(edges.at);
    return found;
}

static void test_edges__are_the_same_from_both_ends(void **state)
{
    (void)state;
    struct fixture f = begin();
    struct pt_nodes all;
    uint32_t n_out = 0, n_in = 0;
    MUST(pt_view_nodes(f.v, 0, &all, error));
    for (uint32_t i = 0; i < all.n; i++) {
        struct pt_edges out = edges_of(f.v, all.at[i], PT_OUT, 0);
        struct pt_edges in = edges_of(f.v, all.at[i], PT_IN, 0);
        for (uint32_t k = 0; k < out.n; k++)
            assert_true(out.at[k].from == all.at[i] && has_edge(f.v, PT_IN, &out.at[k]));
        for (uint32_t k = 0; k < in.n; k++)
            assert_true(in.at[k].to == all.at[i] && has_edge(f.v, PT_OUT, &in.at[k]));
        n_out += out.n;
        n_in += in.n;
        pt_free(out.at);
        pt_free(in.at);
    }
    assert_int_equal(n_out, EDGES);
    assert_int_equal(n_in, EDGES);
    pt_free(all.at);
    end(&f);
}

static void test_edges__come_by_kind_then_in_order_with_their_layers(void **state)
{
    (void)state;
    struct fixture f = begin();
    struct pt_edges edges = edges_of(f.v, id_of(f.v, "model.put"), PT_OUT, 0);
    assert_int_equal(edges.n, 2);
    assert_int_equal(edges.at[0].layer, PT_LAYER_CANDIDATE);
    assert_string_equal(name_of(f.v, edges.at[0].to), "model.Page.save");
    assert_string_equal(name_of(f.v, edges.at[1].to), "model.Draft.save");
    pt_free(edges.at);
    edges = edges_of(f.v, id_of(f.v, "measure"), PT_OUT,
                     PT_SET(PT_EDGE_ACCEPTS) | PT_SET(PT_EDGE_CALLS) | PT_SET(PT_EDGE_RETURNS));
    assert_int_equal(edges.n, 2);
    assert_int_equal(edges.at[0].kind, PT_EDGE_CALLS);
    assert_int_equal(edges.at[0].layer, PT_LAYER_TYPED);
    assert_int_equal(edges.at[1].kind, PT_EDGE_ACCEPTS);
    pt_free(edges.at);
    end(&f);
}

static void test_edges__are_refused_for_what_means_nothing(void **state)
{
    (void)state;
    struct fixture f = begin();
    struct pt_edges edges;
    uint32_t node = id_of(f.v, "both@math.c");
    REFUSED(PT_ENOENT, pt_view_edges(f.v, PT_NONE, PT_OUT, 0, &edges, error));
    REFUSED(PT_EINVAL, pt_view_edges(f.v, node, (enum pt_direction)2, 0, &edges, error));
    REFUSED(PT_EINVAL, pt_view_edges(f.v, node, PT_IN, PT_SET(PT_EDGE_RETURNS + 1), &edges, error));
    end(&f);
}

static void test_sites__are_where_an_edge_is_written(void **state)
{
    (void)state;
    struct fixture f = begin();
    struct pt_sites sites;
    uint32_t both = id_of(f.v, "both@math.c"), factorial = id_of(f.v, "factorial@math.c");
    uint32_t put = id_of(f.v, "put"), save = id_of(f.v, "Draft.save");
    MUST(pt_view_sites(f.v, both, factorial, PT_EDGE_CALLS, &sites, error));
    assert_int_equal(sites.n, 2);
    assert_string_equal(sites.at[0].path, "math.c");
    assert_int_equal(sites.at[0].line, 22);
    assert_int_equal(sites.at[0].column, 22);
    assert_int_equal(sites.at[1].column, 37);
    assert_int_equal(sites.at[1].layer, PT_LAYER_EXACT);
    pt_free(sites.at);
    MUST(pt_view_sites(f.v, put, save, PT_EDGE_CALLS, &sites, error));
    assert_int_equal(sites.n, 1);
    assert_int_equal(sites.at[0].layer, PT_LAYER_CANDIDATE);
    pt_free(sites.at);
    MUST(pt_view_sites(f.v, factorial, both, PT_EDGE_CALLS, &sites, error));
    assert_int_equal(sites.n, 0); /* there is no such edge */
    pt_free(sites.at);
    MUST(pt_view_sites(f.v, node_of(f.v, both).parent, both, PT_EDGE_CONTAINS, &sites, error));
    assert_int_equal(sites.n, 0);
    pt_free(sites.at);
    REFUSED(PT_EINVAL, pt_view_sites(f.v, both, factorial, PT_EDGE_RETURNS + 1, &sites, error));
    REFUSED(PT_EINVAL, pt_view_sites(f.v, both, factorial, 256 + PT_EDGE_CALLS, &sites, error));
    REFUSED(PT_ENOENT, pt_view_sites(f.v, both, 1u << 30, PT_EDGE_CALLS, &sites, error));
    REFUSED(PT_ENOENT, pt_view_sites(f.v, PT_NONE, both, PT_EDGE_CALLS, &sites, error));
    end(&f);
}

/* ---- walks ---- */

static struct pt_reach reach_of(const struct pt_view *v, uint32_t start,
                                enum pt_direction direction, const struct pt_reach_options *options)
{
    struct pt_reach reach;
    MUST(pt_view_reach(v, &start, 1, direction, options, &reach, error));
    return reach;
}

static const struct pt_reached *find_reached(const struct pt_view *v, const struct pt_reach *reach,
                                             const char *name)
{
    for (uint32_t i = 0; i < reach->n; i++) {
        if (strcmp(name_of(v, reach->at[i].node), name) == 0 &&
            node_of(v, reach->at[i].node).kind != PT_NODE_IMPL)
            return &reach->at[i];
    }
    return NULL;
}

/* Each node comes from the one it says, by an edge that is there. */
static void check_reach(const struct pt_view *v, const struct pt_reach *reach, bool in)
{
    for (uint32_t i = 0; i < reach->n; i++) {
        const struct pt_reached *r = &reach->at[i], *via = &reach->at[r->via];
        assert_true(r->via <= i);
        assert_true(i == 0 || r->distance >= reach->at[i - 1].distance);
        assert_int_equal(r->distance, via->distance + (r->distance > 0));
        if (!r->has_edge) {
            assert_int_equal(r->distance, 0);
            assert_int_equal(r->edge.from + r->edge.to + r->edge.kind + r->edge.layer, 0);
            continue;
        }
        assert_true(has_edge(v, PT_OUT, &r->edge));
        bool against = in && r->distance > 0;
        assert_int_equal(r->edge.from, against ? r->node : via->node);
        assert_int_equal(r->edge.to, against ? via->node : r->node);
    }
}

static void test_reach__finds_who_is_affected_and_how_far_away(void **state)
{
    (void)state;
    struct fixture f = begin();
    uint32_t page = id_of(f.v, "Page");
    struct pt_reach reach = reach_of(f.v, page, PT_IN, NULL);
    check_reach(f.v, &reach, true);
    assert_false(reach.truncated);
    assert_int_equal(reach.n, 4); /* Page, Page.save, make, test_make */
    assert_int_equal(reach.at[0].node, page);
    assert_int_equal(reach.at[0].via, 0);
    assert_false(reach.at[0].has_edge);
    assert_int_equal(find_reached(f.v, &reach, "model.Page.save")->distance, 0);
    assert_int_equal(find_reached(f.v, &reach, "model.make")->distance, 1);
    assert_int_equal(find_reached(f.v, &reach, "test_model.test_make")->distance, 2);
    pt_free(reach.at);
    reach = reach_of(f.v, id_of(f.v, "test_make"), PT_OUT, NULL);
    check_reach(f.v, &reach, false);
    assert_int_equal(reach.n, 4); /* itself, make, Page, put */
    pt_free(reach.at);
    end(&f);
}

static void test_reach__heeds_its_options(void **state)
{
    (void)state;
    struct fixture f = begin();
    uint32_t page = id_of(f.v, "Page");
    static const struct {
        struct pt_reach_options options;
        uint32_t n;
        bool truncated;
    } cases[] = {
        {{0}, 4, false},
        {{.max_depth = 1}, 3, false},
        {{.max_depth = UINT32_MAX}, 4, false},
        {{.no_tests = true}, 3, false},
        {{.candidates = true}, 5, false}, /* put calls a save of some class */
        {{.starts_alone = true}, 3, false},
        {{.max_nodes = 3}, 3, true},
        {{.max_nodes = 4}, 4, false},
        {{.max_nodes = 1}, 1, true},
        {{.kinds = PT_SET(PT_EDGE_RETURNS)}, 2, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct pt_reach reach = reach_of(f.v, page, PT_IN, &cases[i].options);
        check_reach(f.v, &reach, true);
        if (reach.n != cases[i].n || reach.truncated != cases[i].truncated)
            fail_msg("case %zu: %u nodes", i, reach.n);
        pt_free(reach.at);
    }
    end(&f);
}

static void test_reach__takes_a_type_with_its_impl_blocks(void **state)
{
    (void)state;
    struct fixture f = begin();
    struct pt_nodes impls;
    struct pt_reach reach = reach_of(f.v, id_of(f.v, "Shape"), PT_IN, NULL);
    MUST(pt_view_nodes(f.v, PT_SET(PT_NODE_IMPL), &impls, error));
    assert_int_equal(impls.n, 1);
    check_reach(f.v, &reach, true);
    uint32_t i = 0;
    while (i < reach.n && reach.at[i].node != impls.at[0])
        i++;
    assert_in_range(i, 1, reach.n - 1);
    assert_int_equal(reach.at[i].distance, 0);
    assert_int_equal(reach.at[i].via, 0);
    assert_false(reach.at[i].has_edge); /* none leads from a type to them */
    assert_int_equal(find_reached(f.v, &reach, "crate::shape::Shape::area")->via, i);
    assert_int_equal(find_reached(f.v, &reach, "crate::shape::measure")->distance, 1);
    pt_free(impls.at);
    pt_free(reach.at);
    end(&f);
}

static void test_reach__takes_several_starts_and_none(void **state)
{
    (void)state;
    struct fixture f = begin();
    uint32_t even = id_of(f.v, "even"), odd = id_of(f.v, "math.c:10");
    const uint32_t starts[] = {odd, even, odd};
    struct pt_reach reach;
    MUST(pt_view_reach(f.v, starts, 3, PT_IN, NULL, &reach, error));
    check_reach(f.v, &reach, true);
    assert_int_equal(reach.n, 3); /* both calls even */
    assert_int_equal(reach.at[0].node, odd);
    assert_int_equal(reach.at[1].node, even);
    assert_int_equal(reach.at[1].via, 1);
    pt_free(reach.at);
    MUST(pt_view_reach(f.v, NULL, 0, PT_OUT, NULL, &reach, error));
    assert_int_equal(reach.n, 0);
    pt_free(reach.at);
    end(&f);
}

static void test_reach__is_refused_for_what_means_nothing(void **state)
{
    (void)state;
    struct fixture f = begin();
    const struct pt_reach_options wrong = {.kinds = 1u << 20};
    const uint32_t starts[] = {id_of(f.v, "even"), PT_NONE};
    struct pt_reach reach = {.n = 77};
    REFUSED(PT_ENOENT, pt_view_reach(f.v, starts, 2, PT_IN, NULL, &reach, error));
    REFUSED(PT_EINVAL, pt_view_reach(f.v, starts, 1, (enum pt_direction)9, NULL, &reach, error));
    REFUSED(PT_EINVAL, pt_view_reach(f.v, starts, 1, PT_IN, &wrong, &reach, error));
    REFUSED(PT_ENOENT, pt_view_path(f.v, starts[0], starts[1], NULL, &reach, error));
    REFUSED(PT_ENOENT, pt_view_path(f.v, starts[1], starts[0], NULL, &reach, error));
    REFUSED(PT_EINVAL, pt_view_path(f.v, starts[0], starts[0], &wrong, &reach, error));
    assert_int_equal(reach.n, 77);
    end(&f);
}

static void test_path__leads_from_one_node_to_the_other(void **state)
{
    (void)state;
    static const struct pt_reach_options one = {.max_depth = 1}, two = {.max_nodes = 2};
    struct fixture f = begin();
    uint32_t test = id_of(f.v, "test_make"), put = id_of(f.v, "put");
    struct pt_reach path;
    MUST(pt_view_path(f.v, test, put, NULL, &path, error));
    check_reach(f.v, &path, false);
    assert_int_equal(path.n, 3);
    assert_int_equal(path.at[0].node, test);
    assert_string_equal(name_of(f.v, path.at[1].node), "model.make");
    assert_int_equal(path.at[2].node, put);
    assert_int_equal(path.at[2].distance, 2);
    assert_int_equal(path.at[2].edge.kind, PT_EDGE_CALLS);
    pt_free(path.at);
    MUST(pt_view_path(f.v, put, test, NULL, &path, error));
    assert_int_equal(path.n, 0);
    assert_false(path.truncated);
    pt_free(path.at);
    MUST(pt_view_path(f.v, test, put, &one, &path, error));
    assert_int_equal(path.n, 0);
    pt_free(path.at);
    MUST(pt_view_path(f.v, test, put, &two, &path, error));
    assert_int_equal(path.n, 0);
    assert_true(path.truncated);
    pt_free(path.at);
    MUST(pt_view_path(f.v, put, put, NULL, &path, error));
    assert_int_equal(path.n, 1);
    assert_int_equal(path.at[0].node, put);
    pt_free(path.at);
    end(&f);
}

/* ---- cycles ---- */

static void test_cycles__come_with_their_members_and_a_way_round(void **state)
{
    (void)state;
    static const struct pt_cycle_options loops = {.self_loops = true};
    struct fixture f = begin();
    struct pt_cycles cycles;
    uint32_t even = id_of(f.v, "even"), odd = id_of(f.v, "math.c:10");
    MUST(pt_view_cycles(f.v, PT_CYCLES_FUNCTION, NULL, &cycles, error));
    assert_int_equal(cycles.n, 1);
    const struct pt_cycle *c = &cycles.at[0];
    assert_int_equal(c->n_members, 2);
    assert_int_equal(c->members[0], even);
    assert_int_equal(c->members[1], odd);
    assert_int_equal(c->n_steps, 2);
    assert_int_equal(c->steps[0].node, even);
    assert_int_equal(c->steps[0].from, even);
    assert_int_equal(c->steps[0].to, odd);
    assert_int_equal(c->steps[1].node, odd);
    assert_int_equal(c->steps[1].kind, PT_EDGE_CALLS);
    pt_free(cycles.at);
    MUST(pt_view_cycles(f.v, PT_CYCLES_FUNCTION, &loops, &cycles, error));
    assert_int_equal(cycles.n, 2);
    assert_int_equal(cycles.at[1].n_members, 1);
    assert_string_equal(name_of(f.v, cycles.at[1].members[0]), "math.c::factorial");
    assert_int_equal(cycles.at[1].n_steps, 1);
    pt_free(cycles.at);
    MUST(pt_view_cycles(f.v, PT_CYCLES_FILE, NULL, &cycles, error));
    assert_int_equal(cycles.n, 0);
    pt_free(cycles.at);
    REFUSED(PT_EINVAL, pt_view_cycles(f.v, (enum pt_cycle_level)4, NULL, &cycles, error));
    REFUSED(PT_EINVAL, pt_view_cycles(f.v, (enum pt_cycle_level) - 1, NULL, &cycles, error));
    end(&f);
}

/* ---- no memory, no disk ---- */

/* What the questions below are about: a call that has a site. */
struct probe {
    const struct pt_view *v;
    uint32_t from, to;
};

static int asked(int rc, void *at)
{
    assert_true(rc == PT_OK || at == NULL);
    pt_free(at);
    return rc;
}

static int ask_find(const struct probe *p)
{
    struct pt_found r = {0};
    int rc = pt_view_find(p->v, "save", NULL, &r, NULL);
    return asked(rc, r.at);
}

static int ask_proposals(const struct probe *p)
{
    struct pt_found r = {0};
    int rc = pt_view_find(p->v, "factorail", NULL, &r, NULL);
    return asked(rc, r.at);
}

static int ask_nodes(const struct probe *p)
{
    struct pt_nodes r = {0};
    int rc = pt_view_nodes(p->v, PT_SET(PT_NODE_METHOD), &r, NULL);
    return asked(rc, r.at);
}

static int ask_edges(const struct probe *p)
{
    struct pt_edges r = {0};
    int rc = pt_view_edges(p->v, p->from, PT_OUT, 0, &r, NULL);
    return asked(rc, r.at);
}

static int ask_sites(const struct probe *p)
{
    struct pt_sites r = {0};
    int rc = pt_view_sites(p->v, p->from, p->to, PT_EDGE_CALLS, &r, NULL);
    return asked(rc, r.at);
}

static int ask_reach(const struct probe *p)
{
    struct pt_reach r = {0};
    int rc = pt_view_reach(p->v, &p->to, 1, PT_IN, NULL, &r, NULL);
    return asked(rc, r.at);
}

static int ask_path(const struct probe *p)
{
    struct pt_reach r = {0};
    int rc = pt_view_path(p->v, p->from, p->to, NULL, &r, NULL);
    return asked(rc, r.at);
}

static int ask_cycles(const struct probe *p)
{
    struct pt_cycles r = {0};
    int rc = pt_view_cycles(p->v, PT_CYCLES_FUNCTION, NULL, &r, NULL);
    return asked(rc, r.at);
}

static int ask_root(const struct probe *p)
{
    struct pt_root r;
    return pt_view_root(p->v, &r, NULL);
}

static int (*const questions[])(const struct probe *p) = {ask_find,  ask_proposals, ask_nodes,
                                                          ask_edges, ask_sites,     ask_reach,
                                                          ask_path,  ask_cycles,    ask_root};

/* With the n-th allocation failing, until there is no n-th. Walks allocate less from time to
 * time. */
static bool ask_failing(const struct probe *p, size_t question, uint64_t n)
{
    fault_arm("mem.alloc", n, ENOMEM);
    int rc = questions[question](p);
    bool fired = fault_fired();
    fault_disarm_all();
    assert_int_equal(rc, fired ? PT_ENOMEM : PT_OK);
    assert_int_equal(questions[question](p), PT_OK);
    return fired;
}

static void test_questions__survive_each_failing_allocation(void **state)
{
    (void)state;
    struct fixture f = begin();
    struct probe p = {f.v, id_of(f.v, "both@math.c"), id_of(f.v, "factorial@math.c")};
    for (size_t q = 0; q < sizeof(questions) / sizeof(*questions); q++) {
        uint64_t n = 1;
        while (ask_failing(&p, q, n))
            n++;
        assert_true(n > 1);
        bool fired = true;
        for (n = 1; fired; n++) { /* of a workspace that has no scratch yet */
            struct fixture cold = {.w = open_tree("tree")};
            p.v = cold.v = pinned(cold.w);
            fired = ask_failing(&p, q, n);
            end(&cold);
        }
        p.v = f.v;
    }
    end(&f);
}

static void test_open__survives_each_failing_allocation(void **state)
{
    (void)state;
    struct fixture f = begin();
    end(&f);
    bool fired = true;
    for (uint64_t n = 1; fired; n++) {
        struct pt_workspace *w = NULL;
        struct pt_view *v = NULL;
        fault_arm("mem.alloc", n, ENOMEM);
        int rc = pt_workspace_open("tree", &w, NULL);
        if (rc == PT_OK)
            rc = pt_workspace_pin(w, &v, NULL);
        fired = fault_fired();
        fault_disarm_all();
        /* Some that fail only cost time: whether the image was checked before, say. */
        assert_true(rc == PT_OK || (fired && rc == PT_ENOMEM));
        pt_view_unpin(v);
        pt_workspace_close(w);
    }
    f.w = open_tree("tree");
    assert_null(pt_workspace_notice(f.w));
    f.v = pinned(f.w);
    end(&f);
}

/* Whatever happened, there is a whole graph, and the tree can be indexed. */
static void check_usable(struct pt_workspace *w)
{
    struct pt_info info;
    struct pt_view *v = pinned(w);
    pt_view_info(v, &info);
    assert_int_equal(info.nodes, NODES);
    assert_int_equal(info.edges, EDGES);
    const struct probe p = {v, id_of(v, "both@math.c"), id_of(v, "factorial@math.c")};
    assert_int_equal(ask_reach(&p), PT_OK);
    pt_view_unpin(v);
}

static int index_with(struct pt_workspace *w, const char *point, uint64_t nth, int err_no,
                      bool *ret_fired)
{
    fault_arm_from(point, nth, err_no);
    int rc = pt_workspace_index(w, &one_thread, &(struct pt_index_report){0}, NULL);
    *ret_fired = fault_fired();
    if (rc != PT_OK) { /* the graph may have to be opened again, which then fails */
        struct pt_view *v = NULL;
        if (pt_workspace_pin(w, &v, NULL) == PT_OK)
            pt_view_unpin(v);
        else
            assert_null(v);
    }
    fault_disarm_all();
    return rc;
}

static uint64_t hits_of_index(struct pt_workspace *w, const char *point)
{
    fault_arm(point, 0, EIO);
    MUST(pt_workspace_index(w, &one_thread, NULL, error));
    uint64_t n = fault_count(point);
    fault_disarm_all();
    return n;
}

/* From the n-th on, all fail. Most are of the parsing, for which some of all n will do; each of the
 * last ones is tried, by which the graph is written and opened again. */
static void check_failing_index(const char *point, int err_no, uint64_t last)
{
    struct fixture f = begin();
    pt_view_unpin(f.v);
    uint64_t hits = hits_of_index(f.w, point);
    uint64_t step = hits > last ? 1 + (hits - last) / 25 : 1;
    bool fired = true;
    assert_true(hits > 10);
    for (uint64_t n = 1; n <= hits; n += n + last < hits ? step : 1) {
        (void)index_with(f.w, point, n, err_no, &fired);
        assert_true(fired);
        check_usable(f.w);
    }
    MUST(pt_workspace_index(f.w, NULL, NULL, error));
    check_usable(f.w);
    pt_workspace_close(f.w);
}

static void test_index__leaves_a_usable_workspace_when_memory_is_short(void **state)
{
    (void)state;
    check_failing_index("mem.alloc", ENOMEM, 100);
}

static void test_index__leaves_a_usable_workspace_when_the_disk_fails(void **state)
{
    (void)state;
    check_failing_index("io.*", EIO, 100);
}

/* ---- threads ---- */

#define ROUNDS 12u

struct crowd {
    struct pt_workspace *w;
    atomic_bool over;
    atomic_uint wrong, answers, shut_out;
};

static void pause_for(long microseconds)
{
    const struct timespec t = {.tv_nsec = microseconds * 1000};
    (void)nanosleep(&t, NULL);
}

/* A test cannot be failed from another thread, so what is wrong is counted. */
static void expect(struct crowd *c, bool ok)
{
    atomic_fetch_add(&c->wrong, !ok);
}

/* There is one function more in every second version of the tree. */
static void read_view(struct crowd *c, const struct pt_view *v)
{
    struct pt_info info;
    struct pt_found found = {0};
    pt_view_info(v, &info);
    expect(c, info.nodes == NODES || info.nodes == NODES + 1);
    expect(c, pt_view_find(v, "factorial@math.c", NULL, &found, NULL) == PT_OK && found.n == 1);
    for (unsigned i = 0; i < 20 && found.n == 1; i++) {
        struct pt_reach reach = {0};
        int rc = pt_view_reach(v, found.at, 1, PT_IN, NULL, &reach, NULL);
        expect(c, rc == PT_OK && reach.n == 2 + (info.nodes - NODES));
        pt_free(reach.at);
    }
    pt_free(found.at);
    atomic_fetch_add(&c->answers, 1);
}

static void *read_on(void *ctx)
{
    struct crowd *c = ctx;
    while (!atomic_load(&c->over)) {
        struct pt_view *v = NULL;
        int rc = pt_workspace_pin(c->w, &v, NULL);
        expect(c, rc == PT_OK || rc == PT_EBUSY);
        atomic_fetch_add(&c->shut_out, rc == PT_EBUSY);
        if (rc == PT_OK)
            read_view(c, v);
        pt_view_unpin(v);
        pause_for(300); /* or the indexer never finds a moment without views */
    }
    return NULL;
}

static void *check_on(void *ctx)
{
    struct crowd *c = ctx;
    while (!atomic_load(&c->over)) {
        uint32_t stale = 0;
        int rc = pt_workspace_check(c->w, &stale, NULL);
        expect(c, (rc == PT_OK && stale <= 1) || rc == PT_EBUSY);
        pause_for(1000);
    }
    return NULL;
}

static void index_on(struct crowd *c)
{
    for (unsigned round = 0; round < ROUNDS;) {
        make_file("tree/math.c", math_c);
        if (round % 2 == 0) {
            FILE *f = fopen("tree/math.c", "a");
            assert_non_null(f);
            fputs("int more(void) { return factorial(3); }\n", f);
            fclose(f);
        }
        int rc = pt_workspace_index(c->w, NULL, NULL, NULL);
        expect(c, rc == PT_OK || rc == PT_EBUSY);
        round += rc == PT_OK;
        pause_for(100);
    }
}

static void test_threads__read_and_check_while_one_indexes(void **state)
{
    (void)state;
    struct fixture f = begin();
    struct crowd c = {.w = f.w};
    pthread_t readers[2], checker;
    pt_view_unpin(f.v);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &c), 0);
    assert_int_equal(pthread_create(&checker, NULL, check_on, &c), 0);
    index_on(&c);
    atomic_store(&c.over, true);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    assert_int_equal(pthread_join(checker, NULL), 0);
    assert_int_equal(atomic_load(&c.wrong), 0);
    assert_true(atomic_load(&c.answers) > 0);
    assert_true(atomic_load(&c.shut_out) > 0);
    f.v = pinned(f.w);
    end(&f);
}

static void *read_one(void *ctx)
{
    struct crowd *c = ctx;
    struct pt_view *v = NULL;
    expect(c, pt_workspace_pin(c->w, &v, NULL) == PT_OK);
    for (unsigned i = 0; i < 50 && v != NULL; i++)
        read_view(c, v);
    pt_view_unpin(v);
    return NULL;
}

/* One view read by all, and a view for each. */
static void test_threads__ask_at_once(void **state)
{
    (void)state;
    struct fixture f = begin();
    struct crowd c = {.w = f.w};
    pthread_t readers[4];
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_one, &c), 0);
    for (unsigned i = 0; i < 50; i++)
        read_view(&c, f.v);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    assert_int_equal(atomic_load(&c.wrong), 0);
    assert_int_equal(atomic_load(&c.answers), 250);
    end(&f);
}

/* Makes the workspace lose its graph: what was committed could not be opened again. */
static void lose_graph(struct pt_workspace *w)
{
    bool lost = false;
    for (uint64_t n = hits_of_index(w, "io.open"); n > 0 && !lost; n--) {
        struct pt_view *v = NULL;
        fault_arm_from("io.open", n, EMFILE);
        (void)pt_workspace_index(w, &one_thread, NULL, NULL);
        lost = pt_workspace_pin(w, &v, NULL) != PT_OK;
        fault_disarm_all();
        pt_view_unpin(v);
    }
    assert_true(lost);
}

static void test_threads__find_a_lost_graph_again(void **state)
{
    (void)state;
    struct fixture f = begin();
    struct crowd c = {.w = f.w};
    pthread_t readers[4];
    pt_view_unpin(f.v);
    lose_graph(f.w);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_one, &c), 0);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    assert_int_equal(atomic_load(&c.wrong), 0);
    pt_workspace_close(f.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words__every_kind_and_layer_has_a_name_that_leads_back),
        IN_NEW_DIR(test_open__refuses_what_is_no_folder),
        IN_NEW_DIR(test_open__takes_the_repository_around_the_folder),
        IN_NEW_DIR(test_open__of_a_new_tree_is_an_empty_graph),
        IN_NEW_DIR(test_open__sets_a_damaged_graph_aside_and_says_so),
        IN_NEW_DIR(test_index__reports_what_the_view_then_says),
        IN_NEW_DIR(test_index__is_what_whoever_opens_next_finds),
        IN_NEW_DIR(test_check__counts_what_changed_while_views_are_pinned),
        IN_NEW_DIR(test_index__takes_the_home_only_by_force),
        IN_NEW_DIR(test_index__goes_on_without_ignore_files_until_told_otherwise),
        IN_NEW_DIR(test_index__is_refused_while_views_are_pinned),
        IN_NEW_DIR(test_index__fails_when_the_tree_has_gone_and_the_graph_stays),
        IN_NEW_DIR(test_pin__beyond_the_limit_is_refused),
        IN_NEW_DIR(test_root__is_equal_for_equal_trees_and_differs_for_others),
        IN_NEW_DIR(test_node__tells_what_it_is_and_where),
        IN_NEW_DIR(test_node__is_refused_where_there_is_none),
        IN_NEW_DIR(test_find_sig__leads_from_view_to_view),
        IN_NEW_DIR(test_nodes__are_those_of_the_kinds_in_order),
        IN_NEW_DIR(test_find__says_how_it_matched),
        IN_NEW_DIR(test_find__keeps_to_the_kinds_file_and_line_wanted),
        IN_NEW_DIR(test_find__takes_any_text),
        IN_NEW_DIR(test_edges__are_the_same_from_both_ends),
        IN_NEW_DIR(test_edges__come_by_kind_then_in_order_with_their_layers),
        IN_NEW_DIR(test_edges__are_refused_for_what_means_nothing),
        IN_NEW_DIR(test_sites__are_where_an_edge_is_written),
        IN_NEW_DIR(test_reach__finds_who_is_affected_and_how_far_away),
        IN_NEW_DIR(test_reach__heeds_its_options),
        IN_NEW_DIR(test_reach__takes_a_type_with_its_impl_blocks),
        IN_NEW_DIR(test_reach__takes_several_starts_and_none),
        IN_NEW_DIR(test_reach__is_refused_for_what_means_nothing),
        IN_NEW_DIR(test_path__leads_from_one_node_to_the_other),
        IN_NEW_DIR(test_cycles__come_with_their_members_and_a_way_round),
        IN_NEW_DIR(test_questions__survive_each_failing_allocation),
        IN_NEW_DIR(test_open__survives_each_failing_allocation),
        IN_NEW_DIR(test_index__leaves_a_usable_workspace_when_memory_is_short),
        IN_NEW_DIR(test_index__leaves_a_usable_workspace_when_the_disk_fails),
        IN_NEW_DIR(test_threads__read_and_check_while_one_indexes),
        IN_NEW_DIR(test_threads__ask_at_once),
        IN_NEW_DIR(test_threads__find_a_lost_graph_again),
    };
    return RUN_TESTS(tests);
}
