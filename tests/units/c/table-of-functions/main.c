typedef int handler(int);

struct command {
    const char *name;
    handler *fn;
    struct {
        handler *undo;
    } more;
};

static int get(int n)
{
    return n;
}

static int set(int n)
{
    return n + 1;
}

static struct command commands[] = {
    {"get", get, {0}},
    {"set", set, {.undo = get}},
    [3] = {.name = "last", .fn = set, .more.undo = get},
};

int dispatch(int i)
{
    return commands[i].fn(i) + commands[i].more.undo(i);
}
