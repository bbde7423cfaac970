#include "cli/verbs.h"

#include "query/search.h"

#include <string.h>

#define MAX_EDITS 3u

const struct method cli_methods[] = {
    {.name = "help",
     .verb = "help",
     .summary = "All verbs, or all about one",
     .example = "query callers",
     .flags = METHOD_TEXT | METHOD_NO_WORKSPACE,
     .params =
         {{.name = "verb", .value = "VERB", .help = "of which verb", .positional = true},
          {.name = "question", .value = "QUESTION", .help = "of which query", .positional = true}},
     .run = run_help},
    {.name = "completion",
     .verb = "completion",
     .summary = "A script that completes command lines in a shell",
     .example = "bash > ~/.local/share/bash-completion/completions/parseltongue",
     .flags = METHOD_TEXT | METHOD_NO_WORKSPACE,
     .params = {{.name = "shell",
                 .value = "bash|zsh|fish",
                 .choices = "bash|zsh|fish",
                 .help = "which shell",
                 .type = PARAM_CHOICE,
                 .positional = true,
                 .required = true}},
     .run = run_completion},
    {.name = "daemon",
     .verb = "daemon",
     .summary = "Keep graphs current, and answer from them, beside your work",
     .example = "start --watch ~/src/redis",
     .flags = METHOD_NO_WORKSPACE,
     .params = {{.name = "action",
                 .value = "run|start|stop|status|logs",
                 .choices = "run|start|stop|status|logs",
                 .help = "run (default): until told to stop",
                 .type = PARAM_CHOICE,
                 .positional = true},
                {.name = "watch",
                 .value = "DIR",
                 .help = "run, start: a tree to follow from the beginning; may be given again",
                 .many = true},
                {.name = "force",
                 .help = "run, start: also watch a tree that is /, the home folder, or above that",
                 .type = PARAM_FLAG},
                {.name = "log-file",
                 .help = "run: log to the log file, not to standard error",
                 .type = PARAM_FLAG},
                {.name = "follow", .help = "logs: go on as lines are written", .type = PARAM_FLAG},
                {.name = "lines",
                 .value = "N",
                 .help = "logs: the last N (default: 50; 0: all)",
                 .type = PARAM_UINT}},
     .run = run_daemon},
    {.name = "version",
     .verb = "version",
     .summary = "The version of this program",
     .flags = METHOD_NO_WORKSPACE,
     .run = run_version},
};

const unsigned cli_method_count = PT_COUNT(cli_methods);

unsigned verb_count(void)
{
    return method_count + cli_method_count;
}

const struct method *verb_at(unsigned i)
{
    return i < method_count ? &methods[i] : &cli_methods[i - method_count];
}

const struct method *verb_find(const char *const *words, unsigned n_words, unsigned *ret_words)
{
    const struct method *m = method_of_verb(methods, method_count, words, n_words, ret_words);
    return m != NULL ? m : method_of_verb(cli_methods, cli_method_count, words, n_words, ret_words);
}

/* How far a verb is from a word: from all of it, or from what is behind "query". */
static unsigned distance(const char *verb, const char *word)
{
    const char *blank = strchr(verb, ' ');
    unsigned all = name_distance(verb, word, MAX_EDITS);
    unsigned tail = blank != NULL ? name_distance(blank + 1, word, MAX_EDITS) : all;
    return tail < all ? tail : all;
}

/* Is the word "query", or meant to be? */
static bool is_query(const char *word)
{
    return name_distance("query", word, MAX_EDITS) < (strlen("query") + 1) / 2;
}

const struct method *verb_like(const char *const *words, unsigned n_words)
{
    const struct method *best = NULL;
    unsigned least = MAX_EDITS + 1;
    const char *word = n_words > 1 && is_query(words[0]) ? words[1] : words[0];
    for (unsigned i = 0; n_words > 0 && i < verb_count(); i++) {
        unsigned d = distance(verb_at(i)->verb, word);
        /* Short words are near to everything. */
        if (d < least && d < (strlen(word) + 1) / 2) {
            least = d;
            best = verb_at(i);
        }
    }
    return best;
}

int run_version(struct call *c, struct answer *a, struct err *err)
{
    (void)c;
    (void)err;
    answer_title(a, "parseltongue %s", PARSELTONGUE_VERSION);
    (void)value_show(answer_cstr(a, a->root, "version", ROLE_PLAIN, PARSELTONGUE_VERSION),
                     SHOW_JSON);
    return PT_OK;
}
