typedef int number;

int plain(int n) { return n; }
int (parenthesised)(int n) { return plain(n); }
static int *(*get_handler(int which))(int, char *)
{
    plain(which);
    return 0;
}
number (*(*deep(void))[3])(int) { return plain(0), (void *)0; }
const char *const *names(void) { return plain(1) ? 0 : 0; }
void __attribute__((noinline)) attributed(void) { plain(2); }

int old_style(a, b)
    int a;
    char *b;
{
    return plain(a + *b);
}

void with_callback(void (*done)(int code), int table[static 3])
{
    done(plain(table[0]));
}

int
own_line(void)
{
    return plain(3);
}

int (*variable)(int) = plain, other = 1, *pointer;
int variadic(const char *format, ...) { return plain(format[0]); }
