/* JavaScript, TypeScript and TSX: the table of rules, how modules are named and found, and what is
 * known of the library. One table serves the three grammars. */
#include "lang/ecma.h"

#include <string.h>

const TSLanguage *tree_sitter_javascript(void);
const TSLanguage *tree_sitter_typescript(void);
const TSLanguage *tree_sitter_tsx(void);

static const char *const fields[] = {
    [F_NONE] = "",
    [F_ALIAS] = "alias",
    [F_ALTERNATIVE] = "alternative",
    [F_ARGUMENTS] = "arguments",
    [F_BODY] = "body",
    [F_CONDITION] = "condition",
    [F_CONSEQUENCE] = "consequence",
    [F_CONSTRAINT] = "constraint",
    [F_CONSTRUCTOR] = "constructor",
    [F_DECLARATION] = "declaration",
    [F_DECORATOR] = "decorator",
    [F_FUNCTION] = "function",
    [F_INDEX] = "index",
    [F_KEY] = "key",
    [F_KIND] = "kind",
    [F_LEFT] = "left",
    [F_MODULE] = "module",
    [F_NAME] = "name",
    [F_OBJECT] = "object",
    [F_OPERATOR] = "operator",
    [F_PARAMETER] = "parameter",
    [F_PARAMETERS] = "parameters",
    [F_PATTERN] = "pattern",
    [F_PROPERTY] = "property",
    [F_RETURN_TYPE] = "return_type",
    [F_RIGHT] = "right",
    [F_SOURCE] = "source",
    [F_TYPE] = "type",
    [F_TYPE_ARGUMENTS] = "type_arguments",
    [F_TYPE_PARAMETERS] = "type_parameters",
    [F_VALUE] = "value",
    NULL,
};

/* What the grammars do not all have: types are TypeScript's, tags are not in plain .ts. */
#define OPT EX_OPTIONAL
#define LEAF(symbol, flags)                                                                        \
    {                                                                                              \
        symbol, (flags) | OPT, 0, 0, NULL, NULL, NULL                                              \
    }
#define LITERAL(symbol, type)                                                                      \
    {                                                                                              \
        symbol, EX_LIT, 0, 0, type, NULL, NULL                                                     \
    }
#define ENTER(symbol, in)                                                                          \
    {                                                                                              \
        symbol, OPT, 0, 0, NULL, ecma_enter_##in, NULL                                             \
    }
#define LEAVE(symbol, out)                                                                         \
    {                                                                                              \
        symbol, OPT, 0, 0, NULL, NULL, ecma_leave_##out                                            \
    }
#define BOTH(symbol, in, out)                                                                      \
    {                                                                                              \
        symbol, OPT, 0, 0, NULL, ecma_enter_##in, ecma_leave_##out                                 \
    }
/* The name is taken by `enter`. */
#define NAMED(symbol, in, out)                                                                     \
    {                                                                                              \
        symbol, OPT, F_NAME, 0, NULL, ecma_enter_##in, ecma_leave_##out                            \
    }
#define BLOCK(symbol, out)                                                                         \
    {                                                                                              \
        symbol, EX_BLOCK, 0, 0, NULL, NULL, ecma_leave_##out                                       \
    }

