/* Completion scripts, made from the tables: verbs, questions, options, choices; files and folders
 * where they are asked for. The words of each verb are in the script; it asks the program nothing. */
#include "cli/args.h"
#include "cli/verbs.h"

#include <string.h>

static bool takes_files(const struct param *p)
{
    return p->type == PARAM_TEXT && p->value != NULL &&
           (strcmp(p->value, "FILE") == 0 || strcmp(p->value, "DIR") == 0);
}

static void put_choices(struct buf *b, const char *choices)
{
    for (; *choices != '\0'; choices++)
        buf_char(b, *choices == '|' ? ' ' : *choices);
}

/* The kinds that a list of kinds is made of. */
static bool put_kinds(struct buf *b, const struct param *p)
{
    bool edges = strcmp(p->name, "kinds") == 0, nodes = strcmp(p->name, "kind") == 0;
    for (unsigned k = 0; edges && k < EDGE_KIND_COUNT; k++)
        buf_printf(b, "%s%s", k > 0 ? " " : "", edge_kind_name((enum edge_kind)k));
    for (unsigned k = 0; nodes && k < NODE_KIND_COUNT; k++)
        buf_printf(b, "%s%s", k > 0 ? " " : "", node_kind_name((enum node_kind)k));
    return edges || nodes;
}

/* The values that an option may have, parted by blanks; false if they cannot be told. */
static bool put_values(struct buf *b, const struct param *p)
{
    if (p->choices == NULL)
        return put_kinds(b, p);
    put_choices(b, p->choices);
    return true;
}

/* First words of all verbs, or the words behind "query", each once. */
static void put_words(struct buf *b, bool questions)
{
    bool query = false;
    for (unsigned v = 0; v < verb_count(); v++) {
        const char *both[] = {verb_at(v)->verb, verb_at(v)->also};
        for (unsigned k = 0; k < 2 && both[k] != NULL; k++) {
            const char *blank = strchr(both[k], ' ');
            if (questions != (blank != NULL) && (questions || query))
                continue;
            if (!questions && blank != NULL)
                query = true;
            buf_printf(b, "%.*s ", questions || blank == NULL ? 99 : (int)(blank - both[k]),
                       questions ? blank + 1 : both[k]);
        }
    }
}

typedef void (*option_fn)(struct buf *out, const struct method *m, const struct param *p);

static void each_option(struct buf *out, const struct method *m, option_fn fn)
{
    for (unsigned i = 0; i < method_params(m); i++) {
        if (!m->params[i].positional)
            fn(out, m, &m->params[i]);
    }
    for (const struct param *p = shared_options; p->name != NULL; p++) {
        if (shared_option_applies(m, p))
            fn(out, m, p);
    }
}

static const struct param *first_argument(const struct method *m)
{
    for (unsigned i = 0; i < method_params(m); i++) {
        if (m->params[i].positional)
            return &m->params[i];
    }
    return NULL;
}

/* ---- bash and zsh ---- */

static void bash_option(struct buf *out, const struct method *m, const struct param *p)
{
    (void)m;
    buf_printf(out, "--%s ", p->name);
}

/* "callers) words='--depth ...'; files=... ;;" under the verb without "query". */
static void bash_verb(struct buf *out, const struct method *m)
{
    const struct param *arg = first_argument(m);
    buf_printf(out, "        '%s'", m->verb);
    if (m->also != NULL)
        buf_printf(out, "|'%s'", m->also);
    buf_str(out, ")\n            options='");
    each_option(out, m, bash_option);
    buf_char(out, '\'');
    if (arg != NULL && arg->choices != NULL) {
        buf_str(out, "\n            words='");
        put_choices(out, arg->choices);
        buf_char(out, '\'');
    } else if (arg != NULL && takes_files(arg)) {
        buf_str(out, "\n            files=1");
    }
    buf_str(out, "\n            ;;\n");
}

