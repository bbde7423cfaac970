"""What tests/cli/run checks that takes more than a transcript. Each function test_* gets a Place: a
folder of its own with an empty tree and state. It raises Wrong, or gives nothing back if all is well."""

import fcntl
import json
import os
import pathlib
import pty
import random
import re
import shlex
import signal
import struct
import subprocess
import termios
import time

TIMEOUT = 60

SMALL = {
    "a.py": "def f():\n    return g()\n\n\ndef g():\n    return 1\n\n\nclass A:\n    def f(self):\n        g()\n",
    "b.py": "from a import g\nimport a\n\n\ndef h():\n    a.f()\n    return g()\n",
}


class Wrong(Exception):
    """The program does not do what it should."""


class Skipped(Exception):
    """This cannot be tried here."""


class Done:
    """A run that has ended."""

    def __init__(self, status, out, err):
        self.status = status
        self.out = out.decode(errors="surrogateescape")
        self.err = err.decode(errors="surrogateescape")

    def json(self):
        """Standard output, which must be one JSON document and one line."""
        if not self.out.endswith("}\n") or self.out.count("\n") != 1:
            raise Wrong("not one line of JSON: %r" % self.out[:300])
        return json.loads(self.out)


class Place:
    """A tree, the state of the program, and how to run it there. With a daemon only if asked for."""

    def __init__(self, program, folder, daemon=False):
        self.program = program
        self.top = pathlib.Path(folder)
        self.tree = self.top / "tree"
        self.state = self.top / "state"
        self.tree.mkdir()
        self.env = {"XDG_STATE_HOME": str(self.state), "HOME": str(self.top), "LC_ALL": "C",
                    "PATH": os.environ.get("PATH", "/usr/bin:/bin")}
        if daemon:
            (self.top / "r").mkdir(mode=0o700)
            self.env["XDG_RUNTIME_DIR"] = str(self.top / "r")
        else:
            self.env["PARSELTONGUE_NO_DAEMON"] = "1"
        self.env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})

    def write(self, files, tree=None):
        for name, text in files.items():
            path = (tree or self.tree) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def start(self, *arguments, before=(), env=None, cwd=None, **more):
        more = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        return subprocess.Popen([*before, self.program, *arguments], cwd=cwd or self.tree,
                                env={**self.env, **(env or {})}, **more)

    def run(self, *arguments, **more):
        process = self.start(*arguments, **more)
        try:
            out, err = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Wrong("%s: no end after %d s" % (" ".join(map(str, arguments)), TIMEOUT)) from None
        return Done(process.returncode, out or b"", err or b"")

    def good(self, *arguments, **more):
        done = self.run(*arguments, **more)
        if done.status != 0:
            raise Wrong("%s: exit status %d: %s" % (arguments, done.status, done.err))
        return done

    def ask(self, *arguments, **more):
        return self.good(*arguments, "--format", "json", **more).json()

    def end(self):
        """Nothing may be left running. Gives what a sanitizer said of the daemon, as lines."""
        if "XDG_RUNTIME_DIR" not in self.env:
            return []
        self.run("daemon", "stop")
        text = "".join(path.read_text(errors="replace") for path in self.state.glob("parseltongue/daemon.log*"))
        return text.splitlines() if "Sanitizer" in text or "runtime error" in text else []

    def folder(self):
        """Where the state of the tree is."""
        (found,) = (path for path in self.state.glob("parseltongue/*-*") if path.is_dir())
        return found

    def graph(self):
        """The newest image of the graph."""
        return max(self.folder().glob("graph-*.image"))

    def files(self):
        """Of the state; "checked" may be there or not."""
        return sorted(p.name for p in self.folder().iterdir() if p.name != "checked")


def equal(got, want, what):
    if got != want:
        raise Wrong("%s: %r, not %r" % (what, got, want))


def holds(text, part, what):
    if part not in text:
        raise Wrong("%s does not say %r: %r" % (what, part, text[:500]))


def fails(place, arguments, status, says, **more):
    """It must end with that status, say so on standard error alone, and write nothing into the tree."""
    done = place.run(*arguments, **more)
    equal(done.status, status, "exit status of %r (%s)" % (arguments, done.err))
    equal(done.out, "", "standard output of %r" % (arguments,))
    holds(done.err, says, "standard error of %r" % (arguments,))
    return done