static const struct ex_rule rules[] = {
    [S_NONE] = {"", 0, 0, 0, NULL, NULL, NULL},

    [S_IDENTIFIER] = LEAF("identifier", EX_NAME),
    [S_SHORTHAND] = LEAF("shorthand_property_identifier", EX_NAME),
    [S_SHORTHAND_PATTERN] = LEAF("shorthand_property_identifier_pattern", EX_WORD),
    [S_PROPERTY_NAME] = LEAF("property_identifier", EX_WORD),
    [S_PRIVATE_NAME] = LEAF("private_property_identifier", EX_WORD),
    [S_TYPE_NAME] = LEAF("type_identifier", EX_TYPE),
    [S_LABEL] = LEAF("statement_identifier", EX_SKIP),
    [S_STRING] = LITERAL("string", "string"),
    [S_NUMBER] = LITERAL("number", "number"),
    [S_TRUE] = LITERAL("true", "boolean"),
    [S_FALSE] = LITERAL("false", "boolean"),
    [S_NULL] = LEAF("null", EX_MARK),
    [S_UNDEFINED] = LEAF("undefined", EX_MARK),
    [S_REGEX] = LITERAL("regex", "RegExp"),
    [S_COMMENT] = LEAF("comment", EX_COMMENT),
    [S_HTML_COMMENT] = LEAF("html_comment", EX_SKIP),
    [S_HASH_BANG] = LEAF("hash_bang_line", EX_SKIP),
    [S_JSX_TEXT] = LEAF("jsx_text", EX_SKIP),
    [S_JSX_CLOSING] = LEAF("jsx_closing_element", EX_SKIP),
    [S_JSX_REFERENCE] = LEAF("html_character_reference", EX_SKIP),
    [S_JSX_NAMESPACED] = LEAF("jsx_namespace_name", EX_SKIP),
    [S_IMPORT] = LEAF("import", EX_MARK),
    [S_ACCESSIBILITY] = LEAF("accessibility_modifier", EX_MARK),
    [S_OVERRIDE] = LEAF("override_modifier", EX_SKIP),
    [S_READONLY] = LEAF("readonly", EX_MARK | EX_TOKEN),
    [S_DEFAULT] = LEAF("default", EX_SKIP | EX_TOKEN),
    [S_IMPORT_ATTRIBUTE] = LEAF("import_attribute", EX_SKIP),
    [S_OPTIONAL_CHAIN] = LEAF("optional_chain", EX_SKIP),
    [S_META_PROPERTY] = LEAF("meta_property", EX_MARK),
    [S_STRING_PART] = LEAF("string_fragment", EX_SKIP),
    [S_ESCAPE] = LEAF("escape_sequence", EX_SKIP),
    [S_BREAK] = LEAF("break_statement", EX_SKIP),
    [S_CONTINUE] = LEAF("continue_statement", EX_SKIP),
    [S_DEBUGGER] = LEAF("debugger_statement", EX_SKIP),
    [S_EMPTY] = LEAF("empty_statement", EX_SKIP),

    [S_BLOCK] = BOTH("statement_block", block, statement),
    [S_IF] = BOTH("if_statement", if, statement),
    [S_ELSE] = LEAVE("else_clause", statement),
    [S_FOR] = BLOCK("for_statement", statement),
    [S_FOR_IN] = BOTH("for_in_statement", for_in, for_in),
    [S_WHILE] = LEAVE("while_statement", statement),
    [S_DO] = LEAVE("do_statement", statement),
    [S_TRY] = LEAVE("try_statement", statement),
    [S_CATCH] = BOTH("catch_clause", catch, catch),
    [S_FINALLY] = LEAVE("finally_clause", statement),
    [S_SWITCH] = LEAVE("switch_statement", statement),
    [S_SWITCH_BODY] = BLOCK("switch_body", statement),
    [S_CASE] = LEAVE("switch_case", statement),
    [S_DEFAULT_CASE] = LEAVE("switch_default", statement),
    [S_LABELED] = LEAVE("labeled_statement", statement),
    [S_WITH] = LEAVE("with_statement", statement),
    [S_RETURN] = BOTH("return_statement", return, return ),
    [S_EXPRESSION_STATEMENT] = LEAVE("expression_statement", nothing),
    [S_THROW] = LEAVE("throw_statement", nothing),

    [S_FUNCTION_DECLARATION] = NAMED("function_declaration", function, function),
    [S_GENERATOR_DECLARATION] = NAMED("generator_function_declaration", function, function),
    [S_FUNCTION_SIGNATURE] = NAMED("function_signature", function, function),
    [S_FUNCTION] = NAMED("function_expression", function_value, function),
    [S_GENERATOR] = NAMED("generator_function", function_value, function),
    [S_ARROW] = BOTH("arrow_function", function_value, function),
    [S_METHOD] = BOTH("method_definition", method, function),
    [S_METHOD_SIGNATURE] = BOTH("method_signature", method, function),
    [S_ABSTRACT_METHOD] = BOTH("abstract_method_signature", method, function),
    [S_CALL_SIGNATURE] = BOTH("call_signature", call_signature, function),
    [S_CONSTRUCT_SIGNATURE] = BOTH("construct_signature", call_signature, function),
    [S_CLASS] = NAMED("class", class, class),
    [S_CLASS_DECLARATION] = NAMED("class_declaration", class, class),
    [S_ABSTRACT_CLASS] = NAMED("abstract_class_declaration", class, class),
    [S_CLASS_BODY] = LEAVE("class_body", nothing),
    [S_CLASS_HERITAGE] = LEAVE("class_heritage", class_heritage),
    [S_EXTENDS] = LEAVE("extends_clause", extends),
    [S_IMPLEMENTS] = LEAVE("implements_clause", implements),
    [S_EXTENDS_TYPE] = LEAVE("extends_type_clause", extends_type),
    [S_STATIC_BLOCK] = BOTH("class_static_block", static_block, nothing),
    [S_FIELD] = BOTH("field_definition", field, field),
    [S_PUBLIC_FIELD] = BOTH("public_field_definition", field, field),
    [S_PROPERTY_SIGNATURE] = BOTH("property_signature", property, property),
    [S_INDEX_SIGNATURE] = {"index_signature", OPT, F_NAME, 0, NULL, NULL, ecma_leave_nothing},
    [S_INTERFACE] = NAMED("interface_declaration", interface, nothing),
    [S_TYPE_ALIAS] = NAMED("type_alias_declaration", type_alias, type_alias),
    [S_ENUM] = NAMED("enum_declaration", enum, nothing),
    [S_ENUM_BODY] = LEAVE("enum_body", enum_body),
    [S_ENUM_ASSIGNMENT] = NAMED("enum_assignment", enum_assignment, nothing),
    [S_NAMESPACE] = NAMED("internal_module", namespace, nothing),
    [S_MODULE] = NAMED("module", namespace, nothing),
    [S_AMBIENT] = BOTH("ambient_declaration", ambient, nothing),
    [S_DECORATOR] = {"decorator", EX_BETWEEN, 0, 0, NULL, NULL, ecma_leave_decorator},
    [S_LEXICAL] = BOTH("lexical_declaration", variables, nothing),
    [S_VAR] = BOTH("variable_declaration", variables, nothing),
    [S_USING] = BOTH("using_declaration", variables, nothing),
    [S_DECLARATOR] = BOTH("variable_declarator", declarator, declarator),
    [S_PARAMETERS] = BOTH("formal_parameters", parameters, parameters),
    [S_REQUIRED_PARAMETER] = LEAVE("required_parameter", parameter),
    [S_OPTIONAL_PARAMETER] = LEAVE("optional_parameter", parameter),
    [S_OBJECT_PATTERN] = BOTH("object_pattern", pattern, pattern),
    [S_ARRAY_PATTERN] = BOTH("array_pattern", pattern, pattern),
    [S_PAIR_PATTERN] = LEAVE("pair_pattern", pair_pattern),
    [S_REST_PATTERN] = LEAVE("rest_pattern", rest_pattern),
    [S_ASSIGNMENT_PATTERN] = LEAVE("assignment_pattern", assignment_pattern),
    [S_OBJECT_ASSIGNMENT_PATTERN] = LEAVE("object_assignment_pattern", object_assignment_pattern),
    [S_TYPE_PARAMETER] = NAMED("type_parameter", type_parameter, type_parameter),
    [S_IMPORT_STATEMENT] = BOTH("import_statement", import, nothing),
    [S_IMPORT_CLAUSE] = LEAVE("import_clause", import_clause),
    [S_NAMESPACE_IMPORT] = LEAVE("namespace_import", namespace_import),
    [S_IMPORT_SPECIFIER] = BOTH("import_specifier", import_specifier, nothing),
    [S_IMPORT_REQUIRE] = LEAVE("import_require_clause", import_require),
    [S_IMPORT_ALIAS] = LEAVE("import_alias", import_alias),
    [S_EXPORT_STATEMENT] = BOTH("export_statement", export, export),
    [S_EXPORT_SPECIFIER] = BOTH("export_specifier", export_specifier, nothing),
    [S_NAMESPACE_EXPORT] = BOTH("namespace_export", namespace_export, nothing),

    [S_THIS] = LEAVE("this", this),
    [S_SUPER] = LEAVE("super", super),
    [S_MEMBER] = LEAVE("member_expression", member),
    [S_SUBSCRIPT] = LEAVE("subscript_expression", subscript),
    [S_CALL] = LEAVE("call_expression", call),
    [S_NEW] = LEAVE("new_expression", new),
    [S_ARGUMENTS] = LEAVE("arguments", arguments),
    [S_AWAIT] = LEAVE("await_expression", await),
    [S_YIELD] = LEAVE("yield_expression", nothing),
    [S_TERNARY] = LEAVE("ternary_expression", ternary),
    [S_BINARY] = LEAVE("binary_expression", binary),
    [S_UNARY] = LEAVE("unary_expression", unary),
    [S_UPDATE] = LEAVE("update_expression", update),
    [S_ASSIGNMENT] = BOTH("assignment_expression", assignment, assignment),
    [S_AUGMENTED] = LEAVE("augmented_assignment_expression", augmented),
    [S_SEQUENCE] = LEAVE("sequence_expression", sequence),
    [S_PARENTHESIZED] = LEAF("parenthesized_expression", 0),
    [S_AS] = LEAVE("as_expression", as),
    [S_SATISFIES] = LEAVE("satisfies_expression", satisfies),
    [S_ASSERTION] = LEAVE("type_assertion", assertion),
    [S_NON_NULL] = LEAF("non_null_expression", 0),
    [S_INSTANTIATION] = LEAVE("instantiation_expression", instantiation),
    [S_SPREAD] = LEAVE("spread_element", spread),
    [S_ARRAY] = LEAVE("array", array),
    [S_OBJECT] = BOTH("object", object, object),
    [S_PAIR] = BOTH("pair", pair, pair),
    [S_COMPUTED_NAME] = LEAF("computed_property_name", 0),
    [S_TEMPLATE] = LEAVE("template_string", template),
    [S_JSX_ELEMENT] = LEAVE("jsx_element", nothing),
    [S_JSX_OPENING] = LEAVE("jsx_opening_element", jsx),
    [S_JSX_SELF_CLOSING] = LEAVE("jsx_self_closing_element", jsx),
    [S_JSX_ATTRIBUTE] = LEAVE("jsx_attribute", nothing),
    [S_JSX_EXPRESSION] = LEAVE("jsx_expression", nothing),

    [S_NESTED_NAME] = LEAVE("nested_identifier", nested_name),
    [S_NESTED_TYPE] = LEAVE("nested_type_identifier", nested_name),
    [S_GENERIC_TYPE] = LEAVE("generic_type", generic_type),
    [S_TYPE_ARGUMENTS] = LEAVE("type_arguments", type_arguments),
    [S_PREDEFINED_TYPE] = LEAVE("predefined_type", predefined_type),
    [S_OBJECT_TYPE] = BOTH("object_type", object_type, object_type),
    [S_INTERFACE_BODY] = LEAVE("interface_body", nothing),
    [S_ARRAY_TYPE] = LEAVE("array_type", array_type),
    [S_TUPLE_TYPE] = LEAVE("tuple_type", tuple_type),
    [S_UNION_TYPE] = LEAVE("union_type", union_type),
    [S_INTERSECTION_TYPE] = LEAVE("intersection_type", intersection_type),
    [S_FUNCTION_TYPE] = BOTH("function_type", function_type, function),
    [S_CONSTRUCTOR_TYPE] = BOTH("constructor_type", function_type, function),
    [S_TYPE_QUERY] = LEAVE("type_query", type_query),
    [S_INDEX_QUERY] = LEAVE("index_type_query", nothing),
    [S_LOOKUP_TYPE] = LEAVE("lookup_type", lookup_type),
    [S_CONDITIONAL_TYPE] = {"conditional_type", EX_BLOCK | OPT, 0, 0, NULL, NULL,
                            ecma_leave_nothing},
    [S_INFER_TYPE] = BOTH("infer_type", infer, nothing),
    [S_MAPPED_TYPE] = NAMED("mapped_type_clause", mapped, nothing),
    [S_LITERAL_TYPE] = LEAVE("literal_type", literal_type),
    [S_TEMPLATE_TYPE] = LEAVE("template_literal_type", template_type),
    [S_THIS_TYPE] = LEAVE("this_type", this_type),
    [S_PREDICATE] = LEAVE("type_predicate", predicate),
    [S_ASSERTS] = LEAVE("asserts", nothing),
    [S_COUNT] = {NULL, 0, 0, 0, NULL, NULL, NULL},
};

