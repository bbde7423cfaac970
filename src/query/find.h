/* From what a person writes to a node: by full path, then by suffix, then by bare name.
 *
 * Reads one pinned view; any thread. A bare name that exists is looked up in the index of names;
 * besides that, only the names of modules are walked over. Proposals walk over all distinct names.
 */
#ifndef PT_QUERY_FIND_H
#define PT_QUERY_FIND_H

#include "base/vec.h"
#include "graph/view.h"

enum find_how {
    FIND_EXACT,  /* the whole qualified name, or the path of a file */
    FIND_SUFFIX, /* its last parts */
    FIND_BARE,   /* the bare name */
    FIND_CLOSE,  /* nothing matched: these are the most similar names */
};

struct find_filter {
    uint32_t kinds;   /* set of 1 << enum node_kind; 0: any */
    const char *file; /* only nodes in files whose path is this or ends with /this; NULL: any */
    uint32_t line;    /* only nodes whose name is on this line, else those that span it; 0: any */
    bool quick; /* find nothing rather than look at many namesakes, at the modules of many files or,
                   to propose, at all names */
};

struct found {
    VEC(uint32_t) nodes; /* best first; several: ambiguous */
    enum find_how how;
};

#define FIND_PROPOSALS 10u

/* What `text` may be:
 *
 *  - a name: `save`, `Model.save`, `django.db.models.Model.save`. "::", ".", "#", "/" and "->"
 *    are alike; generic arguments, a list of parameters and a macro's `!` at the end do not count;
 *    `Type::m` and `Trait::m` mean `<Type as Trait>::m` too, and `constructor` means a member that
 *    is called `<constructor>`;
 *  - the path of a file, or its last parts, which come before names that are spelled alike; a
 *    file's module name, too;
 *  - `FILE:LINE` (or `FILE:LINE:COLUMN`): the innermost definition on that line;
 *  - `FILE::NAME`, where names do not begin so anyway;
 *  - a name with `@FILE`, `@FILE:LINE` or `:LINE` behind it, which act as the filter does.
 *
 * Among matches of the best kind some give way to others: those that are spelled otherwise to those
 * of exactly that qualified name, declarations to definitions, what is
 * outside of the tree to what is in it, impl blocks to anything, a type alias to the type of its
 * own name that it stands for. What is left is ordered: no tests before tests, then by in-degree,
 * then as view_before says. Branches of an #if are not told apart: they stay ambiguous.
 *
 * If nothing matches, nodes holds up to FIND_PROPOSALS proposals: first those of that very name
 * that the filter or the name's first parts exclude, then similar names of the kinds wanted; for
 * FILE:LINE the definitions around the line. PT_ENOMEM only. `ret` is all zero, or of an earlier
 * call. `filter` may be NULL. */
int query_find(const struct view *v, const char *text, const struct find_filter *filter,
               struct found *ret, struct err *err);
void found_release(struct found *f);

#endif
