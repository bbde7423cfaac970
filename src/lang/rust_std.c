/* Rust: modules and files, and what is known of the standard library. */
#include "lang/rust.h"

/* ---- module names ---- */

static bool starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* `a/b.rs` and `a/b/mod.rs` -> `::a::b`; the root file of a crate -> nothing. */
static void add_modules(struct buf *ret, const char *rest)
{
    size_t n = strlen(rest);
    if (n > 3 && strcmp(rest + n - 3, ".rs") == 0)
        n -= 3;
    struct slice s = slice_of(rest, n);
    if (slice_eq(s, SLICE("lib")) || slice_eq(s, SLICE("main")) || slice_eq(s, SLICE("mod")))
        return;
    if (slice_ends(s, SLICE("/mod")))
        s.n -= 4;
    buf_str(ret, "::");
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '/')
            buf_str(ret, "::");
        else
            buf_char(ret, s.p[i]);
    }
}

/* A test, example, benchmark, program or build script is a crate of its own. It is called by its
 * path, which no crate's name can be: tests/x.rs -> tests/x, tests/x/y.rs -> tests/x::y. */
static void target_name(struct buf *ret, const char *path, const char *own)
{
    const char *slash = strchr(own, '/');
    size_t n = slash != NULL ? (size_t)(slash - path) : strlen(path);
    if (slash == NULL && n > 3 && strcmp(path + n - 3, ".rs") == 0)
        n -= 3;
    buf_add(ret, path, n);
    if (slash != NULL)
        add_modules(ret, slash + 1);
}

/* The folder that the crate around `path` lies in, as far as its path tells: the one above src/. */
static size_t guess_crate(const char *path, struct buf *ret_name)
{
    const char *src = starts(path, "src/") ? path : strstr(path, "/src/");
    const char *from = path;
    size_t n = src == NULL || src == path ? 0 : (size_t)(src - path);
    for (size_t i = 0; i < n; i++) {
        if (path[i] == '/')
            from = path + i + 1;
    }
    for (const char *c = from; c < path + n; c++)
        buf_char(ret_name, *c == '-' ? '_' : *c);
    if (n == 0)
        buf_str(ret_name, "crate");
    return n;
}

static bool has_library(const struct lang_tree *tree, const char *path, size_t dir)
{
    struct buf lib = {0};
    buf_add(&lib, path, dir);
    buf_str(&lib, dir > 0 ? "/src/lib.rs" : "src/lib.rs");
    bool has = !lib.failed && tree->has_file(tree->ctx, lib.p, lib.n);
    buf_release(&lib);
    return has;
}

void rust_module_name(const struct lang_tree *tree, const char *path, struct buf *ret)
{
    static const char *const targets[] = {"tests/", "examples/", "benches/", "src/bin/", NULL};
    struct buf crate = {0}, folder = {0};
    size_t dir;

    if (tree->package_of(tree->ctx, path, &crate, &folder)) {
        dir = folder.n;
    } else {
        buf_reset(&crate);
        dir = guess_crate(path, &crate);
    }
    const char *own = dir > 0 ? path + dir + 1 : path;
    for (const char *const *t = targets; *t != NULL; t++) {
        if (starts(own, *t)) {
            target_name(ret, path, own + strlen(*t));
            goto out;
        }
    }
    if (strcmp(own, "build.rs") == 0) {
        target_name(ret, path, own);
    } else if (strcmp(own, "src/main.rs") == 0 && has_library(tree, path, dir)) {
        target_name(ret, path, own + 4);
    } else {
        buf_slice(ret, buf_as_slice(&crate));
        add_modules(ret, starts(own, "src/") ? own + 4 : own);
    }
out:
    ret->failed = ret->failed || crate.failed || folder.failed;
    buf_release(&crate);
    buf_release(&folder);
}

/* ---- mod x; ---- */

static bool holds_children_beside(const char *base)
{
    return strcmp(base, "mod.rs") == 0 || strcmp(base, "lib.rs") == 0 ||
           strcmp(base, "main.rs") == 0;
}

