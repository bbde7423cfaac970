/* Python: the description. How its scopes are read is told in python.h. */
#include "lang/python.h"

const TSLanguage *tree_sitter_python(void);

static const char *const fields[] = {
    "",
    "name",
    "body",
    "parameters",
    "return_type",
    "type_parameters",
    "superclasses",
    "left",
    "right",
    "type",
    "value",
    "function",
    "arguments",
    "object",
    "attribute",
    "subscript",
    "alias",
    "module_name",
    "condition",
    "consequence",
    "operator",
    "subject",
    "argument",
    "key",
    "definition",
    NULL,
};

static const char *const words[] = {"",
#define X(c, text) text,
                                    WORDS(X)
#undef X
};

static void begin_file(struct extract *x)
{
    for (uint32_t i = 1; i < W_COUNT; i++) {
        if (ex_intern(x, words[i]) != i)
            x->failed = true; /* out of memory, or somebody interned before us */
    }
    if (py_is_stub(x))
        x->defs.at[0].flags |= FLAG_DECLARATION;
    static const char future[] = "from __future__ import annotations";
    if (py_is_stub(x) || memmem(x->src, x->n_src, future, sizeof(future) - 1) != NULL)
        x->user2 |= IN_LATE;
}

/* `__all__` says what is exported, names with underscores included. */
static void end_file(struct extract *x)
{
    const struct bind *all = &x->binds.at[ex_find(x, 0, W_DUNDER_ALL)];
    if (all->kind != BIND_DEF || all->def == 0)
        return;
    for (uint32_t i = 1; i < x->defs.len; i++) {
        if (x->defs.at[i].parent == 0)
            x->defs.at[i].flags &= (uint16_t)~FLAG_EXPORTED;
    }
    const char *p = x->src + x->defs.at[all->def].start;
    const char *end = x->src + x->defs.at[all->def].end;
    while (p < end) {
        char quote = *p++;
        if (quote == '#' && (p = memchr(p, '\n', (size_t)(end - p))) == NULL)
            return;
        if (quote != '"' && quote != '\'')
            continue;
        const char *close = memchr(p, quote, (size_t)(end - p));
        if (close == NULL)
            return;
        struct bind *b =
            &x->binds.at[ex_find(x, 0, ex_intern_slice(x, slice_of(p, (size_t)(close - p))))];
        b->flags |= b->name != 0 ? BIND_EXPORTED : 0;
        if (b->kind == BIND_DEF && b->def != 0)
            x->defs.at[b->def].flags |= FLAG_EXPORTED;
        p = close + 1;
    }
}

