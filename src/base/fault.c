#include "base/fault.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum rule {
    RULE_ONCE,  /* the nth hit */
    RULE_EVERY, /* each multiple of nth */
    RULE_FROM,  /* the nth hit and all later ones */
};

struct point {
    char name[FAULT_NAME_MAX];
    size_t match_len; /* bytes of the name to compare */
    bool is_prefix;
    enum rule rule;
    uint64_t nth;
    uint64_t hits;
    int err_no;
};

atomic_int fault_armed_;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct point points[FAULT_MAX]; /* under the lock, the first fault_armed_ */
static bool fired;                     /* under the lock */

static struct point *find(const char *name)
{
    for (int i = 0; i < atomic_load(&fault_armed_); i++)
        if (strcmp(points[i].name, name) == 0)
            return &points[i];
    return NULL;
}

static void arm(const char *name, enum rule rule, uint64_t nth, int err_no)
{
    size_t n = strlen(name);

    assert(n > 0 && n < FAULT_NAME_MAX);
    assert(err_no > 0 || (err_no <= FAULT_SHORT && err_no >= FAULT_KILL));

    pthread_mutex_lock(&lock);
    int armed = atomic_load(&fault_armed_);
    struct point *p = find(name);
    if (!p) {
        assert(armed < FAULT_MAX);
        p = &points[armed++];
    }
    *p = (struct point){.rule = rule, .nth = nth, .err_no = err_no};
    memcpy(p->name, name, n + 1);
    p->is_prefix = name[n - 1] == '*';
    p->match_len = p->is_prefix ? n - 1 : n;
    atomic_store(&fault_armed_, armed);
    pthread_mutex_unlock(&lock);
}

void fault_arm(const char *point, uint64_t nth, int err_no)
{
    arm(point, RULE_ONCE, nth, err_no);
}

void fault_arm_every(const char *point, uint64_t nth, int err_no)
{
    assert(nth > 0);
    arm(point, RULE_EVERY, nth, err_no);
}

void fault_arm_from(const char *point, uint64_t nth, int err_no)
{
    assert(nth > 0);
    arm(point, RULE_FROM, nth, err_no);
}

void fault_disarm_all(void)
{
    pthread_mutex_lock(&lock);
    atomic_store(&fault_armed_, 0);
    fired = false;
    pthread_mutex_unlock(&lock);
}

uint64_t fault_count(const char *point)
{
    pthread_mutex_lock(&lock);
    const struct point *p = find(point);
    uint64_t hits = p ? p->hits : 0;
    pthread_mutex_unlock(&lock);
    return hits;
}

bool fault_fired(void)
{
    pthread_mutex_lock(&lock);
    bool ret = fired;
    pthread_mutex_unlock(&lock);
    return ret;
}

static bool matches(const struct point *p, const char *name)
{
    return p->is_prefix ? strncmp(p->name, name, p->match_len) == 0 : strcmp(p->name, name) == 0;
}

static bool is_due(const struct point *p)
{
    switch (p->rule) {
    case RULE_ONCE: return p->hits == p->nth;
    case RULE_EVERY: return p->hits % p->nth == 0;
    case RULE_FROM: return p->hits >= p->nth;
    }
    return false;
}

int fault_take_slow_(const char *point)
{
    int err_no = 0;

    pthread_mutex_lock(&lock);
    for (int i = 0; i < atomic_load(&fault_armed_); i++) {
        struct point *p = &points[i];

        if (!matches(p, point))
            continue;
        p->hits++;
        if (err_no == 0 && is_due(p))
            err_no = p->err_no;
    }
    if (err_no != 0)
        fired = true;
    pthread_mutex_unlock(&lock);

    if (err_no == FAULT_KILL)
        kill(getpid(), SIGKILL);
    return err_no;
}

bool fault_hit_slow_(const char *point)
{
    int err_no = fault_take_slow_(point);

    if (err_no == 0)
        return false;
    errno = err_no > 0 ? err_no : EIO;
    return true;
}