def names(answer, rows="nodes"):
    return [row["name"] for row in answer[rows]]


def many(n):
    """A file with n functions; each calls the first."""
    return "def first():\n    return 1\n\n\n" + "".join(
        "def function_%05d(a, b):\n    return first()\n\n\n" % i for i in range(1, n))


# ---- answers as JSON ----

# One of each verb that answers in JSON, over SMALL; tests/cli/run fails if a verb is missing here.
QUESTIONS = (
    "index", "ingest ../dump", "query callers g", "query callees h", "query uses h", "query used-by A",
    "query who-implements A", "query implements A", "query blast-radius g", "query find-cycles",
    "query path h g", "query where-defined f", "query entities-in-file a.py", "query list", "search g",
    "generate-context g", "stats", "facts a.py", "export nodes", "export edges", "export dump", "help",
    "help stats", "completion bash", "version", "root", "verify")
MISTAKES = (
    ("query callers f", 3), ("query callers no_such_name", 3), ("query path h no_such_name", 3),
    ("query callers", 2), ("query", 2), ("frobnicate", 2), ("query callers g --frobnicate", 2),
    ("query list --kind frob", 2), ("query list --limit x", 2), ("query list --cursor rubbish", 2),
    ("help frobnicate", 2), ("", 2), ("stats --workspace nowhere", 1), ("ingest nowhere", 1), ("facts nowhere", 1),
    ("index a.py", 1))


def test_json_is_one_document(place):
    place.write(SMALL)
    (place.top / "dump").write_text("FILE: x.py\ndef zed(): pass\n")
    for question in QUESTIONS:
        done = place.good(*question.split(), "--format", "json")
        equal(done.err, "", "standard error of %s" % question)
        if question.startswith("export"):
            json.loads(done.out)
        else:
            done.json()
        if question.startswith("ingest"):
            place.good("index")
    for mistake, status in MISTAKES:
        done = place.run(*mistake.split(), "--format", "json")
        equal(done.status, status, "exit status of %r" % mistake)
        equal(done.err, "", "standard error of %r" % mistake)
        error = done.json()["error"]
        if not error["code"].startswith("E") or not error["message"]:
            raise Wrong("%r: %r" % (mistake, error))
        equal("candidates" in error, status == 3, "candidates of %r" % mistake)


def test_help_knows_every_verb(place):
    verbs = [v["verb"] for v in place.ask("help")["verbs"]]
    missing = [v for v in verbs if not any(q.startswith(v) for q in QUESTIONS)
               and not v.startswith("daemon")]  # tests/daemon has those
    equal(missing, [], "verbs that no test asks")
    overview = place.good("--help").out
    for verb in verbs:
        holds(overview, "  " + verb, "the overview")
        text = place.good("help", *verb.split()).out
        holds(text, "usage: parseltongue " + verb, "help of " + verb)
        equal(place.good(*verb.split(), "--help").out, text, "%s --help" % verb)


# ---- names ----


def test_candidates_are_commands_that_answer(place):
    place.write({**SMALL, "sub/a.py": SMALL["a.py"], "twins.py": "if 1:\n    def twin(): pass\nelse:\n    def twin(): pass\n",
                 "twins.c": "#if A\nint twin(void) { return 1; }\n#else\nint twin(void) { return 2; }\n#endif\n",
                 "x.rs": "trait T { fn m(&self); }\nstruct S;\nimpl T for S { fn m(&self) {} }\nimpl T for u8 { fn m(&self) {} }\n"})
    for question in ("query callers f", "query callees twin", "query where-defined twins.cc", "query used-by a",
                     "query blast-radius m --depth 1 --no-tests", "query path twin m --kinds calls,uses",
                     "generate-context twin", "query entities-in-file a.py", "query callers gg"):
        done = place.run(*question.split(), "--format", "json")
        if done.status == 0:
            continue
        equal(done.status, 3, "status of %s" % question)
        for candidate in done.json()["error"]["candidates"]:
            again = place.run(*shlex.split(candidate["command"])[1:], "--format", "json")
            second = [] if again.status == 0 else again.json()["error"]["candidates"]
            if second and question != "query path twin m --kinds calls,uses":  # which has two names to tell
                raise Wrong("%s: %r is as ambiguous" % (question, candidate["command"]))


