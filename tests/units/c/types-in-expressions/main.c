typedef struct buffer { char data[8]; int used; } buffer;
extern void *take(unsigned long n, ...);
#define TAKE(type) ((type *)take(sizeof(type)))
#define offset(type, member) ((unsigned long)&((type *)0)->member)

unsigned long measure(buffer *b)
{
    typeof(b) other = b;
    buffer *fresh = TAKE(buffer);
    unsigned long n = sizeof(buffer) + sizeof(struct buffer) + sizeof b->data;
    n += __builtin_offsetof(struct buffer, used) + offsetof(buffer, used);
    take(n, (buffer){.used = 1}, va_arg(n, const struct buffer *));
    return n + other->used + fresh->used;
}
