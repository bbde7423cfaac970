/* Reading every byte of a durable store, and setting damaged ones aside. */
#include "base/io.h"
#include "base/mem.h"
#include "graph/image.h"
#include "store/durable.h"
#include "store/durable_files.h"

#include <inttypes.h>
#include <string.h>

#define SET_ASIDE_MAX 1000u

/* ---- verify ---- */

void durable_check_release(struct durable_check *c)
{
    for (uint32_t i = 0; i < c->damages.len; i++) {
        mem_free(c->damages.at[i].file);
        mem_free(c->damages.at[i].what);
    }
    vec_release(&c->damages);
    *c = (struct durable_check){0};
}

/* What an error says of a file, without the name of the file that it may begin with. */
static int add_damage(struct durable_check *c, const char *file, const struct err *why,
                      struct err *err)
{
    size_t n = strlen(file);
    const char *what =
        strncmp(why->msg, file, n) == 0 && why->msg[n] == ':' ? why->msg + n + 1 : why->msg;
    struct damage d = {mem_strdup(file), mem_strdup(what + strspn(what, " "))};
    if (d.file != NULL && d.what != NULL && vec_push(&c->damages, d))
        return PT_OK;
    mem_free(d.file);
    mem_free(d.what);
    return err_set(err, PT_ENOMEM, "out of memory to check a store");
}

static bool is_damage(int rc)
{
    return rc == PT_ECORRUPT || rc == PT_EVERSION;
}

static int count_file(struct durable_check *c, const char *path, struct err *err)
{
    struct io_stat st;
    int rc = io_stat(IO_CWD, path, &st, err);
    if (rc == PT_OK) {
        c->files++;
        c->bytes += st.size;
    }
    return rc;
}

static int verify_images(const char *dir, struct durable_check *c, struct images *all,
                         struct err *err)
{
    struct buf path = {0};
    int rc = durable_images(dir, all, err);
    for (uint32_t i = 0; rc == PT_OK && i < all->numbers.len; i++) {
        struct err why = {0};
        uint32_t segments = 0;
        rc = durable_image_path(dir, all->numbers.at[i], &path, err);
        if (rc != PT_OK)
            break;
        int found = image_check(buf_cstr(&path), &segments, &why);
        c->segments += segments;
        if (is_damage(found))
            rc = add_damage(c, buf_cstr(&path), &why, err);
        else if (found != PT_OK)
            rc = err_set(err, found, "%s", why.msg);
        if (rc == PT_OK)
            rc = count_file(c, buf_cstr(&path), err);
    }
    buf_release(&path);
    return rc;
}

static int verify_log(const char *dir, struct durable_check *c, const struct images *all,
                      const uint8_t id[WAL_ID_SIZE], struct err *err)
{
    struct wal_options o = {.create = all->numbers.len == 0};
    struct wal_report report = {0};
    struct err why = {0};
    memcpy(o.id, id, WAL_ID_SIZE);
    for (uint32_t i = 0; i < all->numbers.len; i++)
        o.covered = all->numbers.at[i] > o.covered ? all->numbers.at[i] : o.covered;
    int rc = wal_read(dir, &o, NULL, NULL, &report, &why);
    if (is_damage(rc) || rc == PT_ENOENT)
        return add_damage(c, dir, &why, err);
    if (rc != PT_OK)
        return err_set(err, rc, "%s", why.msg);
    c->files += report.files;
    c->bytes += report.bytes;
    c->records += report.records;
    return PT_OK;
}

int durable_verify(const char *dir, struct durable_check *ret, struct err *err)
{
    uint8_t id[WAL_ID_SIZE] = {0};
    struct images all = {0};
    struct buf path = {0};
    struct err why = {0};
    *ret = (struct durable_check){0};
    int rc = verify_images(dir, ret, &all, err);
    if (rc == PT_OK)
        rc = durable_path(dir, "store", &path, err);
    if (rc == PT_OK) {
        int found = durable_read_id(dir, id, &why);
        if (is_damage(found) || (found == PT_ENOENT && all.numbers.len > 0))
            rc = add_damage(ret, buf_cstr(&path), &why, err);
        else if (found == PT_OK)
            rc = verify_log(dir, ret, &all, id, err);
        else if (found != PT_ENOENT)
            rc = err_set(err, found, "%s", why.msg);
        if (rc == PT_OK && found == PT_OK)
            rc = count_file(ret, buf_cstr(&path), err);
    }
    vec_release(&all.numbers);
    buf_release(&path);
    if (rc != PT_OK)
        durable_check_release(ret);
    return rc;
}

/* ---- setting aside ---- */

static int set_aside(const char *path, struct buf *names, struct err *err)
{
    struct buf to = {0};
    int rc = PT_ELIMIT;
    for (unsigned i = 1; i <= SET_ASIDE_MAX && rc == PT_ELIMIT; i++) {
        buf_reset(&to);
        buf_printf(&to, "%s.damaged-%u", path, i);
        if (to.failed)
            rc = err_set(err, PT_ENOMEM, "no memory for a path");
        else if (!io_exists(IO_CWD, buf_cstr(&to)))
            rc = io_rename(path, buf_cstr(&to), err);
    }
    if (rc == PT_ELIMIT)
        rc = err_set(err, PT_ELIMIT, "%s: too many damaged files are set aside already", path);
    if (rc == PT_OK) {
        if (names->n > 0)
            buf_char(names, ' ');
        buf_str(names, strrchr(buf_cstr(&to), '/') + 1);
    }
    buf_release(&to);
    return rc;
}

/* Images first: a log whose beginning is covered by an image that is not there is refused, so a
 * crash in between is seen. */
int durable_set_aside(const char *dir, struct buf *ret_names, struct err *err)
{
    struct images all = {0};
    struct buf path = {0};
    int rc = durable_images(dir, &all, err);
    for (uint32_t i = 0; rc == PT_OK && i < all.numbers.len; i++) {
        rc = durable_image_path(dir, all.numbers.at[i], &path, err);
        if (rc == PT_OK)
            rc = set_aside(buf_cstr(&path), ret_names, err);
    }
    vec_release(&all.numbers);
    if (rc == PT_OK)
        rc = wal_set_aside(dir, ret_names, err);
    if (rc == PT_OK)
        rc = durable_path(dir, "store", &path, err);
    if (rc == PT_OK && io_exists(IO_CWD, buf_cstr(&path)))
        rc = set_aside(buf_cstr(&path), ret_names, err);
    buf_release(&path);
    return rc == PT_OK ? io_sync_dir(dir, err) : rc;
}