# ---- completion ----


def completed(place, *words):
    """What bash offers for the last of these words."""
    script = 'eval "$("$1" completion bash)"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ' \
             '_parseltongue parseltongue "${!#}" "${@: -2:1}"; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", script, "bash", place.program, "parseltongue", *words], cwd=place.tree,
                          env=place.env, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    equal((done.returncode, done.stderr), (0, ""), "completion of %r" % (words,))
    return sorted(line.strip() for line in done.stdout.split("\n") if line.strip())


def test_bash_completes_verbs_options_and_values(place):
    place.write(SMALL)
    equal(completed(place, "gen"), ["generate-context"], "verbs")
    equal(completed(place, "query", "call"), ["callees", "callers"], "questions")
    equal(completed(place, "query", "callers", "g", "--ca"), ["--candidates"], "options")
    equal(completed(place, "query", "find-cycles", "--level", "f"), ["file", "function"], "values")
    equal(completed(place, "export", "n"), ["nodes"], "choices")
    equal(completed(place, "facts", "a"), ["a.py"], "files")


def test_completions_are_scripts_that_the_shells_read(place):
    read = 0
    for shell in ("bash", "zsh", "fish"):
        script = place.top / ("script." + shell)
        script.write_text(place.good("completion", shell).out)
        try:
            done = subprocess.run([shell, "-n", str(script)], env=place.env, capture_output=True, timeout=TIMEOUT,
                                  check=False)
        except FileNotFoundError:
            continue
        equal((done.returncode, done.stderr), (0, b""), shell + " -n")
        read += 1
    if read == 0:
        raise Skipped("there is no shell that it is for")


# ---- lists that are cut ----


def pages(place, question, rows, *limits):
    """All rows, page by page."""
    found, cursor = [], []
    while True:
        answer = place.ask(*question, *limits, *cursor)
        equal(answer["shown"], len(answer[rows]), "shown")
        found += answer[rows]
        equal(answer["truncated"], "cursor" in answer, "truncated")
        if not answer["truncated"]:
            equal(answer["total"], len(found), "total")
            return found
        if not answer[rows]:
            raise Wrong("a page without rows: %r" % answer)
        cursor = ["--cursor", answer["cursor"]]


def test_pages_give_each_row_once(place):
    place.write({"a.py": many(40), "b.py": "import a\n\n\ndef cycle():\n    other()\n\n\ndef other():\n    cycle()\n"})
    for question, rows in (("query list", "nodes"), ("query callers first", "nodes"), ("search function", "hits"),
                           ("query entities-in-file a.py", "nodes"), ("query blast-radius first", "nodes"),
                           ("query find-cycles --level function", "cycles"), ("query where-defined first", "nodes")):
        question = question.split()
        whole = place.ask(*question, "--limit", "0")
        equal(whole["total"], len(whole[rows]), "rows of %s" % question)
        for limits in (["--limit", "1"], ["--limit", "7"], ["--max-tokens", "300"],
                       ["--limit", "9", "--max-tokens", "200"]):
            equal(pages(place, question, rows, *limits), whole[rows], "pages of %s %s" % (question, limits))


def test_budgets_are_kept_with_exact_totals(place):
    place.write({"a.py": many(200)})
    for question in ("query list", "query callers first", "generate-context first", "search function"):
        total = place.ask(*question.split(), "--limit", "0", "--max-tokens", "100000")["total"] \
            if not question.startswith("generate") else place.ask(*question.split(), "--max-tokens", "100000")["total"]
        for tokens in (300, 500, 1000, 2000):
            done = place.good(*question.split(), "--max-tokens", str(tokens), "--format", "json")
            if len(done.out) > tokens * 4:
                raise Wrong("%s: %d bytes for %d tokens" % (question, len(done.out), tokens))
            equal(done.json()["total"], total, "total of %s" % question)
            text = place.good(*question.split(), "--max-tokens", str(tokens)).out
            if len(text) > tokens * 4:
                raise Wrong("%s: %d bytes of text for %d tokens" % (question, len(text), tokens))


