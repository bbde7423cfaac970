/* What those who subscribed to a workspace are told of its changes: which nodes and edges came and
 * went, and what that affects (query/difference.h).
 *
 * The writer notes which files each commit touched, and pins the view behind it; whoever has been
 * told last has the view before. The two are compared off the loop's thread, as a task. Several
 * commits become one task. Without subscribers nothing is noted, and nothing pinned.
 *
 * Threads: see each. Views are those of one workspace, which must be open until news_end.
 */
#ifndef PT_SERVER_NEWS_H
#define PT_SERVER_NEWS_H

#include "base/arena.h"
#include "engine/workspace.h"

#include <pthread.h>

/* More files than that in a task are not compared: it then says `whole`. */
#define NEWS_FILES 1024u
/* Rows of each list, beyond which there is only their number. */
#define NEWS_ROWS 100u
#define NEWS_AFFECTED 20u

struct news_task {
    struct view before, after; /* pinned */
    struct arena arena;        /* owns the paths */
    VEC(const char *) paths;
    bool has_before, has_after;
    bool whole; /* which files changed is not known, or they are too many */
};

struct news {
    pthread_mutex_t mutex;       /* guards all below */
    struct workspace *workspace; /* NULL: nobody has subscribed */
    struct news_task next;
    bool is_out; /* a task was taken: it has the view before */
};

void news_init(struct news *n);
void news_release(struct news *n);

/* By the loop's thread: somebody, and then nobody any more, wants to know. Both may be said twice. */
void news_begin(struct news *n, struct workspace *w);
void news_end(struct news *n);

/* By the writer's thread, behind a commit. `delta` NULL: all may have changed. */
void news_touched(struct news *n, const struct delta *delta);

/* By the loop's thread, one task at a time. False: there is nothing to tell. */
bool news_take(struct news *n, struct news_task *ret);
/* It is done: what it led to is from now on what was told. */
void news_return(struct news *n, struct workspace *w, struct news_task *t);

/* By any thread: appends the members of a JSON object, without its braces. What could not be found
 * out for want of memory is `whole`. */
void news_render(const struct news_task *t, struct buf *out);

#endif