static const struct ex_rule rules[] = {
    [S_NONE] = {.symbol = ""},
    [S_MODULE] = {"module", .enter = py_enter_module},
    [S_BLOCK] = {"block", .enter = py_enter_block, .leave = py_leave_block},
    [S_FUNCTION] = {"function_definition", .skip = F_NAME, .enter = py_enter_function,
                    .leave = py_leave_function},
    [S_CLASS] = {"class_definition", .skip = F_NAME, .enter = py_enter_class,
                 .leave = py_leave_class},
    [S_DECORATED] = {"decorated_definition", .leave = py_leave_nothing},
    [S_DECORATOR] = {"decorator", EX_BETWEEN, .leave = py_leave_decorator},
    [S_PARAMETERS] = {"parameters", .leave = py_leave_parameters},
    [S_LAMBDA_PARAMETERS] = {"lambda_parameters", .leave = py_leave_lambda_parameters},
    [S_DEFAULT_PARAM] = {"default_parameter", .leave = py_leave_param},
    [S_TYPED_PARAM] = {"typed_parameter", .leave = py_leave_param},
    [S_TYPED_DEFAULT_PARAM] = {"typed_default_parameter", .leave = py_leave_param},
    [S_LIST_SPLAT_PATTERN] = {"list_splat_pattern", .leave = py_leave_splat},
    [S_DICT_SPLAT_PATTERN] = {"dictionary_splat_pattern", .leave = py_leave_splat},
    [S_LIST_SPLAT] = {"list_splat", .leave = py_leave_splat},
    [S_DICT_SPLAT] = {"dictionary_splat", .leave = py_leave_nothing},
    [S_LAMBDA] = {"lambda", .enter = py_enter_lambda, .leave = py_leave_lambda},
    [S_ASSIGNMENT] = {"assignment", .leave = py_leave_assignment},
    [S_AUGMENTED] = {"augmented_assignment", .leave = py_leave_nothing},
    [S_NAMED] = {"named_expression", .leave = py_leave_named},
    [S_IDENTIFIER] = {.symbol = "identifier", .flags = EX_NAME},
    [S_ATTRIBUTE] = {"attribute", .skip = F_ATTRIBUTE, .leave = py_leave_attribute},
    [S_SUBSCRIPT] = {"subscript", .enter = py_enter_subscript, .leave = py_leave_subscript},
    [S_SLICE] = {"slice", .leave = py_leave_nothing},
    [S_CALL] = {"call", .leave = py_leave_call},
    [S_ARGUMENTS] = {"argument_list", .enter = py_enter_arguments, .leave = py_leave_arguments},
    [S_KEYWORD] = {"keyword_argument", .skip = F_NAME, .leave = py_leave_keyword},
    [S_TYPE] = {"type", .enter = py_enter_type, .leave = py_leave_type},
    [S_GENERIC_TYPE] = {"generic_type", .leave = py_leave_generic_type},
    [S_UNION_TYPE] = {"union_type", .leave = py_leave_union_type},
    [S_CONSTRAINED_TYPE] = {"constrained_type", .leave = py_leave_constrained_type},
    [S_MEMBER_TYPE] = {"member_type", .leave = py_leave_member_type},
    [S_TYPE_PARAMS] = {"type_parameter", .enter = py_enter_type_params,
                       .leave = py_leave_type_params},
    [S_TYPE_ALIAS] = {"type_alias_statement", .leave = py_leave_type_alias},
    [S_IF] = {"if_statement", .enter = py_enter_conditional, .leave = py_leave_if},
    [S_ELIF] = {"elif_clause", .leave = py_leave_nothing},
    [S_ELSE] = {"else_clause", .leave = py_leave_nothing},
    [S_WHILE] = {"while_statement", .leave = py_leave_loop},
    [S_FOR] = {"for_statement", .leave = py_leave_loop},
    [S_TRY] = {"try_statement", .enter = py_enter_conditional, .leave = py_leave_try},
    [S_EXCEPT] = {"except_clause", .leave = py_leave_nothing},
    [S_FINALLY] = {"finally_clause", .leave = py_leave_nothing},
    [S_WITH] = {"with_statement", .enter = py_enter_with, .leave = py_leave_nothing},
    [S_WITH_ITEM] = {"with_item", .leave = py_leave_with_item},
    [S_AS_PATTERN] = {"as_pattern", .leave = py_leave_as_pattern},
    [S_MATCH] = {"match_statement", .leave = py_leave_nothing},
    [S_CASE] = {"case_clause", .leave = py_leave_nothing},
    [S_CASE_PATTERN] = {"case_pattern", .leave = py_leave_case_pattern},
    [S_CLASS_PATTERN] = {"class_pattern", .leave = py_leave_class_pattern},
    [S_KEYWORD_PATTERN] = {"keyword_pattern", .leave = py_leave_keyword_pattern},
    [S_SPLAT_PATTERN] = {"splat_pattern", .leave = py_leave_splat_pattern},
    [S_DICT_PATTERN] = {"dict_pattern", .leave = py_leave_dict_pattern},
    [S_UNION_PATTERN] = {"union_pattern", .leave = py_leave_union_pattern},
    [S_LIST_PATTERN] = {"list_pattern", .leave = py_leave_tuple},
    [S_TUPLE_PATTERN] = {"tuple_pattern", .leave = py_leave_tuple},
    [S_PATTERN_LIST] = {"pattern_list", .leave = py_leave_tuple},
    [S_EXPRESSION_LIST] = {"expression_list", .leave = py_leave_tuple},
    [S_DOTTED_NAME] = {.symbol = "dotted_name", .flags = EX_WORD},
    [S_RETURN] = {"return_statement", .leave = py_leave_return},
    [S_RAISE] = {"raise_statement", .leave = py_leave_nothing},
    [S_CONTINUE] = {.symbol = "continue_statement", .flags = EX_SKIP},
    [S_BREAK] = {.symbol = "break_statement", .flags = EX_SKIP},
    [S_YIELD] = {"yield", .leave = py_leave_yield},
    [S_AWAIT] = {"await", .leave = py_leave_await},
    [S_GLOBAL] = {"global_statement", .leave = py_leave_global},
    [S_NONLOCAL] = {"nonlocal_statement", .leave = py_leave_nonlocal},
    [S_DELETE] = {"delete_statement", .leave = py_leave_delete},
    [S_ASSERT] = {"assert_statement", .leave = py_leave_assert},
    [S_IMPORT] = {"import_statement", .leave = py_leave_import},
    [S_IMPORT_FROM] = {"import_from_statement", .leave = py_leave_import_from},
    [S_FUTURE] = {.symbol = "future_import_statement", .flags = EX_SKIP},
    [S_ALIASED] = {"aliased_import", .skip = F_ALIAS, .leave = py_leave_aliased},
    [S_RELATIVE] = {.symbol = "relative_import", .flags = EX_WORD},
    [S_WILDCARD] = {.symbol = "wildcard_import", .flags = EX_MARK},
    [S_LIST] = {"list", .leave = py_leave_list},
    [S_SET] = {"set", .leave = py_leave_list},
    [S_TUPLE] = {"tuple", .leave = py_leave_tuple},
    [S_DICT] = {"dictionary", .leave = py_leave_dict},
    [S_PAIR] = {"pair", .leave = py_leave_pair},
    [S_LIST_COMP] = {"list_comprehension", EX_BLOCK, .leave = py_leave_comprehension},
    [S_SET_COMP] = {"set_comprehension", EX_BLOCK, .leave = py_leave_comprehension},
    [S_DICT_COMP] = {"dictionary_comprehension", EX_BLOCK, .leave = py_leave_comprehension},
    [S_GENERATOR] = {"generator_expression", EX_BLOCK, .leave = py_leave_comprehension},
    [S_FOR_IN] = {"for_in_clause", .leave = py_leave_for_in},
    [S_STRING] = {"string", .enter = py_enter_string, .leave = py_leave_string},
    [S_STRING_START] = {.symbol = "string_start", .flags = EX_SKIP},
    [S_STRING_CONTENT] = {.symbol = "string_content", .flags = EX_SKIP},
    [S_STRING_END] = {.symbol = "string_end", .flags = EX_SKIP},
    [S_CONCATENATED] = {"concatenated_string", .leave = py_leave_concatenated},
    [S_INTEGER] = {"integer", EX_LIT, .arg = "int"},
    [S_FLOAT] = {"float", EX_LIT, .arg = "float"},
    [S_TRUE] = {"true", EX_LIT, .arg = "bool"},
    [S_FALSE] = {"false", EX_LIT, .arg = "bool"},
    [S_NULL] = {.symbol = "none", .flags = EX_MARK}, /* has no members: says nothing */
    [S_ELLIPSIS] = {.symbol = "ellipsis", .flags = EX_MARK},
    [S_COMPARISON] = {"comparison_operator", .leave = py_leave_bool},
    [S_NOT] = {"not_operator", .leave = py_leave_bool},
    [S_BOOLEAN] = {"boolean_operator", .leave = py_leave_boolean},
    [S_BINARY] = {"binary_operator", .leave = py_leave_binary},
    [S_CONDITIONAL] = {"conditional_expression", .leave = py_leave_conditional},
    [S_PAREN] = {.symbol = "parenthesized_expression"},
    [S_EXPRESSION] = {"expression_statement", .leave = py_leave_nothing},
    [S_COMMENT] = {.symbol = "comment", .flags = EX_COMMENT},
    [S_CONTINUATION] = {.symbol = "line_continuation", .flags = EX_SKIP},
    [S_STAR_ONLY] = {.symbol = "keyword_separator", .flags = EX_SKIP},
    [S_SLASH_ONLY] = {.symbol = "positional_separator", .flags = EX_SKIP},
    [S_CONVERSION] = {.symbol = "type_conversion", .flags = EX_SKIP},
    [S_COUNT] = {.symbol = NULL},
};

static const char *const suffixes[] = {".py", ".pyi", NULL};
static const char *const interpreters[] = {"python", "python3", "python2", NULL};
static const char *const iterators[] = {"__iter__", "__next__", "__aiter__", "__anext__", NULL};

static bool is_header_path(const char *path)
{
    return slice_ends(slice_from(path), SLICE(".pyi"));
}

const struct lang lang_python = {
    .name = "python",
    .title = "Python",
    .separator = ".",
    .module_separator = ".",
    .line_comment = "#",
    .suffixes = suffixes,
    .interpreters = interpreters,
    .flags = LANG_CALL_CONSTRUCTS | LANG_UNIQUE_MEMBERS | LANG_TYPE_SCOPE_DIRECT | LANG_MRO,
    .constructor = "__init__",
    .iterators = iterators,
    .grammar = tree_sitter_python,
    .rules = rules,
    .fields = fields,
    .begin_file = begin_file,
    .end_file = end_file,
    .module_name = py_module_name,
    .find_module = py_find_module,
    .is_test_path = py_is_test_path,
    .is_header_path = is_header_path,
    .members = py_members,
    .common_members = py_common_members,
};
