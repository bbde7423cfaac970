struct state {
    int users;
    void (*notify)(int);
};
extern struct state state;
extern int debug, verbose;
