/* Completion scripts, made from the tables: verbs, questions, options and their choices; files
 * where they are asked for. All words are in the script; it asks the program nothing.
 *
 * bash and zsh share their middle: a function that reads the words before the cursor and sets
 * `list` (what may stand there), `opts` and `files`. It keeps to what both shells read alike. */
#include "cli/args.h"
#include "cli/verbs.h"

#include <string.h>

static bool takes_files(const struct param *p)
{
    return p->type == PARAM_TEXT && p->value != NULL &&
           (strcmp(p->value, "FILE") == 0 || strcmp(p->value, "DIR") == 0);
}

/* The values that an option or argument may have, parted by blanks; nothing if they cannot be
 * told. */
static void put_values(struct buf *b, const struct param *p)
{
    for (const char *c = p->choices; c != NULL && *c != '\0'; c++)
        buf_char(b, *c == '|' ? ' ' : *c);
    for (unsigned k = 0; strcmp(p->name, "kinds") == 0 && k < EDGE_KIND_COUNT; k++)
        buf_printf(b, "%s%s", k > 0 ? " " : "", edge_kind_name((enum edge_kind)k));
    for (unsigned k = 0; strcmp(p->name, "kind") == 0 && k < NODE_KIND_COUNT; k++)
        buf_printf(b, "%s%s", k > 0 ? " " : "", node_kind_name((enum node_kind)k));
}

static const struct param *first_argument(const struct method *m)
{
    for (unsigned i = 0; i < method_params(m); i++) {
        if (m->params[i].positional)
            return &m->params[i];
    }
    return NULL;
}

/* ---- walks over the tables ---- */

/* The first words of all verbs (each once), or the words behind "query". */
static void put_verbs(struct buf *b, bool questions)
{
    bool query = false;
    for (unsigned v = 0; v < verb_count(); v++) {
        const char *spellings[] = {verb_at(v)->verb, verb_at(v)->also};
        for (unsigned k = 0; k < 2 && spellings[k] != NULL; k++) {
            const char *blank = strchr(spellings[k], ' ');
            if (questions && blank != NULL)
                buf_printf(b, "%s ", blank + 1);
            if (!questions && blank == NULL)
                buf_printf(b, "%s ", spellings[k]);
            if (!questions && blank != NULL && !query)
                buf_str(b, "query ");
            query |= blank != NULL;
        }
    }
}

typedef void (*option_fn)(struct buf *out, const struct method *m, const struct param *p);

/* All options that a verb takes, its own first. */
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

static bool is_shared(const struct param *p)
{
    const struct param *s = shared_options;
    while (s->name != NULL && strcmp(s->name, p->name) != 0)
        s++;
    return s->name != NULL;
}

/* Has a verb before this one the same option? Options of one name are alike in all verbs. */
static bool is_known(unsigned verb, const struct param *p)
{
    for (unsigned v = 0; v < verb; v++) {
        for (unsigned i = 0; i < method_params(verb_at(v)); i++) {
            const struct param *q = &verb_at(v)->params[i];
            if (!q->positional && strcmp(q->name, p->name) == 0)
                return true;
        }
    }
    return false;
}

/* All options of all verbs, each once; m is NULL but for one that a verb has instead of the shared
 * one of the same name: those come first. */
static void each_distinct_option(struct buf *out, option_fn fn)
{
    for (unsigned v = 0; v < verb_count(); v++) {
        const struct method *m = verb_at(v);
        for (unsigned i = 0; i < method_params(m); i++) {
            const struct param *p = &m->params[i];
            if (!p->positional && (is_shared(p) || !is_known(v, p)))
                fn(out, is_shared(p) ? m : NULL, p);
        }
    }
    for (const struct param *p = shared_options; p->name != NULL; p++)
        fn(out, NULL, p);
}

/* ---- bash and zsh ---- */

static void name_option(struct buf *out, const struct method *m, const struct param *p)
{
    (void)m;
    buf_printf(out, "--%s ", p->name);
}

