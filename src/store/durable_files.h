/* The files of a durable store besides its log: their names, its id, and which image was checked.
 * Private to store/. */
#ifndef PT_STORE_DURABLE_FILES_H
#define PT_STORE_DURABLE_FILES_H

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "store/wal_file.h"

#include <stdbool.h>
#include <stdint.h>

struct images {
    VEC(uint64_t) numbers;
    bool failed;
};

int durable_path(const char *dir, const char *name, struct buf *ret, struct err *err);
int durable_image_path(const char *dir, uint64_t number, struct buf *ret, struct err *err);

/* The numbers of all images, in no order. */
int durable_images(const char *dir, struct images *ret, struct err *err);

/* The id in the file `store`, PT_ENOENT if there is none. */
int durable_read_id(const char *dir, uint8_t id[WAL_ID_SIZE], struct err *err);
int durable_make_id(const char *dir, uint8_t id[WAL_ID_SIZE], struct err *err);

/* Reads every byte of an image, unless the file `checked` says that it was read since it changed
 * last, as it will from now on. */
int durable_check_image(const char *dir, uint64_t number, struct err *err);

#endif
