int twice(int n) { return n * 2; }

#ifdef MATH_TEST
static void check(int ok) { (void)ok; }
int math_test(void)
{
    check(twice(2) == 4);
    return 0;
}
#else
int not_a_test(void) { return twice(0); }
#endif

#ifdef CONTEST
int of_a_contest(void) { return 0; }
#endif