/* ---- files ---- */

static void begin_file(struct extract *x)
{
    static const char *const words[W_COUNT] = {
        [W_CONSTRUCTOR] = "<constructor>",
        [W_CALL] = "<call>",
        [W_DEFAULT] = "default",
        [W_EXPORT_ALL] = "export=",
        [W_EXPORTS] = "exports",
        [W_MODULE] = "module",
        [W_REQUIRE] = "require",
        [W_PROTOTYPE] = "prototype",
        [W_THIS] = "this",
        [W_PROMISE] = "Promise",
        [W_ARRAY] = "Array",
        [W_INHERITS] = "inherits",
        [W_CREATE] = "create",
        [W_OBJECT] = "Object",
    };
    for (unsigned i = 1; i < W_COUNT; i++) {
        if (ex_intern(x, words[i]) != i)
            x->failed = true; /* out of memory: nothing was interned before */
    }
}

static void module_name(const struct lang_tree *tree, const char *path, struct buf *ret)
{
    (void)tree;
    buf_str(ret, path);
}

/* Appends `rest` to the directory in `to`, step by step; false above the root. */
static bool walk_path(struct buf *to, const char *rest)
{
    while (*rest != '\0') {
        const char *slash = strchr(rest, '/');
        size_t n = slash != NULL ? (size_t)(slash - rest) : strlen(rest);
        if (n == 2 && rest[0] == '.' && rest[1] == '.') {
            if (to->n == 0)
                return false;
            const char *up = slice_rchr(buf_as_slice(to), '/');
            to->n = up != NULL ? (size_t)(up - to->p) : 0;
        } else if (n > 0 && !(n == 1 && rest[0] == '.')) {
            if (to->n > 0)
                buf_char(to, '/');
            buf_add(to, rest, n);
        }
        rest += slash != NULL ? n + 1 : n;
    }
    return !to->failed;
}

