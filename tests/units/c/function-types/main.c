struct result { int code; };
typedef struct result *maker(int);
typedef struct result *(*maker_ptr)(int);

struct result *make(int n) { (void)n; return 0; }
maker_ptr choose(void) { return make; }

int use(maker *m, maker_ptr p, struct result *(*plain)(int))
{
    maker_ptr local = make;
    int sum = m(1)->code + p(2)->code + plain(3)->code + local(4)->code;
    sum += choose()(5)->code;
    sum += (*p)(6)->code;
    return sum + make(7)->code;
}