/* Appends `rest` to the folder in ret, with "." and ".." taken away; false if that leaves the
 * tree. "::" is a separator too. */
static bool join(struct buf *ret, struct slice rest)
{
    for (size_t i = 0; i <= rest.n;) {
        size_t from = i;
        while (i < rest.n && rest.p[i] != '/' && rest.p[i] != '\\' && rest.p[i] != ':')
            i++;
        struct slice part = slice_of(rest.p + from, i - from);
        i++;
        if (part.n == 0 || slice_eq(part, SLICE(".")))
            continue;
        if (slice_eq(part, SLICE(".."))) {
            if (ret->n == 0)
                return false;
            while (ret->n > 0 && ret->p[ret->n - 1] != '/')
                ret->n--;
            ret->n -= ret->n > 0;
            continue;
        }
        if (ret->n > 0)
            buf_char(ret, '/');
        buf_slice(ret, part);
    }
    return !ret->failed;
}

static bool try_file(const struct lang_tree *tree, struct slice folder, struct slice module,
                     const char *suffix, struct buf *ret)
{
    buf_reset(ret);
    if (!join(ret, folder) || !join(ret, module))
        return false;
    buf_str(ret, suffix);
    return !ret->failed && tree->has_file(tree->ctx, ret->p, ret->n);
}

static bool try_module(const struct lang_tree *tree, struct slice folder, const char *spelled,
                       struct buf *ret)
{
    const char *file = strchr(spelled, '=');
    struct buf whole = {0};
    bool found;

    if (file == NULL)
        return try_file(tree, folder, slice_from(spelled), ".rs", ret) ||
               try_file(tree, folder, slice_from(spelled), "/mod.rs", ret);
    buf_add(&whole, spelled, (size_t)(file - spelled));
    buf_str(&whole, file + 1);
    found = !whole.failed && try_file(tree, folder, buf_as_slice(&whole), "", ret);
    buf_release(&whole);
    return found;
}

/* `spelled` is ::a for the crate a, a::b::x for `mod a { mod b { mod x; } }`, and a::b::=file with
 * #[path = "file"]. The root file of a crate has its modules beside it, as mod.rs has; any other
 * file in a folder of its name. What is a root only the manifest says, so both are tried. */
bool rust_find_module(const struct lang_tree *tree, const char *path, const char *spelled,
                      struct buf *ret)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    struct slice beside = slice_of(path, slash != NULL ? (size_t)(slash - path) : 0);
    size_t n = strlen(path);
    struct slice below = slice_of(path, n > 3 ? n - 3 : n);

    if (starts(spelled, "::")) { /* a module name, if the crate is in the tree at all */
        buf_str(ret, spelled + 2);
        return !ret->failed;
    }
    if (!holds_children_beside(base) && spelled[0] != '=' && try_module(tree, below, spelled, ret))
        return true;
    return try_module(tree, beside, spelled, ret);
}

bool rust_is_test_path(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct slice base = slice_from(slash != NULL ? slash + 1 : path);
    return starts(path, "tests/") || starts(path, "benches/") || strstr(path, "/tests/") != NULL ||
           strstr(path, "/benches/") != NULL || slice_eq(base, SLICE("tests.rs")) ||
           slice_eq(base, SLICE("test.rs")) || slice_ends(base, SLICE("_test.rs")) ||
           slice_ends(base, SLICE("_tests.rs"));
}

/* ---- the standard library ---- */

