/* Extraction of every language on hostile input: it ends, within bounds, and its facts are
 * sound. */
#include "base/clock.h"
#include "base/fault.h"
#include "base/mem.h"
#include "lang/extract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct sample {
    const char *name, *text;
};

/* A few lines of each language that touch most of its rules. */
static const struct sample samples[] = {
    {"c", "#include \"a.h\"\n#define F(x) g(x)\nstruct s { int a; struct s *n; };\n"
          "static int f(struct s *p) { int k = p->a; return F(k) + p->n->a; }\n"},
    {"rust",
     "use a::b::{self, c as d};\nimpl<T: X> Y<T> for Z { fn m(&self) -> u8 { d(self.q) } }\n"
     "macro_rules! m { ($x:expr) => { f($x) } }\nfn main() { m!(g(1)); }\n"},
    {"cargo", "[package]\nname = \"a-b\"\n[dependencies]\nx = { package = \"y\" }\n"},
    {"python", "from . import a\nclass B(a.C):\n    def m(self, x: 'D') -> int:\n"
               "        y = [z() for z in self.q]\n        return super().m(y)\n"},
    {"javascript",
     "import x, {y as z} from './m';\nexport class A extends x { b() { return z?.c(); } }\n"
     "module.exports = { d: () => new A() };\n"},
    {"typescript",
     "export interface I<T> { m(a: T): I<T>; }\nexport abstract class C implements I<C> "
     "{ constructor(private x: C) { } m(a: C) { return this.x.m(a); } }\n"},
    {"tsx", "export const V = (p: P) => <Foo a={p.b()}>{q(p)}</Foo>;\n"},
};
#define N_SAMPLES (sizeof(samples) / sizeof(*samples))

static void extract_checked(struct extract *x, unsigned lang, const char *src, size_t n)
{
    struct facts *f = NULL;
    struct err err = {0};
    assert_int_equal(extract_file(x, lang, "dir/file", src, n, &f, &err), PT_OK);
    int rc = facts_check(f, &err);
    if (rc != PT_OK)
        print_error("%s: %s\n", lang_registry[lang]->name, err.msg);
    assert_int_equal(rc, PT_OK);
    facts_free(f);
}

static void test_extract__every_language_has_a_sample_and_a_name(void **state)
{
    (void)state;
    assert_int_equal(N_SAMPLES, lang_count);
    for (unsigned i = 0; i < N_SAMPLES; i++)
        assert_int_not_equal(lang_by_name(samples[i].name), LANG_NONE);
}

static void test_extract__facts_are_a_function_of_the_bytes(void **state)
{
    (void)state;
    struct extract *x = extract_new(), *y = extract_new();
    for (unsigned i = 0; i < N_SAMPLES; i++) {
        unsigned lang = lang_by_name(samples[i].name);
        struct facts *a = NULL, *b = NULL;
        struct err err = {0};
        size_t n = strlen(samples[i].text);
        struct buf one = {0}, two = {0};
        extract_checked(y, lang, samples[(i + 1) % N_SAMPLES].text, 20); /* y has a past */
        assert_int_equal(extract_file(x, lang, "f", samples[i].text, n, &a, &err), PT_OK);
        assert_int_equal(extract_file(y, lang, "f", samples[i].text, n, &b, &err), PT_OK);
        facts_print(a, &one);
        facts_print(b, &two);
        assert_int_equal(one.n, two.n);
        assert_memory_equal(one.p, two.p, one.n);
        buf_release(&one);
        buf_release(&two);
        facts_free(a);
        facts_free(b);
    }
    extract_free(x);
    extract_free(y);
}

/* Every prefix of a sample is what an editor saves at some time. */
static void test_extract__any_prefix_gives_sound_facts(void **state)
{
    (void)state;
    struct extract *x = extract_new();
    for (unsigned i = 0; i < N_SAMPLES; i++) {
        unsigned lang = lang_by_name(samples[i].name);
        for (size_t n = 0; n <= strlen(samples[i].text); n++)
            extract_checked(x, lang, samples[i].text, n);
    }
    extract_free(x);
}

