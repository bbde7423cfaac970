/* Arbitrary bytes as a source file of any language (the first byte chooses which). */
#include "lang/extract.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct extract *x;
    struct facts *f = NULL;
    struct err err = {0};

    if (n == 0)
        return 0;
    if (x == NULL)
        x = extract_new();
    unsigned lang = data[0] % lang_count;
    if (x == NULL || extract_file(x, lang, "a/b", (const char *)data + 1, n - 1, &f, &err) != PT_OK)
        return 0;
    if (facts_check(f, &err) != PT_OK)
        abort();
    facts_free(f);
    return 0;
}