static void name_valued(struct buf *out, const struct method *m, const struct param *p)
{
    if (p->type != PARAM_FLAG && m == NULL)
        buf_printf(out, "%s--%s", out->p[out->n - 1] == ' ' ? "" : "|", p->name);
}

/* What follows an option: a case of "VERB:OPTION". */
static void after_option(struct buf *out, const struct method *m, const struct param *p)
{
    if (p->type == PARAM_FLAG)
        return;
    if (m != NULL)
        buf_printf(out, "    '%s:--%s') ", m->verb, p->name);
    else
        buf_printf(out, "    *:--%s) ", p->name);
    if (takes_files(p)) {
        buf_str(out, "files=1; return ;;\n");
        return;
    }
    buf_str(out, "list='");
    put_values(out, p);
    buf_str(out, "'; return ;;\n");
}

static void verb_case(struct buf *out, const struct method *m)
{
    const struct param *arg = first_argument(m);
    buf_printf(out, "    '%s'", m->verb);
    if (m->also != NULL)
        buf_printf(out, "|'%s'", m->also);
    buf_str(out, ") opts='");
    each_option(out, m, name_option);
    buf_str(out, "'; ");
    if (arg != NULL && takes_files(arg)) {
        buf_str(out, "files=1 ");
    } else if (arg != NULL && arg->choices != NULL) {
        buf_str(out, "list='");
        put_values(out, arg);
        buf_str(out, "' ");
    } else if (arg != NULL && strcmp(arg->name, "verb") == 0) {
        buf_str(out, "list='");
        put_verbs(out, false);
        buf_str(out, "' ");
    }
    buf_str(out, ";;\n");
}

/* _parseltongue_list WORD...: the words between the program and the cursor. */
static void put_middle(struct buf *out)
{
    buf_str(out, "_parseltongue_list() {\n"
                 "    local verb='' before='' word\n"
                 "    list='' opts='' files=''\n"
                 "    for word in \"$@\"; do\n"
                 "        [[ $word == '=' ]] && continue\n"
                 "        case $before in\n"
                 "        ");
    each_distinct_option(out, name_valued);
    buf_str(out, ") before=''; continue ;;\n"
                 "        esac\n"
                 "        before=$word\n"
                 "        case $word in\n"
                 "        -*) ;;\n"
                 "        *) if [[ -z $verb ]]; then verb=$word\n"
                 "           elif [[ $verb == query ]]; then verb=\"query $word\"; fi ;;\n"
                 "        esac\n"
                 "    done\n"
                 "    case $verb:$before in\n");
    each_distinct_option(out, after_option);
    buf_str(out, "    esac\n"
                 "    case $verb in\n"
                 "    '') opts='--help --version --workspace --format '; list='");
    put_verbs(out, false);
    buf_str(out, "' ;;\n    query) list='");
    put_verbs(out, true);
    buf_str(out, "' ;;\n");
    for (unsigned v = 0; v < verb_count(); v++)
        verb_case(out, verb_at(v));
    buf_str(out, "    esac\n}\n\n");
}

static void put_bash(struct buf *out)
{
    buf_str(out,
            "# Completion of parseltongue for bash, made by: parseltongue completion bash\n\n");
    put_middle(out);
    buf_str(out,
            "_parseltongue() {\n"
            "    local cur=${COMP_WORDS[COMP_CWORD]} list opts files word\n"
            "    [[ $cur == '=' ]] && cur=''\n"
            "    _parseltongue_list \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"\n"
            "    [[ $cur == -* ]] && list=$opts && files=''\n"
            "    COMPREPLY=($(compgen -W \"$list\" -- \"$cur\"))\n"
            "    if [[ -n $files ]]; then\n"
            "        compopt -o filenames 2>/dev/null\n"
            "        while IFS= read -r word; do COMPREPLY+=(\"$word\"); done < <(compgen -f -- "
            "\"$cur\")\n"
            "    fi\n"
            "}\n"
            "complete -F _parseltongue parseltongue\n");
}