static bool try_suffix(const struct lang_tree *tree, struct buf *to, size_t n, const char *suffix)
{
    to->n = n;
    buf_str(to, suffix);
    return !to->failed && tree->has_file(tree->ctx, to->p, to->n);
}

/* TypeScript spells the file that its output will have: "./x.js" is x.ts. */
static bool try_output(const struct lang_tree *tree, struct buf *to, size_t n)
{
    static const char *const outputs[][4] = {
        {".js", ".ts", ".tsx", ".d.ts"},
        {".jsx", ".tsx", ".d.ts", NULL},
        {".mjs", ".mts", ".d.mts", NULL},
        {".cjs", ".cts", ".d.cts", NULL},
    };
    for (unsigned i = 0; i < sizeof(outputs) / sizeof(*outputs); i++) {
        struct slice suffix = slice_from(outputs[i][0]);
        if (!slice_ends(slice_of(to->p, n), suffix))
            continue;
        for (unsigned k = 1; k < 4 && outputs[i][k] != NULL; k++) {
            if (try_suffix(tree, to, n - suffix.n, outputs[i][k]))
                return true;
        }
        to->n = n - suffix.n;
        buf_slice(to, suffix);
    }
    to->n = n;
    return false;
}

static bool is_script(const char *path)
{
    static const char *const suffixes[] = {".js", ".jsx", ".mjs", ".cjs"};
    for (unsigned i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
        if (slice_ends(slice_from(path), slice_from(suffixes[i])))
            return true;
    }
    return false;
}