/* clang-format off */
const struct lang_member rust_members[] = {
    /* any type */
    {"*", "clone", "self"}, {"*", "to_owned", "self"}, {"*", "borrow", "self"},
    {"*", "borrow_mut", "self"}, {"*", "as_ref", "self"}, {"*", "as_mut", "self"},
    {"*", "by_ref", "self"}, {"*", "to_string", "String"}, {"*", "default", "self"},
    {"*", "into_iter", "self"}, {"*", "min", "self"}, {"*", "max", "self"},
    {"*", "clamp", "self"}, {"*", "eq", "bool"}, {"*", "ne", "bool"}, {"*", "lt", "bool"},
    {"*", "le", "bool"}, {"*", "gt", "bool"}, {"*", "ge", "bool"}, {"*", "cmp", "Ordering"},
    {"*", "partial_cmp", "Option<Ordering>"}, {"*", "deref", "below"}, {"*", "deref_mut", "below"},
    /* constructors of library types */
    {"*", "new", "self"}, {"*", "with_capacity", "self"}, {"*", "from", "self"},
    {"*", "from_iter", "self"},
    {"Box", "new", "Box<arg>"}, {"Rc", "new", "Rc<arg>"}, {"Arc", "new", "Arc<arg>"},
    {"Box", "pin", "Pin<arg>"}, {"Pin", "new", "Pin<arg>"}, {"Cell", "new", "Cell<arg>"},
    {"RefCell", "new", "RefCell<arg>"}, {"Mutex", "new", "Mutex<arg>"},
    {"RwLock", "new", "RwLock<arg>"}, {"OnceCell", "new", "OnceCell<0>"},
    {"Box", "from", "Box<arg>"}, {"Rc", "from", "Rc<arg>"}, {"Arc", "from", "Arc<arg>"},
    {"Cow", "Borrowed", "Cow<arg>"}, {"Cow", "Owned", "Cow<arg>"},
    {"Wrapping", "new", "Wrapping<arg>"}, {"NonNull", "from", "NonNull<arg>"},
    {"", "Some", "Option<arg>"}, {"", "Ok", "Result<arg>"}, {"", "Err", "Result<,arg>"},
    /* free functions */
    {"mem", "replace", "arg"}, {"mem", "take", "arg"}, {"", "replace", "arg"},
    {"", "take", "arg"}, {"cmp", "max", "arg"}, {"cmp", "min", "arg"}, {"", "max", "arg"},
    {"", "min", "arg"}, {"iter", "once", "Iterator<arg>"}, {"iter", "repeat", "Iterator<arg>"},
    {"iter", "empty", "Iterator"}, {"ptr", "read", "arg"}, {"slice", "from_ref", "slice<arg>"},
    /* Option */
    {"Option", "unwrap", "0"}, {"Option", "expect", "0"}, {"Option", "unwrap_or", "0"},
    {"Option", "unwrap_or_else", "0"}, {"Option", "unwrap_or_default", "0"},
    {"Option", "unwrap_unchecked", "0"}, {"Option", "map", "Option<arg.call>"},
    {"Option", "and_then", "arg.call"}, {"Option", "filter", "self"}, {"Option", "or", "self"},
    {"Option", "or_else", "self"}, {"Option", "take", "self"}, {"Option", "replace", "self"},
    {"Option", "insert", "0"}, {"Option", "get_or_insert", "0"},
    {"Option", "get_or_insert_with", "0"}, {"Option", "ok_or", "Result<0,arg>"},
    {"Option", "ok_or_else", "Result<0,arg.call>"}, {"Option", "as_deref", "self"},
    {"Option", "as_deref_mut", "self"}, {"Option", "cloned", "self"}, {"Option", "copied", "self"},
    {"Option", "iter", "Iterator<0>"}, {"Option", "iter_mut", "Iterator<0>"},
    {"Option", "is_some", "bool"}, {"Option", "is_none", "bool"}, {"Option", "map_or", "arg"},
    {"Option", "map_or_else", "arg.call"}, {"Option", "flatten", "0"},
    {"Option", "zip", "Option<(0,arg.elem)>"}, {"Option", "xor", "self"},
    /* Result */
    {"Result", "unwrap", "0"}, {"Result", "expect", "0"}, {"Result", "unwrap_or", "0"},
    {"Result", "unwrap_or_else", "0"}, {"Result", "unwrap_or_default", "0"},
    {"Result", "unwrap_err", "1"}, {"Result", "expect_err", "1"}, {"Result", "ok", "Option<0>"},
    {"Result", "err", "Option<1>"}, {"Result", "map", "Result<arg.call,1>"},
    {"Result", "map_err", "Result<0,arg.call>"}, {"Result", "and_then", "arg.call"},
    {"Result", "or_else", "self"}, {"Result", "or", "self"}, {"Result", "iter", "Iterator<0>"},
    {"Result", "is_ok", "bool"}, {"Result", "is_err", "bool"}, {"Result", "map_or", "arg"},
    {"Result", "as_deref", "self"}, {"Result", "cloned", "self"}, {"Result", "copied", "self"},
    /* cells and locks */
    {"Cell", "get", "0"}, {"Cell", "take", "0"}, {"Cell", "replace", "0"},
    {"Cell", "into_inner", "0"}, {"RefCell", "borrow", "0"}, {"RefCell", "borrow_mut", "0"},
    {"RefCell", "get_mut", "0"}, {"RefCell", "into_inner", "0"}, {"RefCell", "take", "0"},
    {"RefCell", "replace", "0"}, {"RefCell", "try_borrow", "Result<0>"},
    {"RefCell", "try_borrow_mut", "Result<0>"}, {"Mutex", "lock", "Result<0>"},
    {"Mutex", "try_lock", "Result<0>"}, {"Mutex", "get_mut", "Result<0>"},
    {"Mutex", "into_inner", "Result<0>"}, {"RwLock", "read", "Result<0>"},
    {"RwLock", "write", "Result<0>"}, {"RwLock", "into_inner", "Result<0>"},
    {"OnceCell", "get", "Option<0>"}, {"OnceCell", "get_or_init", "0"},
    {"OnceLock", "get", "Option<0>"}, {"OnceLock", "get_or_init", "0"},
    {"Rc", "downgrade", "Weak<arg>"}, {"Arc", "downgrade", "Weak<arg>"},
    {"Weak", "upgrade", "Option<0>"}, {"Rc", "get_mut", "Option<arg>"},
    {"Arc", "get_mut", "Option<arg>"}, {"Rc", "make_mut", "arg"}, {"Arc", "make_mut", "arg"},
    {"Rc", "try_unwrap", "Result<arg>"}, {"Arc", "try_unwrap", "Result<arg>"},
    {"Box", "leak", "arg"}, {"Box", "into_inner", "0"}, {"Box", "as_ref", "0"},
    {"Box", "as_mut", "0"}, {"Rc", "as_ref", "0"}, {"Arc", "as_ref", "0"}, {"Cow", "as_ref", "0"},
    {"Box", "deref", "0"}, {"Rc", "deref", "0"}, {"Arc", "deref", "0"}, {"Cow", "deref", "0"},
    {"Cow", "into_owned", "0"},
    {"Cow", "to_mut", "0"}, {"NonNull", "as_ref", "0"}, {"NonNull", "as_mut", "0"},
    {"NonNull", "as_ptr", "0"},
    /* sequences */
    {"Vec", "pop", "Option<0>"}, {"Vec", "remove", "0"}, {"Vec", "swap_remove", "0"},
    {"Vec", "drain", "Iterator<0>"}, {"Vec", "split_off", "self"}, {"Vec", "as_slice", "slice<0>"},
    {"Vec", "as_mut_slice", "slice<0>"}, {"Vec", "into_boxed_slice", "slice<0>"},
    {"Vec", "iter", "Iterator<0>"}, {"Vec", "iter_mut", "Iterator<0>"},
    {"Vec", "first", "Option<0>"}, {"Vec", "last", "Option<0>"}, {"Vec", "get", "Option<0>"},
    {"Vec", "get_mut", "Option<0>"}, {"Vec", "first_mut", "Option<0>"},
    {"Vec", "last_mut", "Option<0>"}, {"Vec", "get_unchecked", "0"},
    {"Vec", "get_unchecked_mut", "0"}, {"Vec", "chunks", "Iterator<slice<0>>"},
    {"Vec", "windows", "Iterator<slice<0>>"}, {"Vec", "to_vec", "self"}, {"Vec", "len", "usize"},
    {"Vec", "split_at", "(slice<0>,slice<0>)"}, {"Vec", "split_at_mut", "(slice<0>,slice<0>)"},
    {"Vec", "split_first", "Option<(0,slice<0>)>"}, {"Vec", "split_last", "Option<(0,slice<0>)>"},
    {"Vec", "is_empty", "bool"}, {"Vec", "concat", "0"},
    {"slice", "iter", "Iterator<0>"}, {"slice", "iter_mut", "Iterator<0>"},
    {"slice", "first", "Option<0>"}, {"slice", "last", "Option<0>"}, {"slice", "get", "Option<0>"},
    {"slice", "get_mut", "Option<0>"}, {"slice", "first_mut", "Option<0>"},
    {"slice", "last_mut", "Option<0>"}, {"slice", "get_unchecked", "0"},
    {"slice", "get_unchecked_mut", "0"}, {"slice", "chunks", "Iterator<slice<0>>"},
    {"slice", "windows", "Iterator<slice<0>>"}, {"slice", "to_vec", "Vec<0>"},
    {"slice", "to_owned", "Vec<0>"}, {"slice", "into_vec", "Vec<0>"}, {"slice", "len", "usize"},
    {"slice", "split_at", "(self,self)"}, {"slice", "split_at_mut", "(self,self)"},
    {"slice", "split_first", "Option<(0,self)>"}, {"slice", "split_last", "Option<(0,self)>"},
    {"slice", "split_last_mut", "Option<(0,self)>"},
    {"slice", "split_first_mut", "Option<(0,self)>"},
    {"Vec", "split_last_mut", "Option<(0,slice<0>)>"},
    {"Vec", "split_first_mut", "Option<(0,slice<0>)>"},
    {"slice", "is_empty", "bool"}, {"slice", "concat", "0"},
    {"VecDeque", "iter", "Iterator<0>"}, {"VecDeque", "iter_mut", "Iterator<0>"},
    {"VecDeque", "pop_front", "Option<0>"}, {"VecDeque", "pop_back", "Option<0>"},
    {"VecDeque", "front", "Option<0>"}, {"VecDeque", "back", "Option<0>"},
    {"VecDeque", "front_mut", "Option<0>"}, {"VecDeque", "back_mut", "Option<0>"},
    {"VecDeque", "get", "Option<0>"}, {"VecDeque", "get_mut", "Option<0>"},
    {"VecDeque", "drain", "Iterator<0>"}, {"VecDeque", "remove", "Option<0>"},
    {"BinaryHeap", "pop", "Option<0>"}, {"BinaryHeap", "peek", "Option<0>"},
    {"BinaryHeap", "iter", "Iterator<0>"}, {"BinaryHeap", "into_sorted_vec", "Vec<0>"},
    {"LinkedList", "iter", "Iterator<0>"}, {"LinkedList", "pop_front", "Option<0>"},
    /* maps and sets */
    {"HashMap", "<elem>", "(0,1)"}, {"HashMap", "<index>", "1"}, {"HashMap", "get", "Option<1>"},
    {"HashMap", "get_mut", "Option<1>"}, {"HashMap", "insert", "Option<1>"},
    {"HashMap", "remove", "Option<1>"}, {"HashMap", "iter", "Iterator<(0,1)>"},
    {"HashMap", "iter_mut", "Iterator<(0,1)>"}, {"HashMap", "keys", "Iterator<0>"},
    {"HashMap", "values", "Iterator<1>"}, {"HashMap", "values_mut", "Iterator<1>"},
    {"HashMap", "into_keys", "Iterator<0>"}, {"HashMap", "into_values", "Iterator<1>"},
    {"HashMap", "drain", "Iterator<(0,1)>"}, {"HashMap", "entry", "Entry<1>"},
    {"HashMap", "get_key_value", "Option<(0,1)>"}, {"HashMap", "remove_entry", "Option<(0,1)>"},
    {"BTreeMap", "<elem>", "(0,1)"}, {"BTreeMap", "<index>", "1"},
    {"BTreeMap", "get", "Option<1>"}, {"BTreeMap", "get_mut", "Option<1>"},
    {"BTreeMap", "insert", "Option<1>"}, {"BTreeMap", "remove", "Option<1>"},
    {"BTreeMap", "iter", "Iterator<(0,1)>"}, {"BTreeMap", "iter_mut", "Iterator<(0,1)>"},
    {"BTreeMap", "keys", "Iterator<0>"}, {"BTreeMap", "values", "Iterator<1>"},
    {"BTreeMap", "values_mut", "Iterator<1>"}, {"BTreeMap", "entry", "Entry<1>"},
    {"BTreeMap", "range", "Iterator<(0,1)>"}, {"BTreeMap", "first_key_value", "Option<(0,1)>"},
    {"BTreeMap", "last_key_value", "Option<(0,1)>"}, {"BTreeMap", "pop_first", "Option<(0,1)>"},
    {"Entry", "or_insert", "0"}, {"Entry", "or_insert_with", "0"}, {"Entry", "or_default", "0"},
    {"Entry", "and_modify", "self"}, {"Entry", "get", "0"}, {"Entry", "get_mut", "0"},
    {"Entry", "into_mut", "0"}, {"Entry", "insert", "0"},
    {"HashSet", "get", "Option<0>"}, {"HashSet", "take", "Option<0>"},
    {"HashSet", "iter", "Iterator<0>"}, {"HashSet", "drain", "Iterator<0>"},
    {"BTreeSet", "get", "Option<0>"}, {"BTreeSet", "iter", "Iterator<0>"},
    {"BTreeSet", "range", "Iterator<0>"}, {"BTreeSet", "first", "Option<0>"},
    {"BTreeSet", "last", "Option<0>"},
    /* iterators: whatever gives elements takes part */
    {"*", "next", "Option<elem>"}, {"*", "next_back", "Option<elem>"},
    {"*", "peek", "Option<elem>"}, {"*", "peek_mut", "Option<elem>"}, {"*", "nth", "Option<elem>"},
    {"Iterator", "last", "Option<elem>"}, {"*", "find", "Option<elem>"},
    {"*", "max_by_key", "Option<elem>"}, {"*", "min_by_key", "Option<elem>"},
    {"*", "max_by", "Option<elem>"}, {"*", "min_by", "Option<elem>"},
    {"Iterator", "max", "Option<elem>"}, {"Iterator", "min", "Option<elem>"},
    {"Iterator", "reduce", "Option<elem>"}, {"Iterator", "next_if", "Option<elem>"},
    {"*", "map", "Iterator<arg.call>"}, {"*", "filter", "Iterator<elem>"},
    {"*", "filter_map", "Iterator<arg.call.elem>"}, {"*", "flat_map", "Iterator<arg.call.elem>"},
    {"*", "find_map", "arg.call"}, {"*", "map_while", "Iterator<arg.call.elem>"},
    {"*", "flatten", "Iterator<elem.elem>"}, {"*", "rev", "Iterator<elem>"},
    {"*", "skip", "Iterator<elem>"}, {"*", "take", "Iterator<elem>"},
    {"*", "skip_while", "Iterator<elem>"}, {"*", "take_while", "Iterator<elem>"},
    {"*", "step_by", "Iterator<elem>"}, {"*", "chain", "Iterator<elem>"},
    {"*", "cloned", "Iterator<elem>"}, {"*", "copied", "Iterator<elem>"},
    {"*", "peekable", "Iterator<elem>"}, {"*", "fuse", "Iterator<elem>"},
    {"*", "cycle", "Iterator<elem>"}, {"*", "inspect", "Iterator<elem>"},
    {"*", "enumerate", "Iterator<(usize,elem)>"}, {"*", "zip", "Iterator<(elem,arg.elem)>"},
    {"*", "fold", "arg"}, {"*", "count", "usize"}, {"*", "position", "Option<usize>"},
    {"*", "all", "bool"}, {"*", "any", "bool"}, {"*", "unzip", "(Vec,Vec)"},
    {"*", "partition", "(Vec<elem>,Vec<elem>)"},
    /* text */
    {"str", "to_owned", "String"}, {"str", "to_string", "String"}, {"str", "into", "String"},
    {"str", "chars", "Iterator<char>"}, {"str", "bytes", "Iterator<u8>"},
    {"str", "char_indices", "Iterator<(usize,char)>"}, {"str", "as_bytes", "slice<u8>"},
    {"str", "lines", "Iterator<str>"}, {"str", "split", "Iterator<str>"},
    {"str", "splitn", "Iterator<str>"}, {"str", "split_whitespace", "Iterator<str>"},
    {"str", "trim", "str"}, {"str", "trim_start", "str"}, {"str", "trim_end", "str"},
    {"str", "to_lowercase", "String"}, {"str", "to_uppercase", "String"}, {"str", "len", "usize"},
    {"str", "replace", "String"}, {"str", "get", "Option<str>"}, {"str", "find", "Option<usize>"},
    {"str", "rfind", "Option<usize>"}, {"str", "split_at", "(str,str)"},
    {"str", "split_once", "Option<(str,str)>"}, {"str", "strip_prefix", "Option<str>"},
    {"str", "strip_suffix", "Option<str>"}, {"str", "starts_with", "bool"},
    {"str", "is_empty", "bool"}, {"str", "repeat", "String"},
    {"String", "as_str", "str"}, {"String", "chars", "Iterator<char>"},
    {"String", "bytes", "Iterator<u8>"}, {"String", "as_bytes", "slice<u8>"},
    {"String", "into_bytes", "Vec<u8>"}, {"String", "lines", "Iterator<str>"},
    {"String", "split", "Iterator<str>"}, {"String", "trim", "str"},
    {"String", "pop", "Option<char>"},
    {"String", "to_string", "String"}, {"String", "clone", "String"}, {"String", "len", "usize"},
    {"String", "char_indices", "Iterator<(usize,char)>"},
    {"String", "find", "Option<usize>"}, {"String", "is_empty", "bool"},
    {"String", "split_at", "(str,str)"}, {"String", "replace", "String"},
    {"char", "len_utf8", "usize"}, {"char", "to_digit", "Option<u32>"},
    {"str", "from_utf8", "Result<str>"}, {"char", "from_u32", "Option<char>"},
    {"Result", "<try>", "0"}, {"Option", "<try>", "0"}, {"Poll", "<try>", "0"},
    {NULL, NULL, NULL},
};

