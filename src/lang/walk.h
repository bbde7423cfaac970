/* Inside of extraction: the state of one walk, and the stages that extract_file runs. Private to
 * lang/. */
#ifndef PT_LANG_WALK_H
#define PT_LANG_WALK_H

#include "base/map.h"
#include "lang/cursor.h"
#include "lang/effort.h"
#include "lang/extract.h"

/* A language's rules, looked up in its grammar once per process. */
struct ex_table {
    uint16_t *rule_of; /* by grammar symbol: index of the rule, 0 if none */
    uint32_t n_symbols;
    uint16_t *field_of; /* by grammar field: index in lang->fields, 0 if none */
    uint32_t n_fields;
    uint16_t fields[64]; /* by index in lang->fields: grammar field */
    int error;
    char message[160];
};

/* Never NULL; ->error tells whether the rules fit the grammar. Any thread. */
const struct ex_table *ex_table_of(unsigned lang);

/* One open node. */
struct ex_frame {
    struct kid self;
    const struct ex_rule *rule;
    uint32_t kids; /* where its children's values begin */
    uint32_t def, scope, self_def, user, user2;
    bool in_test, conditional;
};

struct ex_doc {
    uint32_t start, end; /* bytes of the run of comments that ended last, equal if none */
    uint32_t end_row;
};

struct ex_walk {
    TSParser *parser;
    unsigned parser_lang;
    struct cursor *cursor; /* owned */
    const struct ex_table *table;
    VEC(struct ex_frame) frames;
    VEC(struct kid) kids;
    struct map binds; /* (scope, name) -> newest bind */
    struct ex_doc doc;
    struct buf text;   /* scratch */
    struct buf masked; /* what is parsed instead of the source, if anything */
    /* effort limit of the parse under way */
    struct effort effort;
};

/* Parses src. *ret_tree is NULL when the effort limit was met or parsing is impossible. */
int ex_parse(struct extract *x, unsigned lang, const char *src, uint32_t n, TSTree **ret_tree,
             struct err *err);

/* Takes the tree over, for the next time or to delete it. */
void ex_keep_tree(struct extract *x, unsigned lang, const char *src, uint32_t n, TSTree *tree);

/* Binds names to scopes, drops what no other file and no edge can need, and lays the rest out in
 * one block. */
int ex_seal(struct extract *x, struct facts **ret_facts, struct err *err);

#endif