def test_cursors_of_another_graph_are_refused(place):
    place.write({"a.py": many(9)})
    cursor = place.ask("query", "list", "--limit", "2")["cursor"]
    place.write({"b.py": "def late(): pass\n"})
    fails(place, ["query", "list", "--limit", "2", "--cursor", cursor], 1, "ask again without --cursor")
    fails(place, ["query", "callers", "first", "--cursor", cursor], 2, "another question")


# ---- terminals ----


def on_terminal(place, arguments, columns=80, **env):
    """What a terminal of so many columns gets to see."""
    try:
        master, slave = pty.openpty()
    except OSError as why:
        raise Skipped("no pseudo terminals: %s" % why) from None
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = place.start(*arguments, stdout=slave, stderr=slave, env={"TERM": "xterm", **env})
    os.close(slave)
    seen = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # EIO: the other end is closed
            part = b""
        if not part:
            break
        seen += part
    os.close(master)
    process.wait(TIMEOUT)
    return seen.decode().replace("\r\n", "\n")


def test_colours_are_for_terminals(place):
    place.write(SMALL)
    place.good("index")
    for question in (["stats"], ["query", "callers", "g"], ["query", "callers", "f"]):
        shown = on_terminal(place, question)
        holds(shown, "\033[", "a terminal")
        for plain in (on_terminal(place, question, NO_COLOR="1"), on_terminal(place, question, TERM="dumb"),
                      on_terminal(place, [*question, "--color", "never"]), place.run(*question).out,
                      place.run(*question).err):
            if "\033" in plain:
                raise Wrong("escape codes: %r" % plain)
        if "f" not in question:
            holds(place.good(*question, "--color", "always").out, "\033[", "--color always")


def test_lines_fit_the_terminal(place):
    place.write({**SMALL, "long.py": "def %s(argument, another_argument, third):\n    pass\n" % ("long" * 30)})
    place.good("index")
    for columns in (40, 80):
        for question in ("stats", "query list", "query callers g", "query entities-in-file long.py", "search long"):
            for line in on_terminal(place, question.split(), columns, NO_COLOR="1").splitlines():
                # A name that is longer than the terminal is given whole, on a line of its own.
                if len(line) > columns and len(line.split()) > 1:
                    raise Wrong("%s: %d columns of %d: %r" % (question, len(line), columns, line))


def test_names_and_places_are_never_cut(place):
    place.write({"folder/%s.py" % ("n" * 40): "def called(a, b):\n    return 1\n\n\n" + "".join(
        "def caller_%d():\n    return called(%d, 2)\n\n\n" % (i, i) for i in range(9, 13))})
    place.good("index")
    whole = place.ask("query", "callers", "called")
    for columns in (30, 60, 80, 100, 120):
        shown = on_terminal(place, ["query", "callers", "called"], columns, NO_COLOR="1")
        for row in whole["nodes"]:
            holds(shown, row["name"] + "\n" if columns == 30 else row["name"], "%d columns" % columns)
            holds(shown.replace("\n", "  "), " " + row["sites"][0].rsplit(":", 1)[0] + "  ", "%d columns" % columns)


def test_names_do_no_harm_to_terminals(place):
    evil = "evil\033[31m\n\u202e.py"
    place.write({evil: "def f():\n    pass\n"})
    for question in (["index"], ["query", "list"], ["query", "where-defined", "f"], ["stats"], ["export", "dump"],
                     ["query", "callers", "\033[2Jnothing"], ["\033[2Jverb"]):
        seen = on_terminal(place, question, NO_COLOR="1")
        if "\033[31m" in seen or "\033[2J" in seen or "\u202e" in seen:
            raise Wrong("%r: %r" % (question, seen))


# ---- the tree changes ----


