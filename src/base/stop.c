#include "base/stop.h"

_Thread_local const atomic_bool *stop_watched;

const atomic_bool *stop_watch(const atomic_bool *flag)
{
    const atomic_bool *before = stop_watched;

    stop_watched = flag;
    return before;
}
