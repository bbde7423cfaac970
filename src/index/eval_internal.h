/* Between the files of the evaluator: eval.c (terms), lookup.c (names and members), linkage.c
 * (C's external names), library.c (what is known of types outside of the tree). */
#ifndef PT_INDEX_EVAL_INTERNAL_H
#define PT_INDEX_EVAL_INTERNAL_H

#include "index/eval.h"

/* Every recursive step passes here. False: too deep or too dear, the answer is "unknown". */
bool eval_enter(struct eval *e);
void eval_leave(struct eval *e);

enum memo_of { MEMO_BIND, MEMO_DEF, MEMO_RESULT, MEMO_STAR, MEMO_TERM, MEMO_MRO };
/* Starts the evaluation of something; true when its value is known already (or is being worked
 * out further up, which makes it unknown here). memo_end stores and returns the value. */
bool memo_begin(struct eval *e, enum memo_of what, uint32_t file, uint32_t index, uint64_t *ret_key,
                uint32_t *ret_value);
uint32_t memo_end(struct eval *e, uint64_t key, uint32_t value);
#define MEMO_BUSY UINT32_MAX

/* What an alias's term denotes: eval_lookup, of each once. Aliases may lead in circles, and what is
 * met in one then hangs on where it was entered: an alias that is under way means nothing to those
 * that it leads to. So what was found out in a circle serves only until the alias that began it is
 * done, and each alias that is asked for by itself means what it means alone. */
void eval_alias(struct eval *e, uint32_t file, uint32_t term, struct targets *ret);

void targets_add(struct targets *t, struct ent def, const struct target *as, uint8_t layer);
void targets_merge(struct targets *to, const struct targets *from, uint8_t at_least);

#define MAX_BASES 16u /* of one type; further ones are not looked at */

static const struct ent ent_none = {FILE_NONE, 0};
/* A target that was found on no receiver. */
static const struct target target_plain = {.impl = {FILE_NONE, 0}, .layer = LAYER_EXACT};

/* What the chain of binds that begins with `bind` means. `recv`, `impl`, `layer` go into the
 * targets. */
void lookup_bind(struct eval *e, uint32_t file, uint32_t bind, unsigned ns, const struct target *as,
                 struct targets *ret);
/* A name that no scope of its file binds. scope: where its search through stars begins. */
void lookup_free(struct eval *e, uint32_t file, uint32_t sym, unsigned ns, uint32_t scope,
                 struct targets *ret);
void lookup_module_member(struct eval *e, struct ent module, uint32_t sym, unsigned ns,
                          struct targets *ret);

/* linkage.c: names with external linkage, seen through includes. */
void linkage_lookup(struct eval *e, uint32_t file, uint32_t sym, unsigned ns, struct targets *ret);
/* Declarations in `t` are replaced by the definitions that they stand for. */
void linkage_define(struct eval *e, struct targets *t);

/* The include closure is of the file that was begun last. */
void linkage_forget(struct eval *e);

/* eval.c */
/* program_module, noted. */
uint32_t eval_module(struct eval *e, const char *name, size_t n);
uint32_t value_of_def(struct eval *e, const struct target *t);
uint32_t value_of_targets(struct eval *e, const struct targets *t);
uint32_t eval_star(struct eval *e, uint32_t file, uint32_t star);
uint32_t value_module(struct eval *e, uint32_t file, uint32_t term);
/* A value of the type or impl d. */
uint32_t value_self(struct eval *e, struct ent d);
/* What calling a value of type v gives, and what iterating over it does. */
uint32_t value_call(struct eval *e, uint32_t v);
uint32_t value_elem(struct eval *e, const struct lang *lang, uint32_t v);

/* mro.c: the i-th of `ty` and all its bases in the order of C3, 0 behind the last. */
uint32_t eval_mro(struct eval *e, uint32_t ty, unsigned i);

/* lookup.c */
/* Replaces the parameters of the type `recv` by its arguments in one of its bases. */
uint32_t base_on(struct eval *e, uint32_t base, uint32_t recv);
/* The type that a type parameter (its bind) is bounded by, 0 if none. */
uint32_t bound_of_param(struct eval *e, struct ent param);

/* library.c: the result of member `sym` of the library type `ty` (or a free function: ty 0),
 * 0 if nothing is known of it. arg: type of the first argument of the call. */
uint32_t library_result(struct eval *e, const struct lang *lang, uint32_t ty, uint32_t sym,
                        uint32_t arg);
uint32_t library_op(struct eval *e, const struct lang *lang, uint32_t ty, const char *op,
                    bool *ret_known);
/* The type that a smart pointer from outside of the tree stands for, 0 if ty is none. */
uint32_t library_pointee(const struct eval *e, const struct lang *lang, uint32_t ty);
const char *eval_sym_text(const struct eval *e, uint32_t sym);

#endif
