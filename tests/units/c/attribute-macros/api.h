#define API __attribute__((visibility("default")))
#define NORETURN __attribute__((noreturn))
#define CHECK_FORMAT(a, b) __attribute__((format(printf, a, b)))
#define atomic _Atomic

typedef struct node node;
API node *api_make(int n);
API int api_count(const node *n) NORETURN;
void api_say(const char *text, ...) CHECK_FORMAT(1, 2);
struct node {
    atomic int n;
    node *next;
};
