/* Rendering: an answer as JSON, or as text for people.
 *
 * The text has one layout for all methods: `title` is a heading, other scalars are lines, an array
 * of objects is a table with a column for each key, `hints` come last. Text from repositories is
 * made harmless for terminals.
 */
#ifndef PT_SERVER_RENDER_H
#define PT_SERVER_RENDER_H

#include "server/answer.h"

struct render_options {
    bool colour;
    unsigned width; /* columns of the terminal; 0: do not cut lines (pipes) */
};

void render_json(const struct answer *a, struct buf *out);
void render_text(const struct answer *a, const struct render_options *options, struct buf *out);

#endif