def test_a_stale_graph_is_noticed(place):
    place.write(SMALL)
    place.good("index")
    question = ["query", "callers", "g"]
    equal(names(place.ask(*question)), ["a.f", "a.A.f", "b.h"], "callers at first")
    place.write({"c.py": "from a import g\n\n\ndef late():\n    g()\n"})
    os.remove(place.tree / "b.py")
    old = place.ask(*question, "--no-refresh")
    equal((old["stale"], names(old)), (2, ["a.f", "a.A.f", "b.h"]), "without a refresh")
    holds(place.good(*question, "--no-refresh").out, "warning: 2 files changed since", "the text")
    new = place.ask(*question)
    equal(names(new), ["a.f", "a.A.f", "c.late"], "after the change")
    equal(new["generation"], old["generation"] + 1, "generation")
    equal(place.ask(*question)["generation"], new["generation"], "generation without a change")
    os.utime(place.tree / "a.py", (1, 1))
    equal(place.ask(*question, "--no-refresh")["stale"], 1, "files touched")


def test_nothing_is_written_into_the_tree(place):
    place.write(SMALL)
    before = sorted(os.listdir(place.tree))
    for question in QUESTIONS:
        place.run(*question.split())
    equal(sorted(os.listdir(place.tree)), before, "files")


def test_many_at_once_agree(place):
    place.write({"a.py": many(300)})
    runs = [place.start(*verb.split(), "--format", "json") for verb in ["index", "query callers first"] * 4]
    for process in runs:
        out, err = process.communicate(timeout=TIMEOUT)
        equal((process.returncode, err), (0, b""), "a run among others")
        json.loads(out)
    equal(place.ask("query", "callers", "first")["total"], 299, "callers afterwards")


# ---- state ----


def damaged(place, spoil):
    """Spoils the graph: the next question must be answered all the same, and the bad file kept."""
    for old in place.folder().glob("*.damaged-*"):
        old.unlink()
    graph = place.graph()
    data = spoil(bytearray(graph.read_bytes()))
    graph.write_bytes(data)
    done = place.good("query", "callers", "g", "--format", "json")
    equal(names(done.json()), ["a.f", "a.A.f", "b.h"], "callers after damage")
    kept = place.folder() / (graph.name + ".damaged-1")
    equal(kept.read_bytes(), bytes(data), "what was kept")
    holds(done.err, kept.name, "standard error")
    holds(done.err, str(place.folder()), "standard error")
    return done.err


def flip(at):
    def spoil(data):
        data[at] ^= 0x10
        return data
    return spoil


