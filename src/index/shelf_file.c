#include "index/shelf_file.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "facts-"
#define PAGE ((uint64_t)4096)
/* So that a place fits 32 bits, in steps of 16 bytes. */
#define FILE_MAX ((uint64_t)UINT32_MAX * 16)

/* ---- names ---- */

void shelf_file_name(uint32_t number, char ret[SHELF_NAME_SIZE])
{
    (void)snprintf(ret, SHELF_NAME_SIZE, PREFIX "%" PRIu32, number);
}

bool shelf_file_number(const char *name, uint32_t *ret)
{
    char again[SHELF_NAME_SIZE];
    uint64_t number = 0;

    if (strncmp(name, PREFIX, sizeof(PREFIX) - 1) != 0)
        return false;
    for (const char *p = name + sizeof(PREFIX) - 1; *p >= '0' && *p <= '9'; p++) {
        number = number * 10 + (uint64_t)(*p - '0');
        if (number > SHELF_NUMBER_MAX)
            return false;
    }
    shelf_file_name((uint32_t)number, again);
    if (strcmp(name, again) != 0)
        return false;
    *ret = (uint32_t)number;
    return true;
}

/* ---- users ---- */

void shelf_file_join(struct shelf_file *f)
{
    (void)atomic_fetch_add_explicit(&f->users, 1, memory_order_relaxed);
}

void shelf_file_leave(struct shelf_file *f)
{
    if (atomic_fetch_sub_explicit(&f->users, 1, memory_order_acq_rel) != 1)
        return;
    shelf_file_seal(f);
    if (f->base != NULL)
        mem_unreserve((void *)(uintptr_t)f->base, f->room);
    mem_free(f);
}

static void facts_leave(struct facts_home *home)
{
    shelf_file_leave((struct shelf_file *)home);
}

struct shelf_file *shelf_file_of(const struct facts *f)
{
    return f->home != NULL && f->home->leave == facts_leave ? (struct shelf_file *)f->home : NULL;
}

/* ---- opening ---- */

/* Takes the descriptor over, also when it fails. */
static int map_file(int fd, uint32_t number, uint64_t size, uint64_t room, struct shelf_file **ret,
                    struct err *err)
{
    struct shelf_file *f = mem_calloc(1, sizeof(*f));
    if (f == NULL) {
        io_close(fd);
        return err_set(err, PT_ENOMEM, "no memory for a file of facts");
    }
    f->home.leave = facts_leave;
    atomic_init(&f->users, 1);
    atomic_init(&f->swept, false);
    f->number = number;
    f->fd = fd;
    f->end = size;
    f->room = (size_t)(((room > size ? room : size) + PAGE - 1) & ~(PAGE - 1));
    void *base = mem_reserve(f->room);
    f->base = base;
    int rc = base != NULL ? io_map_at(fd, 0, f->room, base, false, err)
                          : err_set(err, PT_ENOMEM, "no addresses for a file of facts");
    if (rc != PT_OK) {
        shelf_file_leave(f);
        return rc;
    }
    *ret = f;
    return PT_OK;
}

static int check_header(int fd, uint64_t *ret_size, struct hash128 identity, struct err *err)
{
    uint8_t header[SHELF_HEADER_SIZE];
    struct io_stat st;
    size_t n = 0;
    int rc = io_stat_fd(fd, &st, err);
    if (rc == PT_OK && st.kind != IO_FILE)
        rc = err_set(err, PT_EINVAL, "facts do not lie in a file");
    if (rc == PT_OK)
        rc = io_pread(fd, header, sizeof(header), 0, &n, err);
    if (rc == PT_OK && (st.size > FILE_MAX || !shelf_header_ok(header, n, identity)))
        rc = err_set(err, PT_ECORRUPT, "it is no file of facts of this program");
    *ret_size = st.size;
    return rc;
}

int shelf_file_open(int dir, uint32_t number, struct hash128 identity, uint64_t room,
                    struct shelf_file **ret, struct err *err)
{
    char name[SHELF_NAME_SIZE];
    uint64_t size = 0;
    int fd = -1;

    shelf_file_name(number, name);
    /* O_NONBLOCK: opening a FIFO would wait for somebody. */
    int rc = io_open(dir, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0, &fd, err);
    if (rc != PT_OK)
        return rc;
    rc = check_header(fd, &size, identity, err);
    if (rc == PT_OK)
        return map_file(fd, number, size, room, ret, err);
    io_close(fd);
    return rc;
}

int shelf_file_create(int dir, uint32_t number, struct hash128 identity, uint64_t room,
                      struct shelf_file **ret, struct err *err)
{
    char name[SHELF_NAME_SIZE];
    struct shelf_header header;
    const struct io_part part = {&header, sizeof(header)};
    int fd = -1;

    shelf_file_name(number, name);
    shelf_header_make(identity, &header);
    int rc = io_open(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, &fd, err);
    if (rc != PT_OK)
        return rc;
    rc = io_write_at(fd, 0, &part, 1, err);
    if (rc == PT_OK)
        rc = map_file(fd, number, sizeof(header), room, ret, err);
    else
        io_close(fd);
    if (rc != PT_OK)
        (void)io_remove(dir, name, NULL);
    return rc;
}

/* ---- appending ---- */

void shelf_file_seal(struct shelf_file *f)
{
    io_close(f->fd);
    f->fd = -1;
}

void shelf_file_cut(struct shelf_file *f, uint64_t end)
{
    f->end = end;
    if (f->fd >= 0 && io_truncate(f->fd, end, NULL) != PT_OK)
        shelf_file_seal(f);
}

bool shelf_file_has_room(const struct shelf_file *f, uint64_t n)
{
    return f->fd >= 0 && n <= f->room - f->end;
}

int shelf_file_append(struct shelf_file *f, const struct io_part *parts, size_t n_parts,
                      struct err *err)
{
    int rc = io_write_at(f->fd, f->end, parts, n_parts, err);
    if (rc != PT_OK) {
        shelf_file_cut(f, f->end);
        return rc;
    }
    for (size_t i = 0; i < n_parts; i++)
        f->end += parts[i].n;
    return PT_OK;
}
