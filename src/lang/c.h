/* C's own parts: rules (c.c), directives (c_directive.c), bodies of macros (c_macro.c), what is
 * hidden from the parser (c_mask.c), paths of included files (c_include.c). Private to lang/. */
#ifndef PT_LANG_C_H
#define PT_LANG_C_H

#include "lang/extract.h"

/* Where a bare identifier or a type name may lead: C keeps both in one name space. */
#define C_NAME_NS (NS_VALUE | NS_TYPE | NS_MACRO)
#define C_TYPE_NS (NS_TYPE | NS_MACRO)

/* Indexes of the rules. */
enum {
    S_NONE,
    S_IDENTIFIER,
    S_TYPE_IDENTIFIER,
    S_FIELD_IDENTIFIER,
    S_STATEMENT_IDENTIFIER,
    S_PRIMITIVE_TYPE,
    S_SIZED_TYPE,
    S_NUMBER,
    S_CHAR,
    S_STRING,
    S_TRUE,
    S_FALSE,
    S_NULL,
    S_COMMENT,
    S_ATTRIBUTE,
    S_ATTRIBUTE_DECLARATION,
    S_DECLSPEC,
    S_STORAGE,
    S_FUNCTION_DEFINITION,
    S_DECLARATION,
    S_TYPE_DEFINITION,
    S_STRUCT,
    S_UNION,
    S_ENUM,
    S_ENUMERATOR,
    S_FIELD_DECLARATION,
    S_PARAMETER,
    S_PARAMETERS,
    S_VARIADIC,
    S_FUNCTION_DECLARATOR,
    S_POINTER_DECLARATOR,
    S_ARRAY_DECLARATOR,
    S_PAREN_DECLARATOR,
    S_ATTRIBUTED_DECLARATOR,
    S_INIT_DECLARATOR,
    S_ABSTRACT_FUNCTION,
    S_ABSTRACT_ARRAY,
    S_TYPE_DESCRIPTOR,
    S_MACRO_TYPE,
    S_BLOCK,
    S_FOR,
    S_CALL,
    S_FIELD,
    S_SUBSCRIPT,
    S_CAST,
    S_COMPOUND_LITERAL,
    S_SIZEOF,
    S_ALIGNOF,
    S_OFFSETOF,
    S_BINARY,
    S_CONDITIONAL,
    S_ASSIGNMENT,
    S_COMMA,
    S_INIT_LIST,
    S_INIT_PAIR,
    S_FIELD_DESIGNATOR,
    S_SUBSCRIPT_DESIGNATOR,
    S_INCLUDE,
    S_DEFINE,
    S_DEFINE_FUNCTION,
    S_IF,
    S_IFDEF,
    S_ELSE,
    S_ELIF,
    S_DIRECTIVE,
    S_SYSTEM_PATH,
    S_COUNT,
    /* not symbols of the grammar: what a declarator declares, where that is no plain name */
    D_HOLDER,          /* something that holds a function: a pointer, an array of pointers */
    D_RETURNS_FUNCTION /* a function whose result holds a function */
};

/* Indexes of the fields. */
enum {
    F_NONE,
    F_NAME,
    F_TYPE,
    F_DECLARATOR,
    F_BODY,
    F_VALUE,
    F_PARAMETERS,
    F_FUNCTION,
    F_ARGUMENT,
    F_FIELD,
    F_LEFT,
    F_RIGHT,
    F_CONSEQUENCE,
    F_ALTERNATIVE,
    F_CONDITION,
    F_MEMBER,
    F_PATH
};

enum c_word {
    C_WORD_KEYWORD = 1u << 0,
    C_WORD_TYPE = 1u << 1,         /* keywords in front of a declarator: int, struct, static ... */
    C_WORD_LIBRARY_TYPE = 1u << 2, /* no keywords, but the grammar knows them: size_t ... */
};

/* What a word is known as, 0 if it is any name. */
unsigned c_word(struct slice word);
bool c_is_keyword(struct slice word);
bool c_is_type_keyword(struct slice word);

#define C_LONG_VALUE 60u /* initialisers and macros beyond it are no part of a signature */

/* Types and macros in a header are seen by whoever includes it. */
void c_export_from_header(struct extract *x, uint32_t def);
/* A rule's `leave` for nodes whose value nobody may have. */
void c_leave_nothing(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n);

/* c_directive.c: handlers of the rules for the preprocessor's lines. */
void c_enter_include(struct extract *x, TSNode node);
void c_enter_define(struct extract *x, TSNode node);
void c_enter_if(struct extract *x, TSNode node);
void c_enter_ifdef(struct extract *x, TSNode node);
void c_leave_ifdef(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n);
void c_enter_else(struct extract *x, TSNode node);

/* The references in the replacement text of the macro `def`, whose parameter list (null if it has
 * none) and text are the given nodes. */
void c_macro_body(struct extract *x, uint32_t def, TSNode params, TSNode node);
/* Smallest and greatest number of arguments that a parameter list in parentheses allows. */
void c_macro_arity(struct slice params, uint8_t *ret_min, uint8_t *ret_max);

/* A copy of the source, of the same length and with the same lines, in which that is blank which
 * keeps the grammar from reading the rest. False: there is nothing of that kind in it. Includes
 * that had to be blanked are recorded. */
bool c_mask(struct extract *x, struct buf *ret);
/* An #include of `path` (with its quotes or brackets) at that line and column, from 1. */
void c_include(struct extract *x, struct slice path, uint32_t line, uint32_t column);

/* lang.find_module: "x.h" as written between quotes, or <x.h> with its brackets. */
bool c_find_include(const struct lang_tree *tree, const char *path, const char *spelled,
                    struct buf *ret);
bool c_is_test_path(const char *path);

#endif