static void put_zsh(struct buf *out)
{
    buf_str(out, "#compdef parseltongue\n"
                 "# Completion of parseltongue for zsh, made by: parseltongue completion zsh\n\n");
    put_middle(out);
    buf_str(out, "_parseltongue() {\n"
                 "    local list opts files\n"
                 "    _parseltongue_list \"${(@)words[2,CURRENT-1]}\"\n"
                 "    if [[ ${words[CURRENT]} == -* ]]; then\n"
                 "        compadd -- ${=opts}\n"
                 "    elif [[ -n $files ]]; then\n"
                 "        _files\n"
                 "    else\n"
                 "        compadd -- ${=list}\n"
                 "    fi\n"
                 "}\n"
                 "compdef _parseltongue parseltongue\n");
}

/* ---- fish ---- */

/* Help texts have no quotes that would need more. */
static void fish_quote(struct buf *out, const char *s)
{
    buf_char(out, '\'');
    for (; *s != '\0'; s++) {
        if (*s == '\'' || *s == '\\')
            buf_char(out, '\\');
        buf_char(out, *s);
    }
    buf_char(out, '\'');
}

static void fish_option(struct buf *out, const struct method *m, const struct param *p)
{
    buf_printf(out, "complete -c parseltongue -n '__parseltongue_at \"%s\"' -l %s", m->verb,
               p->name);
    if (p->type != PARAM_FLAG) {
        buf_str(out, takes_files(p) ? " -r -F" : " -x -a '");
        put_values(out, p);
        buf_str(out, takes_files(p) ? "" : "'");
    }
    buf_str(out, " -d ");
    fish_quote(out, p->help);
    buf_char(out, '\n');
}

static void fish_verb(struct buf *out, const struct method *m)
{
    const char *blank = strchr(m->verb, ' ');
    const struct param *arg = first_argument(m);
    buf_printf(out, "complete -c parseltongue -n '__parseltongue_at \"%s\"' -a '%s' -d ",
               blank != NULL ? "query" : "", blank != NULL ? blank + 1 : m->verb);
    fish_quote(out, m->summary);
    buf_char(out, '\n');
    if (arg != NULL && (takes_files(arg) || arg->choices != NULL)) {
        buf_printf(out, "complete -c parseltongue -n '__parseltongue_at \"%s\"'", m->verb);
        buf_str(out, takes_files(arg) ? " -F" : " -a '");
        put_values(out, arg);
        buf_str(out, takes_files(arg) ? "\n" : "'\n");
    }
    each_option(out, m, fish_option);
}

static void put_fish(struct buf *out)
{
    buf_str(out, "# Completion of parseltongue for fish, made by: parseltongue completion fish\n\n"
                 "# Is the verb so far this one? \"\": none yet; \"query\": no question yet.\n"
                 "function __parseltongue_at\n"
                 "    set -l verb\n"
                 "    set -l before ''\n"
                 "    for word in (commandline -opc)[2..-1]\n"
                 "        if string match -qr -- '^(");
    size_t from = out->n;
    buf_char(out, ' ');
    each_distinct_option(out, name_valued);
    if (!out->failed)
        memmove(out->p + from, out->p + from + 1, --out->n - from);
    buf_str(out, ")$' \"$before\"\n"
                 "            set before ''\n"
                 "            continue\n"
                 "        end\n"
                 "        set before $word\n"
                 "        string match -q -- '-*' $word; and continue\n"
                 "        if test (count $verb) -eq 0; or test \"$verb\" = query\n"
                 "            set -a verb $word\n"
                 "        end\n"
                 "    end\n"
                 "    test \"$verb\" = \"$argv[1]\"\n"
                 "end\n\n"
                 "complete -c parseltongue -f\n"
                 "complete -c parseltongue -n '__parseltongue_at \"\"' -a query -d 'Ask a "
                 "question'\n");
    for (unsigned v = 0; v < verb_count(); v++)
        fish_verb(out, verb_at(v));
}

int run_completion(struct call *c, struct answer *a, struct err *err)
{
    struct buf out = {0};
    const char *shell = call_arg(c, "shell");
    (void)a;
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