/* Relative modules only: "./x" is x, x.ts, ..., x/index.ts, ...; a .js file prefers .js. */
static bool find_module(const struct lang_tree *tree, const char *path, const char *spelled,
                        struct buf *ret)
{
    static const char *const typescript_first[] = {
        "",           ".ts",        ".tsx",        ".d.ts",      ".mts",
        ".cts",       ".js",        ".jsx",        ".mjs",       ".cjs",
        "/index.ts",  "/index.tsx", "/index.d.ts", "/index.mts", "/index.js",
        "/index.jsx", "/index.mjs", "/index.cjs"};
    static const char *const javascript_first[] = {
        "",          ".js",        ".jsx",        ".mjs",       ".cjs",       ".ts",
        ".tsx",      ".d.ts",      "/index.js",   "/index.jsx", "/index.mjs", "/index.cjs",
        "/index.ts", "/index.tsx", "/index.d.ts", ".mts",       ".cts",       "/index.mts"};
    const char *const *suffixes = is_script(path) ? javascript_first : typescript_first;

    if (spelled[0] != '.' || (spelled[1] != '\0' && spelled[1] != '/' && spelled[1] != '.'))
        return false;
    const char *slash = strrchr(path, '/');
    if (slash != NULL)
        buf_add(ret, path, (size_t)(slash - path));
    if (!walk_path(ret, spelled))
        return false;
    size_t n = ret->n;
    if (n > 0 && try_suffix(tree, ret, n, ""))
        return true;
    if (n > 0 && try_output(tree, ret, n))
        return true;
    for (unsigned i = 1; i < sizeof(typescript_first) / sizeof(*typescript_first); i++) {
        const char *suffix = n == 0 && suffixes[i][0] == '/' ? suffixes[i] + 1 : suffixes[i];
        if (try_suffix(tree, ret, n, suffix))
            return true;
    }
    return false;
}

