#ifdef HAVE_EPOLL
static int wait_for(int fd)
{
    return fd;
}
#else
static int poll_one(int fd)
{
    return fd + 1;
}

static int wait_for(int fd)
{
    return poll_one(fd);
}
#endif

static int always(void)
{
    return 0;
}

int run(int fd)
{
#if defined(FAST) && LEVEL > 2
    return wait_for(fd);
#else
    return always();
#endif
}
