/* Rendering: an answer as JSON, or as text for people.
 *
 * The text has one layout for all methods: a "title" is its heading; numbers and flat objects are
 * lines with aligned labels; an array of objects is a table with a column for each key (see
 * enum value_layout for other forms); "warnings" and "hints" come last. Text from repositories is
 * made harmless for terminals.
 *
 * Pure functions; trouble shows as out->failed.
 */
#ifndef PT_SERVER_RENDER_H
#define PT_SERVER_RENDER_H

#include "server/answer.h"

struct render_options {
    bool colour;
    unsigned width; /* columns of the terminal; 0: do not cut lines (pipes) */
    bool compact;   /* no alignment: for readers that pay by the byte */
};

void render_json(const struct answer *a, struct buf *out);

/* One value, without the line end. */
void render_json_value(const struct value *v, struct buf *out);

void render_text(const struct answer *a, const struct render_options *options, struct buf *out);

/* The report of a failure (answer_fail): "parseltongue: MESSAGE", and below it candidates, or
 * damages if there are more than the message tells of. */
void render_failure(const struct answer *a, const struct render_options *options, struct buf *out);

/* The first line of it, for any message. */
void render_message(const char *text, bool colour, struct buf *out);

/* One array of objects as a table. */
void render_rows(const struct value *rows, const struct render_options *options, struct buf *out);

#endif