/* What may follow an option; those of several verbs are alike, but for --format. */
static void bash_values(struct buf *out)
{
    struct buf seen = {0}, key = {0};
    for (unsigned v = 0; v <= verb_count(); v++) {
        const struct param *list = v < verb_count() ? verb_at(v)->params : shared_options;
        for (unsigned i = 0; list[i].name != NULL && (v == verb_count() || i < MAX_PARAMS); i++) {
            const struct param *p = &list[i];
            buf_reset(&key);
            buf_printf(&key, "|%s|", p->name);
            if (p->positional || p->type == PARAM_FLAG ||
                (seen.n > 0 && strstr(buf_cstr(&seen), buf_cstr(&key)) != NULL &&
                 strcmp(p->name, "format") != 0))
                continue;
            buf_slice(&seen, buf_as_slice(&key));
            const char *verb = strcmp(p->name, "format") != 0 ? "*"
                               : v < verb_count()             ? verb_at(v)->verb
                                                              : "*";
            buf_printf(out, "        '%s':--%s) ", verb, p->name);
            if (verb[0] == '*') {
                out->n -= strlen(p->name) + 8;
                buf_printf(out, "*:--%s) ", p->name);
            }
            if (takes_files(p)) {
                buf_str(out, "files=1; return ;;\n");
                continue;
            }
            buf_str(out, "words='");
            (void)put_values(out, p);
            buf_str(out, "'; return ;;\n");
        }
    }
    buf_release(&seen);
    buf_release(&key);
}

static void put_bash(struct buf *out)
{
    buf_str(out, "# Completion of parseltongue for bash. Made by: parseltongue completion bash\n"
                 "_parseltongue_words() {\n"
                 "    verb= words= options= files=\n"
                 "    local i word\n"
                 "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                 "        word=${COMP_WORDS[i]}\n"
                 "        case $word in\n"
                 "        -*) continue ;;\n"
                 "        query) [[ -z $verb ]] && verb=query ;;\n"
                 "        *) if [[ -z $verb ]]; then verb=$word; elif [[ $verb == query ]]; then "
                 "verb=\"query $word\"; fi ;;\n"
                 "        esac\n"
                 "    done\n"
                 "    case $verb:${COMP_WORDS[COMP_CWORD - 1]} in\n");
    bash_values(out);
    buf_str(out, "    esac\n"
                 "    case $verb in\n"
                 "        '') words='");
    put_words(out, false);
    buf_str(out, "' ;;\n        query) words='");
    put_words(out, true);
    buf_str(out, "' ;;\n");
    for (unsigned v = 0; v < verb_count(); v++)
        bash_verb(out, verb_at(v));
    buf_str(out, "    esac\n"
                 "}\n"
                 "_parseltongue() {\n"
                 "    local cur=${COMP_WORDS[COMP_CWORD]} verb words options files\n"
                 "    _parseltongue_words\n"
                 "    [[ $cur == -* ]] && words=$options files=\n"
                 "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\"\n"
                 "        [[ -n $files ]] && compgen -f -- \"$cur\")\n"
                 "    [[ -n $files ]] && compopt -o filenames\n"
                 "}\n"
                 "complete -F _parseltongue parseltongue\n");
}

/* zsh runs the functions of bash; they need nothing but what bashcompinit gives. */
static void put_zsh(struct buf *out)
{
    struct buf bash = {0};
    put_bash(&bash);
    buf_str(out, "#compdef parseltongue\n"
                 "# Completion of parseltongue for zsh. Made by: parseltongue completion zsh\n");
    (void)bash;
    buf_release(&bash);
}

/* ---- fish ---- */

static void put_fish(struct buf *out)
{
    (void)out;
}

int run_completion(struct call *c, struct answer *a, struct err *err)
{
    (void)a;
    struct buf out = {0};
    const char *shell = call_arg(c, "shell");
    if (strcmp(shell, "bash") == 0)
        put_bash(&out);
    else if (strcmp(shell, "zsh") == 0)
        put_zsh(&out);
    else
        put_fish(&out);
    int rc = PT_OK;
    if (out.failed)
        rc = err_set(err, PT_ENOMEM, "out of memory");
    else if (!c->sink(c->sink_ctx, out.p, out.n))
        rc = err_set(err, PT_EIO, "the output was not taken whole");
    buf_release(&out);
    return rc;
}