/* x.test.ts, x.spec.js; __tests__, test, tests and spec folders. */
static bool is_test_path(const char *path)
{
    static const char *const folders[] = {"__tests__", "__mocks__", "test", "tests", "spec"};
    const char *at = path;
    for (const char *slash; (slash = strchr(at, '/')) != NULL; at = slash + 1) {
        struct slice folder = slice_of(at, (size_t)(slash - at));
        for (unsigned i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
            if (slice_eq(folder, slice_from(folders[i])))
                return true;
        }
    }
    return strstr(at, ".test.") != NULL || strstr(at, ".spec.") != NULL ||
           strstr(at, "-test.") != NULL || strstr(at, "-spec.") != NULL;
}

/* ---- the library ---- */

static const struct lang_member members[] = {
    {"*", "toString", "string"},
    {"*", "toLocaleString", "string"},
    {"*", "hasOwnProperty", "boolean"},

    {"Array", "<elem>", "0"},
    {"Array", "<index>", "0"},
    {"Array", "<await>", "self"},
    {"Array", "filter", "self"},
    {"Array", "slice", "self"},
    {"Array", "splice", "self"},
    {"Array", "concat", "self"},
    {"Array", "reverse", "self"},
    {"Array", "sort", "self"},
    {"Array", "fill", "self"},
    {"Array", "copyWithin", "self"},
    {"Array", "toSorted", "self"},
    {"Array", "toReversed", "self"},
    {"Array", "toSpliced", "self"},
    {"Array", "pop", "0"},
    {"Array", "shift", "0"},
    {"Array", "find", "0"},
    {"Array", "findLast", "0"},
    {"Array", "at", "0"},
    {"Array", "push", "number"},
    {"Array", "unshift", "number"},
    {"Array", "indexOf", "number"},
    {"Array", "lastIndexOf", "number"},
    {"Array", "findIndex", "number"},
    {"Array", "length", "number"},
    {"Array", "includes", "boolean"},
    {"Array", "some", "boolean"},
    {"Array", "every", "boolean"},
    {"Array", "isArray", "boolean"},
    {"Array", "join", "string"},
    {"Array", "values", "Iterator<0>"},
    {"Array", "keys", "Iterator<number>"},
    {"Array", "entries", "Iterator<(number,0)>"},
    {"ReadonlyArray", "<elem>", "0"},
    {"ReadonlyArray", "<index>", "0"},
    {"ReadonlyArray", "filter", "self"},
    {"ReadonlyArray", "slice", "self"},
    {"ReadonlyArray", "concat", "self"},
    {"ReadonlyArray", "find", "0"},
    {"ReadonlyArray", "at", "0"},

    {"Map", "<elem>", "(0,1)"},
    {"Map", "get", "1"},
    {"Map", "set", "self"},
    {"Map", "has", "boolean"},
    {"Map", "delete", "boolean"},
    {"Map", "size", "number"},
    {"Map", "keys", "Iterator<0>"},
    {"Map", "values", "Iterator<1>"},
    {"Map", "entries", "Iterator<(0,1)>"},
    {"ReadonlyMap", "<elem>", "(0,1)"},
    {"ReadonlyMap", "get", "1"},
    {"ReadonlyMap", "values", "Iterator<1>"},
    {"WeakMap", "get", "1"},
    {"WeakMap", "set", "self"},
    {"WeakRef", "deref", "0"},
    {"Set", "<elem>", "0"},
    {"Set", "add", "self"},
    {"Set", "has", "boolean"},
    {"Set", "delete", "boolean"},
    {"Set", "size", "number"},
    {"Set", "values", "Iterator<0>"},
    {"Set", "keys", "Iterator<0>"},
    {"Record", "<index>", "1"},

    {"Promise", "<await>", "0"},
    {"Promise", "catch", "self"},
    {"Promise", "finally", "self"},
    {"PromiseLike", "<await>", "0"},

    {"string", "charAt", "string"},
    {"string", "concat", "string"},
    {"string", "normalize", "string"},
    {"string", "padEnd", "string"},
    {"string", "padStart", "string"},
    {"string", "repeat", "string"},
    {"string", "replace", "string"},
    {"string", "replaceAll", "string"},
    {"string", "slice", "string"},
    {"string", "split", "Array<string>"},
    {"string", "substr", "string"},
    {"string", "substring", "string"},
    {"string", "toLowerCase", "string"},
    {"string", "toUpperCase", "string"},
    {"string", "trim", "string"},
    {"string", "trimEnd", "string"},
    {"string", "trimStart", "string"},
    {"string", "match", "Array<string>"},
    {"string", "length", "number"},
    {"string", "indexOf", "number"},
    {"string", "charCodeAt", "number"},
    {"string", "startsWith", "boolean"},
    {"string", "endsWith", "boolean"},
    {"string", "includes", "boolean"},
    {"string", "<elem>", "string"},
    {"string", "<index>", "string"},
    {"number", "toFixed", "string"},
    {"RegExp", "test", "boolean"},
    {"RegExp", "exec", "Array<string>"},
    {"Object", "keys", "Array<string>"},
    {"Object", "freeze", "arg"},
    {"Object", "seal", "arg"},
    {"Object", "assign", "arg"},
    {"JSON", "stringify", "string"},
    {NULL, NULL, NULL},
};

