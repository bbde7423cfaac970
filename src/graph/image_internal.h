/* Between image.c (opening, checking), image_write.c and image_build.c. Private to graph/. */
#ifndef PT_GRAPH_IMAGE_INTERNAL_H
#define PT_GRAPH_IMAGE_INTERNAL_H

#include "graph/image.h"
#include "graph/live_internal.h"

#define IMAGE_MAGIC "ISGIMAGE"

/* Number of words in one of the sections NODE ... TEXT. */
static inline uint32_t image_words(const struct image_header *h, enum image_section s)
{
    if (s == IMAGE_FILE)
        return h->n_files;
    return s == IMAGE_NAMED || s == IMAGE_TEXT ? h->n_names : h->n_nodes;
}

/* Buckets of the directory of a map of n ids. */
static inline uint32_t image_buckets(uint32_t n)
{
    return n / 4 + 1;
}

struct hash128 image_data_checksum(const struct image_segment *segments, uint32_t n);

/* Fills in the checksum, and the page (all zero) with the header. */
void image_seal(struct image_header *h, char page[IMAGE_PAGE]);

/* Writes the view to a new file that need not outlive a crash. What is read of the image that the
 * view's graph was opened from leaves memory on the way. */
int image_write_stage(const struct view *v, const char *path, struct err *err);
/* The same, for good; as image_write. */
int image_write_cool(const struct view *v, const char *path, struct err *err);

#endif
