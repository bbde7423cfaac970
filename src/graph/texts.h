/* The qualified name and the signature of a node, as its record holds them: what others say already
 * is left out. A qualified name is mostly that of the parent, a separator and the bare name, which
 * is interned; a signature mostly has the bare name in it.
 *
 *   form    bits 0 to 2: enum texts_qualified; bit 3: TEXTS_NAMED
 *   texts   the qualified name, or what follows that of the parent, if the form wants one;
 *           the signature, with TEXTS_NAME instead of the bare name if TEXTS_NAMED is set;
 *           each with its NUL
 *
 * The form is a function of the texts of the node and of its parent, so equal graphs have equal
 * records. A parent lies in the file of its children, so it is never brought without them.
 *
 * Threads: any; all memory is borrowed.
 */
#ifndef PT_GRAPH_TEXTS_H
#define PT_GRAPH_TEXTS_H

#include "graph/live.h"

enum texts_qualified {
    TEXTS_WHOLE,  /* all of it is here; the only form of a node that is its own parent */
    TEXTS_BEHIND, /* that of the parent, and what is here */
    TEXTS_JOINED, /* that of the parent, a separator, the bare name; one form for each separator */
};

#define TEXTS_SEPARATORS 3u
#define TEXTS_QUALIFIED_MASK 7u
#define TEXTS_NAMED 8u
#define TEXTS_NAME '\x01'
#define TEXTS_FORM_MASK 15u /* the bits above are not ours */

/* The texts of a node in their lean form. Borrowed from the node. */
struct texts {
    const char *own; /* of the qualified name; "" */
    const char *signature;
    size_t n_own, n_signature; /* with the NUL; n_own is 0 if the form wants none */
    size_t n_before, n_name; /* of the signature: where the bare name lies in it, if TEXTS_NAMED */
    uint8_t form;
};

/* `parent`: qualified name of the parent, NULL if the node is its own. */
void texts_of(const struct unit_node *n, const char *parent, struct texts *ret);
/* Bytes that they take. */
size_t texts_bytes(const struct texts *t);
void texts_put(const struct texts *t, char *to);
/* Has the record, which is of a node with the same bare name, just the texts that texts_of would
 * give the node? */
bool texts_same(const struct unit_node *n, const char *parent, const struct live_node *r);

/* Number of strings, and bytes, in a record. */
unsigned texts_count(uint8_t form);
size_t texts_size(const struct live_node *r);
/* Can a record have this form? `root`: of a node that is its own parent. */
bool texts_form_is_sound(uint8_t form, bool root);

/* Appends the text of a node that is there. to->failed: no memory. */
void texts_add_qualified(const struct live *g, uint32_t generation, uint32_t id, struct buf *to);
void texts_add_signature(const struct live *g, const struct live_node *r, struct buf *to);

#endif