static void test_extract__mutated_samples_give_sound_facts(void **state)
{
    (void)state;
    const uint64_t seed = 20261123;
    uint64_t rng = seed;
    struct extract *x = extract_new();
    print_message("seed %llu\n", (unsigned long long)seed);
    for (unsigned round = 0; round < 2000; round++) {
        unsigned i = round % N_SAMPLES;
        size_t n = strlen(samples[i].text);
        char *copy = malloc(n);
        memcpy(copy, samples[i].text, n);
        for (unsigned k = 0; k < 4; k++) {
            rng = rng * 6364136223846793005u + 1442695040888963407u;
            copy[(rng >> 33) % n] = (char)(rng >> 25);
        }
        extract_checked(x, lang_by_name(samples[i].name), copy, n);
        free(copy);
    }
    extract_free(x);
}

static void fill(char *p, size_t n, const char *with)
{
    size_t len = strlen(with);
    for (size_t i = 0; i < n; i++)
        p[i] = with[i % len];
}

/* Tens of thousands deep, all on one line, NULs, broken UTF-8: a bounded time for each. */
static void test_extract__pathological_files_cost_a_bounded_time(void **state)
{
    (void)state;
    static const char *const patterns[] = {"(",        "{", "[",        "f(", "a.", "x = (",
                                           "if (a) {", "<", "\\",       "\"", "'",  "`${",
                                           "a::",      "#", "\xff\xfe", "/*", "*/ "};
    const size_t size = 1u << 20;
    struct extract *x = extract_new();
    char *text = malloc(size);
    for (unsigned lang = 0; lang < lang_count; lang++) {
        for (unsigned p = 0; p < sizeof(patterns) / sizeof(*patterns); p++) {
            uint64_t t0 = clock_cpu_ns();
            fill(text, size / 16, patterns[p]);
            extract_checked(x, lang, text, size / 16);
            if (clock_cpu_ns() - t0 > 10 * CLOCK_NS_PER_SEC)
                fail_msg("%s takes too long on '%s' repeated", lang_registry[lang]->name,
                         patterns[p]);
        }
        memset(text, 0, size);
        extract_checked(x, lang, text, size);
    }
    free(text);
    extract_free(x);
}

/* Each allocation fails once: an error, or sound facts; never a crash. */
static void test_extract__survives_every_failing_allocation(void **state)
{
    (void)state;
    for (unsigned i = 0; i < N_SAMPLES; i++) {
        unsigned lang = lang_by_name(samples[i].name);
        bool done = false;
        for (uint64_t n = 1; !done && n < 5000; n++) {
            struct extract *x = NULL;
            struct facts *f = NULL;
            struct err err = {0};
            fault_arm("mem.alloc", n, 12);
            x = extract_new();
            int rc = x != NULL ? extract_file(x, lang, "f", samples[i].text,
                                              strlen(samples[i].text), &f, &err)
                               : PT_ENOMEM;
            done = !fault_fired();
            fault_disarm_all();
            if (rc == PT_OK)
                assert_int_equal(facts_check(f, &err), PT_OK);
            else
                assert_int_equal(rc, PT_ENOMEM);
            assert_true(rc == PT_OK || !done);
            facts_free(f);
            extract_free(x);
        }
        assert_true(done);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_extract__every_language_has_a_sample_and_a_name),
        cmocka_unit_test(test_extract__facts_are_a_function_of_the_bytes),
        cmocka_unit_test(test_extract__any_prefix_gives_sound_facts),
        cmocka_unit_test(test_extract__mutated_samples_give_sound_facts),
        cmocka_unit_test(test_extract__pathological_files_cost_a_bounded_time),
        cmocka_unit_test(test_extract__survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
