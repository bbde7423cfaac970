int before(void) { return 0; }

int torn(void)
{
    int x = = 3;
    before();
    return x +;
}

int after(void) { return before(); }

#define OPEN_BLOCK if (1) {
int unbalanced(void)
{
    OPEN_BLOCK
    before();
    return after();
    }
}

int last(void) { return unbalanced(); }