def test_damaged_state_is_set_aside_and_rebuilt(place):
    place.write(SMALL)
    place.good("index")
    size = place.graph().stat().st_size
    for n in (0, 1, 63, 64, 65, size // 2, size - 1):
        holds(damaged(place, lambda data, n=n: data[:n]), "is damaged", "standard error")
    for at in (*range(0, 64, 5), *range(64, size, size // 25)):
        holds(damaged(place, flip(at)), "it is kept as", "standard error")
    holds(damaged(place, lambda data: data + b"\0"), "is damaged", "standard error")


def test_damaged_state_without_refresh_says_what_to_do(place):
    place.write(SMALL)
    place.good("index")
    place.graph().write_bytes(b"rubbish")
    fails(place, ["query", "callers", "g", "--no-refresh"], 1, "run index first")
    equal(place.ask("query", "callers", "g")["total"], 3, "callers")


def test_damaged_state_of_a_dump_says_what_to_do(place):
    (place.top / "dump").write_text("FILE: x.py\ndef zed(): pass\ndef y(): zed()\n")
    place.good("ingest", "../dump")
    equal(place.ask("query", "callers", "zed")["total"], 1, "callers")
    place.graph().write_bytes(b"rubbish")
    for _ in range(2):
        fails(place, ["query", "callers", "zed"], 1, "ingest the dump again, or index the tree")
    place.good("ingest", "../dump")
    equal(place.ask("query", "callers", "zed")["total"], 1, "callers")
    place.write(SMALL)
    place.good("index")
    equal(place.ask("query", "callers", "g")["total"], 3, "callers in the tree")


def test_the_order_of_files_does_not_matter(place):
    files = dict(SMALL)
    for i in range(40):
        files["m%d/n%d.py" % (i % 5, i)] = "from a import f\n\n\ndef k%d():\n    f()\n    k%d()\n" % (i, (i + 7) % 40)
    dumps = []
    for seed in range(4):
        order = sorted(files)
        random.Random(seed).shuffle(order)
        (place.top / "dump").write_text("".join("FILE: %s\n=====\n%s\n" % (n, files[n]) for n in order))
        place.good("ingest", "../dump", "--threads", str(1 + 3 * (seed % 2)))
        dumps.append(place.good("export", "dump").out)
    if not all(dump == dumps[0] and "k39" in dump for dump in dumps):
        raise Wrong("the order of the files in a dump changes the graph")


def test_a_damaged_origin_is_found_and_mended(place):
    place.write(SMALL)
    place.good("index")
    origin = place.folder() / "origin"
    whole = origin.read_text()
    for damaged in ("t" + whole, whole.replace("tree", "trea"), whole[:-2] + "\n", whole[:-1], ""):
        origin.write_text(damaged)
        bad = place.run("verify")
        if bad.status == 0 or "origin is damaged" not in bad.err:
            raise Wrong(f"verify says of the origin {damaged!r}: {bad.err}")
        place.good("index")
        equal(origin.read_text(), whole, "the origin")
        place.good("verify")


def test_a_graph_of_another_version_is_made_anew(place):
    place.write(SMALL)
    place.good("index")
    origin = place.folder() / "origin"
    kind, identity, root = origin.read_text().split(" ", 2)
    origin.write_text(f"{kind} {'0' * len(identity)} {root}")
    question = ["query", "callers", "g"]
    old = place.ask(*question, "--no-refresh")
    equal(old["stale"], len(SMALL), "files that another version read")
    new = place.ask(*question)
    equal(new["generation"], old["generation"] + 1, "generation after it is made anew")
    equal(origin.read_text(), f"{kind} {identity} {root}", "the origin")
    equal(place.ask(*question)["generation"], new["generation"], "generation without a change")


def test_state_that_cannot_be_kept_is_a_clear_failure(place):
    place.write(SMALL)
    (place.top / "file").write_text("")
    for state in (str(place.top / "file"), str(place.top / "file" / "x"), "/proc/nowhere"):
        for verb in (["index"], ["query", "callers", "g"], ["stats"]):
            fails(place, verb, 1, "XDG_STATE_HOME", env={"XDG_STATE_HOME": state})
    fails(place, ["index"], 1, "XDG_STATE_HOME", env={"XDG_STATE_HOME": "", "HOME": ""})
    if os.geteuid() != 0:  # root may write everywhere
        (place.top / "locked").mkdir(mode=0o500)
        fails(place, ["index"], 1, "XDG_STATE_HOME", env={"XDG_STATE_HOME": str(place.top / "locked")})
    place.good("index", env={"XDG_STATE_HOME": "", "HOME": str(place.top / "home")})
    if not list((place.top / "home/.local/state/parseltongue").iterdir()):
        raise Wrong("no state under HOME")


def check_files(place):
    kinds = [re.sub("[0-9a-f]{16}", "N", name) for name in place.files() if not name.startswith("facts-")]
    equal(kinds, ["graph-N.image", "lock", "log-N.isl", "origin", "store"], "files of the state")


def check_former_state(place, before):
    equal(place.graph().read_bytes(), before, "the graph file")
    check_files(place)
    old = place.ask("query", "callers", "g", "--no-refresh")
    equal(names(old), ["a.f", "a.A.f", "b.h"], "callers in the former state")


def test_files_that_may_not_grow_leave_the_former_state(place):
    place.write(SMALL)
    place.good("index")
    before = place.graph().read_bytes()
    place.write({"big.py": many(2000)})
    done = place.run("index", before=["sh", "-c", 'trap "" XFSZ; ulimit -f 16; exec "$@"', "sh"])
    equal(done.status, 1, "exit status")
    holds(done.err, "File too large", "standard error")
    check_former_state(place, before)
    equal(place.ask("query", "callers", "first")["total"], 1999, "callers once there is room")


def test_a_full_disk_leaves_the_former_state(place):
    place.write(SMALL)
    script = """
        mkdir "$XDG_STATE_HOME"; mount -t tmpfs -o size=256k none "$XDG_STATE_HOME" || exit 77
        "$1" index >/dev/null || exit 78
        cp ../big.py .; status=0; "$1" index || status=$?
        "$1" query callers g --no-refresh --format json >../answer || exit 79
        exit $status"""
    (place.top / "big.py").write_text(many(2000))
    try:
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", place.program], cwd=place.tree,
                              env=place.env, capture_output=True, timeout=TIMEOUT, check=False)
    except FileNotFoundError:
        raise Skipped("there is no unshare") from None
    if done.returncode == 77 or b"unshare" in done.stderr:
        raise Skipped("nothing can be mounted")
    equal(done.returncode, 1, "exit status (%s)" % done.stderr)
    holds(done.stderr.decode(), "No space left on device", "standard error")
    old = json.loads((place.top / "answer").read_text())
    equal((names(old), old["stale"]), (["a.f", "a.A.f", "b.h"], 1), "the former state")


# ---- output and signals ----


def test_output_that_is_not_taken_is_a_failure(place):
    place.write(SMALL)
    place.good("index")
    before = place.graph().read_bytes()
    for verb in ("stats", "query callers g", "export dump", "export nodes --format json", "help", "facts a.py"):
        for redirect, says in ((">/dev/full", "No space left on device"), (">&-", "standard output")):
            done = place.run(*verb.split(), before=["sh", "-c", 'exec "$@" ' + redirect, "sh"])
            equal(done.status, 1, "exit status of %s %s" % (verb, redirect))
            holds(done.err, says, "standard error of %s %s" % (verb, redirect))
            equal(done.err.count("\n"), 1, "lines of standard error")
    check_former_state(place, before)


def test_a_reader_may_leave(place):
    place.write({"a.py": many(3000)})
    place.good("index")
    for verb in ("export dump", "export nodes --format json", "query list --limit 0"):
        process = place.start(*verb.split())
        process.stdout.read(10)
        process.stdout.close()
        err = process.stderr.read()
        process.stderr.close()
        equal((process.wait(TIMEOUT), err), (-signal.SIGPIPE, b""), verb)


def catches_interrupts(process):
    """Has the process set its handler of SIGINT?"""
    try:
        with open("/proc/%d/status" % process.pid, encoding="ascii") as file:
            caught = [line for line in file if line.startswith("SigCgt:")]
    except OSError:
        return False
    return bool(caught) and bool(int(caught[0].split()[1], 16) >> (signal.SIGINT - 1) & 1)


def interrupted_index(place):
    process = place.start("index", "--threads", "1")
    end = time.monotonic() + TIMEOUT
    while process.poll() is None and not catches_interrupts(process) and time.monotonic() < end:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=TIMEOUT)
    return Done(process.returncode, out, err)


def test_an_interrupt_leaves_the_former_state(place):
    place.write(SMALL)
    place.good("index")
    before = place.graph().read_bytes()
    body = many(2000)
    for n in (50, 200, 800):  # should a fast machine be done before the signal arrives
        place.write({"many/m%d.py" % i: body for i in range(n)})
        done = interrupted_index(place)
        if done.status != 0:
            break
        before = place.graph().read_bytes()
    equal((done.status, done.out), (130, ""), "status and output (%s)" % done.err)
    holds(done.err, "nothing was changed", "standard error")
    equal(done.err.count("\n"), 1, "lines of standard error")
    check_former_state(place, before)


def test_a_killed_index_leaves_a_state_that_answers(place):
    place.write({**SMALL, "many.py": many(3000)})
    place.good("index")
    for delay in range(0, 60, 4):
        os.utime(place.tree / "a.py")
        process = place.start("index")
        time.sleep(delay / 1000)
        process.kill()
        process.communicate(timeout=TIMEOUT)
        done = place.good("query", "callers", "g", "--no-refresh", "--format", "json")
        equal((done.err, names(done.json())), ("", ["a.f", "a.A.f", "b.h"]), "the state after %d ms" % delay)
    place.good("index")
    check_files(place)


# ---- places ----


def test_places_with_strange_names(place):
    for name in (b"sp ace", b"new\nline", b"\xff\xfe not UTF-8", b"-dash", b"quote'\"", "\u00fcml\u00e4ut".encode(),
                 b"$HOME;`x`*?"):
        tree = place.top / os.fsdecode(name)
        tree.mkdir()
        place.write(SMALL, tree)
        place.good("index", cwd=tree)
        asked = os.path.join("..", os.fsdecode(name))
        equal(place.ask("query", "callers", "g", "--workspace", asked)["total"], 3, "callers in %r" % name)
        done = place.run("query", "callers", "f", "--workspace", asked, "--format", "json")
        equal(done.status, 3, "status of an ambiguous name")
        commands = [c["command"] for c in done.json()["error"]["candidates"]]
        (place.top / "bin").mkdir(exist_ok=True)
        if not (place.top / "bin/parseltongue").exists():
            (place.top / "bin/parseltongue").symlink_to(place.program)
        for command in commands:
            env = {**place.env, "PATH": "%s:%s" % (place.top / "bin", place.env["PATH"])}
            again = subprocess.run(["bash", "-c", command], cwd=place.tree, env=env, capture_output=True,
                                   timeout=TIMEOUT, check=False)
            equal((again.returncode, again.stderr), (0, b""), command)


def test_files_with_strange_names(place):
    for name in (b"sp ace.py", b"new\nline.py", b"\xff.py", b"tab\t.py"):
        (place.tree / os.fsdecode(name)).write_text("def here():\n    pass\n")
    answer = place.ask("index")
    equal((answer["files"]["total"], answer["skipped"]["total"]), (1, 3), "files taken and left out")
    equal({row["reason"] for row in answer["skips"]}, {"name is no UTF-8, or has control characters"}, "reasons")
    shown = [line.split("  ")[1] for line in place.good("index").out.split("Skipped\n")[1].splitlines()[:3]]
    equal(shown, ["new\\nline.py", "tab\\t.py", "\\xff.py"], "what people are shown")
    equal(names(place.ask("query", "where-defined", "here")), ["sp ace.here"], "definitions")


def test_links_lead_nowhere(place):
    place.write(SMALL)
    (place.tree / "loop").symlink_to(".")
    (place.tree / "up").symlink_to("..")
    (place.tree / "self.py").symlink_to("self.py")
    (place.tree / "gone.py").symlink_to("nowhere.py")
    (place.tree / "again.py").symlink_to("a.py")
    answer = place.ask("index")
    equal(answer["files"]["total"], 2, "files")
    equal(place.ask("query", "callers", "g")["total"], 3, "callers")
    (place.top / "link").symlink_to("tree")
    equal(place.ask("query", "callers", "g", "--workspace", "../link")["total"], 3, "callers through a link")
    equal(len(list(place.state.glob("parseltongue/*"))), 1, "states of the tree and of a link to it")


def test_folders_that_are_empty_missing_or_files(place):
    done = place.good("index")
    holds(done.out, "warning: no source file was found", "index of an empty folder")
    equal(place.ask("query", "list")["total"], 0, "nodes of an empty folder")
    fails(place, ["query", "callers", "g"], 3, "nothing is called 'g'")
    place.write(SMALL)
    for verb in (["index", "missing"], ["index", "--workspace", "missing"], ["stats", "--workspace", "missing"]):
        fails(place, verb, 1, "there is no folder missing")
    for verb in (["index", "a.py"], ["stats", "--workspace", "a.py"]):
        fails(place, verb, 1, "a.py is no folder")
    fails(place, ["index", "a.py/x"], 1, "a.py/x")
    fails(place, ["index", ".", "--workspace", "."], 2, "not both")
    equal(len(list(place.state.glob("parseltongue/*"))), 1, "states")


def test_questions_from_below_reach_the_repository(place):
    place.write({**SMALL, "sub/deep/c.py": "def c():\n    pass\n"})
    (place.tree / ".git").mkdir()
    equal(place.ask("query", "list", "--kind", "file", cwd=place.tree / "sub/deep")["total"], 3, "files")
    equal(len(list(place.state.glob("parseltongue/*"))), 1, "states")


def all_tests():
    return {name[5:].replace("_", "-"): test for name, test in sorted(globals().items())
            if name.startswith("test_")}