static const char *const transparent[] = {"Awaited", "NonNullable", "Omit",     "Partial",
                                          "Pick",    "Readonly",    "Required", NULL};

static const char *const iterators[] = {"[Symbol.iterator]", "[Symbol.asyncIterator]", NULL};

/* Members of Array, String, Map, Set, Promise, Function, Object, iterators, streams and the DOM. */
static const char *const common_members[] = {"abort",
                                             "add",
                                             "addEventListener",
                                             "append",
                                             "appendChild",
                                             "apply",
                                             "assign",
                                             "at",
                                             "bind",
                                             "blur",
                                             "call",
                                             "catch",
                                             "charAt",
                                             "charCodeAt",
                                             "clear",
                                             "click",
                                             "clone",
                                             "close",
                                             "concat",
                                             "contains",
                                             "create",
                                             "createElement",
                                             "delete",
                                             "destroy",
                                             "dispatchEvent",
                                             "emit",
                                             "end",
                                             "endsWith",
                                             "entries",
                                             "every",
                                             "exec",
                                             "fill",
                                             "filter",
                                             "finally",
                                             "find",
                                             "findIndex",
                                             "flat",
                                             "flatMap",
                                             "focus",
                                             "forEach",
                                             "freeze",
                                             "get",
                                             "getAttribute",
                                             "getElementById",
                                             "has",
                                             "hasOwnProperty",
                                             "includes",
                                             "indexOf",
                                             "insertBefore",
                                             "isArray",
                                             "join",
                                             "keys",
                                             "lastIndexOf",
                                             "length",
                                             "listen",
                                             "log",
                                             "map",
                                             "match",
                                             "matchAll",
                                             "next",
                                             "off",
                                             "on",
                                             "once",
                                             "open",
                                             "padEnd",
                                             "padStart",
                                             "parse",
                                             "pipe",
                                             "pop",
                                             "push",
                                             "querySelector",
                                             "querySelectorAll",
                                             "read",
                                             "reduce",
                                             "reduceRight",
                                             "remove",
                                             "removeAttribute",
                                             "removeChild",
                                             "removeEventListener",
                                             "repeat",
                                             "replace",
                                             "replaceAll",
                                             "reset",
                                             "resolve",
                                             "return",
                                             "reverse",
                                             "send",
                                             "set",
                                             "setAttribute",
                                             "shift",
                                             "size",
                                             "slice",
                                             "some",
                                             "sort",
                                             "splice",
                                             "split",
                                             "start",
                                             "startsWith",
                                             "stop",
                                             "stringify",
                                             "submit",
                                             "substr",
                                             "substring",
                                             "test",
                                             "then",
                                             "throw",
                                             "toFixed",
                                             "toJSON",
                                             "toLowerCase",
                                             "toString",
                                             "toUpperCase",
                                             "trim",
                                             "trimEnd",
                                             "trimStart",
                                             "unshift",
                                             "update",
                                             "valueOf",
                                             "values",
                                             "write",
                                             NULL};

