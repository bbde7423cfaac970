int step(int n);
void done(void);
#define REPEAT(n) for (int i_ = 0; i_ < (n); i_++)
#define CHECK(x) do { if (!(x)) done(); } while (0);
#define ALWAYS done();

int step(int n)
{
    REPEAT (n) {
        step(n - 1);
    }
    REPEAT(n){
        done();
    }
    CHECK(step(0))
    if (n > 2)
        done();
    REPEAT(3)
        done();
    ALWAYS
    return n;
}

void done(void) {}