/* What a member is looked up through. */
const char *const rust_transparent[] = {
    "Box", "Rc", "Arc", "Ref", "RefMut", "MutexGuard", "RwLockReadGuard", "RwLockWriteGuard", "Cow",
    "Pin", "ManuallyDrop", "AssertUnwindSafe", "Lazy", "LazyLock", "PeekMut", "Owned", NULL,
};

/* Names that every second type of the library has. Sorted. */
const char *const rust_common_members[] = {
    "all", "any", "as_bytes", "as_mut", "as_ref", "as_slice", "as_str", "borrow", "borrow_mut",
    "bytes", "chars", "clear", "clone", "cloned", "cmp", "collect", "contains", "contains_key",
    "count", "default", "deref", "deref_mut", "drain", "drop", "end", "entry", "enumerate", "eq",
    "err", "expect", "extend", "filter", "filter_map", "find", "first", "flush", "fmt", "fold",
    "for_each", "from", "get", "get_mut", "hash", "index", "insert", "into", "into_iter",
    "is_empty",
    "is_err", "is_none", "is_ok", "is_some", "iter", "iter_mut", "join", "keys", "last", "len",
    "lines", "lock", "map", "map_err", "max", "min", "ne", "next", "next_back", "nth", "ok",
    "or_else",
    "parse", "partial_cmp", "peek", "pop", "position", "push", "push_str", "read", "remove",
    "replace", "resize", "rev", "skip", "sort", "split", "start", "starts_with", "step_by",
    "sum", "swap",
    "take", "then", "to_owned", "to_string", "to_vec", "trim", "truncate", "try_from", "try_into",
    "unwrap", "unwrap_or", "unwrap_or_else", "values", "with_capacity", "write", "write_all",
    "write_str", "zip", NULL,
};
/* clang-format on */