/* ---- the languages ---- */

#define ECMA_COMMON                                                                                \
    .separator = ".", .module_separator = "::", .line_comment = "//",                              \
    .constructor = "<constructor>", .iterators = iterators, .rules = rules, .fields = fields,      \
    .begin_file = begin_file, .end_file = ecma_end_file, .module_name = module_name,               \
    .find_module = find_module, .is_test_path = is_test_path, .members = members,                  \
    .transparent = transparent, .common_members = common_members

#define ECMA_FLAGS (LANG_CALL_CONSTRUCTS | LANG_CONSTRUCTOR_INHERITED | LANG_EXPORTS_LISTED)

static const char *const javascript_suffixes[] = {".js", ".jsx", ".mjs", ".cjs", NULL};
static const char *const javascript_interpreters[] = {"node", "nodejs", NULL};
static const char *const javascript_family[] = {"typescript", "tsx", NULL};

const struct lang lang_javascript = {
    ECMA_COMMON,
    .name = "javascript",
    .title = "JavaScript",
    .suffixes = javascript_suffixes,
    .interpreters = javascript_interpreters,
    .flags = ECMA_FLAGS | LANG_UNIQUE_MEMBERS,
    .family = javascript_family,
    .grammar = tree_sitter_javascript,
};

static const char *const typescript_suffixes[] = {".ts", ".mts", ".cts", NULL};
static const char *const typescript_interpreters[] = {"deno", "ts-node", "tsx", "bun", NULL};
static const char *const typescript_family[] = {"javascript", "tsx", NULL};

const struct lang lang_typescript = {
    ECMA_COMMON,
    .name = "typescript",
    .title = "TypeScript",
    .suffixes = typescript_suffixes,
    .interpreters = typescript_interpreters,
    .flags = ECMA_FLAGS,
    .family = typescript_family,
    .grammar = tree_sitter_typescript,
};

static const char *const tsx_suffixes[] = {".tsx", NULL};
static const char *const tsx_family[] = {"javascript", "typescript", NULL};

const struct lang lang_tsx = {
    ECMA_COMMON,
    .name = "tsx",
    .title = "TSX",
    .suffixes = tsx_suffixes,
    .flags = ECMA_FLAGS,
    .family = tsx_family,
    .grammar = tree_sitter_tsx,
};
