void log_raw(int level, const char *text);
int log_level(void);

#define log_at(level, text)                                                                        \
    do {                                                                                           \
        if ((level) >= log_level()) /* a comment in between */                                      \
            log_raw(level, text);                                                                  \
    } while (0)
#define log_error(text) log_at(3, text)
