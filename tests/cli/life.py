"""The daemon's life as the command line sees it: it comes, it goes, it is killed, it is another one, and every
question is answered all the same. Functions as in behaviours.py; their Place has a daemon."""

import concurrent.futures
import fcntl
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import threading
import time

from behaviours import QUESTIONS, SMALL, Wrong, equal, fails, holds, on_terminal

LIMIT = 20

# Verbs that the daemon has no part in, or that write.
ALONE = ("index", "ingest", "facts", "help", "completion", "version", "verify")


def running(place):
    """The process of the daemon, or None."""
    done = place.run("daemon", "status", "--format", "json")
    status = json.loads(done.out)
    equal(done.status, 0 if status["running"] else 3, "exit status of daemon status")
    return status["pid"] if status["running"] else None


def until(true, what):
    end = time.monotonic() + LIMIT
    while not true():
        if time.monotonic() > end:
            raise Wrong("not within %d s: %s" % (LIMIT, what))
        time.sleep(0.01)


def runtime(place):
    return place.top / "r" / "parseltongue"


def log(place):
    return (place.state / "parseltongue" / "daemon.log").read_text()


def configure(place, text):
    path = place.top / ".config" / "parseltongue" / "config.ini"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def callers(place, name="g", **more):
    done = place.good("query", "callers", name, "--format", "json", **more)
    return sorted(row["name"] for row in done.json()["nodes"])


def hang_up(place, pid):
    """As if the machine had been switched off for the daemon alone."""
    os.kill(pid, signal.SIGKILL)
    until(lambda: running(place) is None, "the end of a killed process")


# ---- start, status, stop ----


def test_the_daemon_starts_and_stops_once(place):
    equal(running(place), None, "before")
    started = place.ask("daemon", "start")
    equal(started["started"], True, "the first start")
    equal(place.ask("daemon", "start"), {"started": False, "pid": started["pid"]}, "the second")
    equal(running(place), started["pid"], "the process")
    equal(place.ask("daemon", "stop"), {"stopped": True, "pid": started["pid"]}, "stop")
    equal(running(place), None, "after")
    equal(place.ask("daemon", "stop"), {"stopped": False}, "another stop")
    holds(place.good("daemon", "start").out, "the daemon runs: process ", "start as text")
    holds(place.good("daemon", "start").out, "the daemon runs already: process ", "again")


def test_many_starts_at_once_give_one_daemon(place):
    for _ in range(3):
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            came = list(pool.map(lambda _: place.ask("daemon", "start"), range(6)))
        equal(len({one["pid"] for one in came}), 1, "daemons (%r)" % came)
        equal(sum(one["started"] for one in came), 1, "those who started it (%r)" % came)
        equal(running(place), came[0]["pid"], "the one that runs")
        place.good("daemon", "stop")


def test_a_killed_daemon_leaves_nothing_that_matters(place):
    first = place.ask("daemon", "start")["pid"]
    hang_up(place, first)
    holds(str(sorted(p.name for p in runtime(place).iterdir())), "daemon.sock", "what is left")
    equal(place.ask("daemon", "stop"), {"stopped": False}, "stop")
    second = place.ask("daemon", "start")
    equal(second["started"], True, "start after kill -9")
    equal(running(place), second["pid"], "the new one")


def test_no_stranger_is_ever_killed(place):
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        runtime(place).mkdir(mode=0o700)
        path = runtime(place) / "daemon.pid"
        path.write_text("%d 12345\n" % stranger.pid)
        equal(place.ask("daemon", "stop"), {"stopped": False}, "stop with a pid file that lies")
        with path.open("r+") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            fails(place, ["daemon", "stop"], 1, "is another one by now")
        with path.open("r+") as held:
            path.write_text("nonsense")
            fcntl.flock(held, fcntl.LOCK_EX)
            fails(place, ["daemon", "stop"], 1, "has not said which process it is")
        equal(stranger.poll(), None, "the stranger")
        place.good("daemon", "start")
        equal(stranger.poll(), None, "the stranger")
    finally:
        stranger.kill()
        stranger.wait()


def test_a_daemon_that_does_not_listen_is_stopped_by_a_signal(place):
    pid = place.ask("daemon", "start")["pid"]
    (runtime(place) / "daemon.sock").unlink()
    fails(place, ["daemon", "status"], 1, "process %d is the daemon, but" % pid)
    equal(place.ask("daemon", "stop"), {"stopped": True, "pid": pid}, "stop")
    equal(running(place), None, "after")


def test_why_a_daemon_does_not_start_is_told(place):
    configure(place, "[daemon]\nlog_levle = info\n")
    fails(place, ["daemon", "start"], 1, "config.ini:2: [daemon] has no 'log_levle'; did you mean log_level?")
    fails(place, ["daemon"], 1, "config.ini:2: [daemon] has no 'log_levle'")
    configure(place, "")
    runtime(place).write_text("in the way")
    fails(place, ["daemon", "start"], 1, "the daemon did not start: ")
    holds(log(place), "level=error msg=\"not running\"", "the log")
    runtime(place).unlink()
    place.good("daemon", "start")


def test_without_a_place_for_state_nothing_is_left_behind(place):
    (place.state).mkdir()
    (place.state / "parseltongue").write_text("in the way")
    fails(place, ["daemon", "start"], 1, "parseltongue")
    equal(running(place), None, "after")


def test_actions_refuse_what_is_not_theirs(place):
    fails(place, ["daemon", "dance"], 2, "none of run|start|stop|status|logs")
    fails(place, ["daemon", "stop", "--watch", "."], 2, "daemon stop takes no --watch")
    fails(place, ["daemon", "start", "--lines", "3"], 2, "daemon start takes no --lines")
    fails(place, ["daemon", "logs"], 1, "there is no log yet")


def test_trees_given_at_the_start_are_followed(place):
    place.write(SMALL)
    place.good("daemon", "start", "--watch", ".")
    status = place.ask("daemon", "status")
    equal([row["workspace"] for row in status["workspaces"]], [str(place.tree)], "workspaces")


# ---- signals and logs ----


def test_a_reload_takes_all_of_a_file_or_nothing(place):
    pid = place.ask("daemon", "start")["pid"]
    configure(place, "[daemon]\nlog_level = noisy\n")
    os.kill(pid, signal.SIGHUP)
    until(lambda: "log_level is one of debug|info|warn|error|off" in log(place), "the refusal in the log")
    configure(place, "[daemon]\nlog_level = error\n")
    os.kill(pid, signal.SIGHUP)
    time.sleep(0.3)
    place.good("daemon", "stop")
    if "stopped" in log(place):
        raise Wrong("the new level is not heeded: " + log(place))


def test_logs_are_turned_over_and_followed(place):
    configure(place, "[daemon]\nlog_file_max_bytes = 4K\n")
    pid = place.ask("daemon", "start")["pid"]
    follower = place.start("daemon", "logs", "--follow", "--lines", "0")
    until(lambda: running(place) == pid, "the daemon")
    time.sleep(0.3)
    for i in range(100):
        os.kill(pid, signal.SIGHUP)
        time.sleep(0.005)
    until(lambda: (place.state / "parseltongue" / "daemon.log.1").exists(), "the old log")
    size = (place.state / "parseltongue" / "daemon.log").stat().st_size
    if size > 4096:
        raise Wrong("a log of %d bytes" % size)
    time.sleep(0.4)
    follower.send_signal(signal.SIGINT)
    out, _ = follower.communicate(timeout=LIMIT)
    equal(follower.returncode, 130, "exit status of logs --follow")
    lines = out.decode().splitlines()
    shown = sum("configuration read again" in line for line in lines)
    signals = sum("msg=signal" in line for line in lines)
    equal(shown, signals, "lines (of %d)" % len(lines))
    if shown < 20:
        raise Wrong("only %d lines" % shown)
    equal(len(place.good("daemon", "logs", "--lines", "2").out.splitlines()), 2, "the last lines")
    holds(place.ask("daemon", "logs", "--lines", "1")["text"], "msg=", "the last line as JSON")
    fails_json = place.run("daemon", "logs", "--follow", "--format", "json")
    equal(fails_json.status, 2, "exit status of logs --follow as JSON")


# ---- questions ----


def test_a_question_starts_the_daemon_and_is_never_answered_stale(place):
    place.write(SMALL)
    equal(callers(place), ["a.A.f", "a.f", "b.h"], "callers")
    pid = running(place)
    if pid is None:
        raise Wrong("no daemon")
    for i in range(5):
        place.write({"c.py": "from a import g\n\n\ndef n%d():\n    g()\n" % i})
        equal(callers(place), ["a.A.f", "a.f", "b.h", "c.n%d" % i], "callers at once")
    equal(running(place), pid, "the same daemon")


def neutral(text):
    return re.sub(r'"generation":\d+', '"generation":...', re.sub(r'"as_of":"[^"]*"', '"as_of":"..."', text))


def test_all_answers_are_those_of_the_program_alone(place):
    place.write(SMALL)
    asked = [shlex.split(q) for q in QUESTIONS if q.split()[0] not in ALONE]
    asked += [["query", "callers", "nothing-like-it"], ["query", "callers", "f"], ["query", "list", "--limit", "1"],
              ["query", "list", "--limit", "0"], ["query", "list", "--max-tokens", "60"], ["search", "f", "--kind", "x"],
              ["query", "callers", "g", "--depth", "0", "--no-tests"], ["query", "list", "--cursor", "nonsense"],
              ["query", "callers", "\udcff"], ["query", "callers", "\u00e9\n"],
              ["query", "callers", "g", "--workspace", "."], ["export", "edges"],
              ["export", "dump", "--format", "json"], ["query", "path", "h", "A"]]
    callers(place)
    pid = running(place)
    for question in asked:
        for more in ([], ["--color", "always"], *([] if question[0] == "export" else [["--format", "json"]])):
            one, other = place.run(*question, *more), place.run(*question, *more, "--no-daemon")
            equal((one.status, neutral(one.out), one.err), (other.status, neutral(other.out), other.err),
                  "%r" % (question + more))
        for columns in (40, 200):
            equal(on_terminal(place, question, columns), on_terminal(place, [*question, "--no-daemon"], columns),
                  "%r on a terminal of %d columns" % (question, columns))
    equal(running(place), pid, "the daemon")


def test_the_daemon_is_left_out_when_that_is_asked_for(place):
    place.write(SMALL)
    callers(place, env={"PARSELTONGUE_NO_DAEMON": "1"})
    place.good("query", "callers", "g", "--no-daemon")
    configure(place, "[daemon]\nstart_automatically = no\n")
    callers(place)
    equal(running(place), None, "a daemon")
    configure(place, "[daemon]\nstart_automatically = perhaps\n")
    callers(place)
    equal(running(place), None, "a daemon")


def test_writers_and_readers_of_the_store_work_beside_the_daemon(place):
    place.write(SMALL)
    callers(place)
    place.good("index")
    equal(callers(place), ["a.A.f", "a.f", "b.h"], "callers after index")
    place.write({"c.py": "from a import g\n\n\ndef late():\n    g()\n"})
    holds(place.good("export", "nodes").out, "c.late", "export")
    place.good("verify")
    place.good("root")
    equal(place.ask("query", "list", "--no-refresh")["stale"], 0, "stale files")
    place.good("query", "list", "--no-ignore")
    equal(callers(place), ["a.A.f", "a.f", "b.h", "c.late"], "callers after all")


def test_who_writes_the_graph_gets_it_however_much_is_asked(place):
    place.write(SMALL)
    callers(place)
    done = []

    def ask():
        while not done:
            callers(place)

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask) for _ in range(2)]
        try:
            for _ in range(5):
                place.good("index")
                place.good("query", "list", "--no-ignore")
        finally:
            done.append(True)
        for one in asking:
            one.result()
    equal(callers(place), ["a.A.f", "a.f", "b.h"], "callers at the end")


def test_a_release_holds_until_its_connection_ends(place):
    place.write(SMALL)
    callers(place)

    def connect():
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(LIMIT)
        connection.connect(str(runtime(place) / "daemon.sock"))
        return connection.makefile("rw")

    def ask(stream, method, **params):
        stream.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                                 "params": {"workspace": str(place.tree), **params}}) + "\n")
        stream.flush()
        answer = json.loads(stream.readline())
        return answer["error"]["data"]["code"] if "error" in answer else "answer"

    one, other = connect(), connect()
    for _ in range(2):
        equal(ask(one, "daemon.release"), "answer", "a release")
        equal(ask(other, "callers", x="g"), "EBUSY", "a question of another client")
    equal(ask(one, "callers", x="g"), "answer", "a question of the same client")
    equal(ask(other, "callers", x="g"), "answer", "a question of another client after that")
    equal(ask(one, "daemon.release"), "answer", "a release")
    equal(ask(other, "daemon.release"), "answer", "another")
    one.close()
    until(lambda: place.ask("daemon", "status")["connections"] == 2, "the end of the connection")
    equal(ask(other, "callers", x="g"), "answer", "a question of the last to hold it")
    other.close()


def test_the_home_is_refused_with_and_without_a_daemon(place):
    """The same words and exit status, and no way round: not in the process itself, and nothing is left behind."""
    home = place.top / "home"
    (place.top / "link").symlink_to(home)
    place.write({"x.py": "def home():\n    pass\n"}, home)
    place.env["HOME"] = str(home)
    for options in ([], ["--no-daemon"]):
        for root in (str(home), str(home) + "/", str(home) + "/../home", str(place.top / "link"), "/", str(place.top)):
            for verb in (["query", "list"], ["stats"], ["export", "nodes"], ["index"], ["query", "list", "--no-refresh"]):
                fails(place, [*verb, "--workspace", root, *options], 1,
                      "parseltongue: %s is more than one project: " % os.path.realpath(root))
        fails(place, ["index", "."], 1, "is more than one project", cwd=home)
    equal(list((place.state / "parseltongue").glob("home-*")), [], "state of what was refused")
    # The graph of a dump may lie there, but the tree is not taken in its place.
    (place.top / "dump").write_text("FILE: d.py\ndef dumped():\n    pass\n")
    place.good("ingest", str(place.top / "dump"), cwd=home)
    for options in ([], ["--no-daemon"]):
        holds(place.good("query", "where-defined", "dumped", *options, cwd=home).out, "d.py", "the dump")
        fails(place, ["index", *options], 1, "is more than one project", cwd=home)
    place.good("index", "--force", "--no-daemon", cwd=home)
    # A daemon with another home has the last word all the same.
    place.good("daemon", "stop")
    place.good("daemon", "start")
    for verb in (["query", "list"], ["export", "nodes"]):
        fails(place, [*verb, "--workspace", str(home)], 1, "is more than one project", env={"HOME": str(place.tree)})
    for options in (["--no-daemon"], []):
        for verb in (["query", "list"], ["index"], ["export", "nodes"]):
            holds(place.good(*verb, "--workspace", str(home), "--force", *options).out, "", "forced")
    equal(place.ask("query", "list", "--workspace", str(home), "--force")["total"], 2, "nodes of the home")
    place.good("daemon", "stop")


def test_the_largest_size_of_files_holds_with_and_without_a_daemon(place):
    large = "def large():\n    pass\n" + "# much more of the same\n" * 100
    facts = ["facts", str(place.tree / "large.py")]
    configure(place, "[index]\nmax_file_bytes = 1K\n")
    place.write({**SMALL, "large.py": large})
    for options in (["--no-daemon"], []):
        done = place.ask("index", *options)
        equal(done["skips"], [{"path": "large.py", "reason": "larger than the limit", "bytes": len(large)}], "skips")
        names = [row["name"] for row in place.ask("query", "list", "--limit", "0", *options)["nodes"]]
        equal("large.large" in names, False, "is the large file in the graph")
    equal(place.run(*facts).status, 1, "facts of the large file")
    status = place.ask("daemon", "status")
    equal((status["max_file_bytes"], status["workspaces"][0]["files_too_large"]), (1024, 1), "status")
    place.write({"large.py": "def small():\n    pass\n", "other.py": large})
    names = [row["name"] for row in place.ask("query", "list", "--limit", "0")["nodes"]]
    equal(("large.small" in names, "other.large" in names), (True, False), "after they have changed")
    place.good("daemon", "stop")
    configure(place, "")
    for options in ([], ["--no-daemon"]):
        names = [row["name"] for row in place.ask("query", "list", "--limit", "0", *options)["nodes"]]
        equal(("large.small" in names, "other.large" in names), (True, True), "with the default")
    place.write({"large.py": large})
    place.good(*facts)


def test_the_graph_as_it_is_may_be_the_daemons(place):
    question = ["query", "callers", "g", "--format", "json"]
    place.write(SMALL)
    fails(place, [*question[:3], "--no-refresh"], 1, "run index first")
    equal(running(place), None, "a daemon, which nobody wanted started")
    place.good("index", "--no-daemon")
    place.good("daemon", "start")
    place.good(*question, "--no-refresh")
    equal(place.ask("daemon", "status")["workspaces"], [], "what was opened for it")
    place.good(*question)

    def requests():
        return place.ask("daemon", "status")["requests_total"]

    before = requests()
    mine = place.good(*question, "--no-refresh").out
    equal(requests() - before >= 3, True, "was the daemon asked")
    equal(mine, place.good(*question, "--no-refresh", "--no-daemon").out, "with and without the daemon")
    equal(json.loads(mine)["stale"], 0, "stale files")
    for n in range(20):
        place.write({"new.py": "from a import g\n\n\n" + "".join("def n%d():\n    return g()\n\n\n" % i for i in range(n))})
        told = place.ask("query", "callers", "g", "--no-refresh")
        names = {row["name"] for row in told["nodes"]}
        if told["stale"] == 0 and len([name for name in names if name.startswith("new.")]) != n:
            raise Wrong("after %d saves, not stale: %r" % (n, names))


def test_a_daemon_that_dies_while_it_is_asked_costs_no_answer(place):
    place.write(SMALL)
    callers(place)
    pid = running(place)
    os.kill(pid, signal.SIGSTOP)
    asking = place.start("query", "callers", "g", "--format", "json")
    time.sleep(0.3)
    os.kill(pid, signal.SIGKILL)
    out, err = asking.communicate(timeout=LIMIT)
    equal((asking.returncode, err), (0, b""), "the end of the question")
    equal(sorted(row["name"] for row in json.loads(out)["nodes"]), ["a.A.f", "a.f", "b.h"], "callers")


def test_a_daemon_that_hangs_costs_no_answer(place):
    place.write(SMALL)
    callers(place)
    pid = running(place)
    os.kill(pid, signal.SIGSTOP)
    try:
        equal(callers(place), ["a.A.f", "a.f", "b.h"], "callers")
    finally:
        os.kill(pid, signal.SIGCONT)


def test_who_waits_can_be_interrupted(place):
    place.write(SMALL)
    callers(place)
    pid = running(place)
    os.kill(pid, signal.SIGSTOP)
    try:
        asking = place.start("query", "callers", "g")
        time.sleep(0.3)
        began = time.monotonic()
        asking.send_signal(signal.SIGINT)
        out, _ = asking.communicate(timeout=LIMIT)
        equal((asking.returncode, out), (130, b""), "the end of the question")
        if time.monotonic() - began > 1:
            raise Wrong("it went on for %.1f s" % (time.monotonic() - began))
    finally:
        os.kill(pid, signal.SIGCONT)


def ours_of(place):
    """What a daemon of ours says to daemon.ping."""
    place.good("daemon", "start")
    status = place.ask("daemon", "status")
    place.good("daemon", "stop")
    return {"version": status["version"], "identity": status["identity"]}


class Other:
    """What is no daemon of ours: to a request it gives the answers [(id, result)] that a function says, or bytes and
    then hangs up; and it stops if asked."""

    def __init__(self, place, answers):
        self.answers = answers
        runtime(place).mkdir(mode=0o700, exist_ok=True)
        self.lock = (runtime(place) / "daemon.pid").open("a+")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.path = runtime(place) / "daemon.sock"
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(self.path))
        self.socket.listen()
        self.asked = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:  # it is closed
                return
            with connection, connection.makefile("rw") as stream:
                for line in stream:
                    request = json.loads(line)
                    self.asked.append(request["method"])
                    answers = self.answers(request)
                    if isinstance(answers, str):  # as it is, and no more
                        stream.write(answers)
                        break
                    for asked, result in answers:
                        stream.write(json.dumps({"jsonrpc": "2.0", "id": asked, "result": result}) + "\n")
                        stream.flush()
                    if request["method"] == "daemon.stop":
                        self.end()
                        return

    def end(self):
        self.path.unlink()
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.lock.close()


def test_a_daemon_of_another_version_is_replaced(place):
    place.write(SMALL)
    other = Other(place, lambda request: [(request["id"], {"version": "0.0.1", "identity": "x"})])
    equal(callers(place), ["a.A.f", "a.f", "b.h"], "callers")
    equal(other.asked, ["daemon.ping", "daemon.ping", "daemon.stop"], "what the old one was asked")
    if running(place) is None:
        raise Wrong("no daemon of ours")


def test_what_makes_no_sense_costs_no_answer(place):
    ours = ours_of(place)
    place.write(SMALL)
    good = '{"jsonrpc":"2.0","id":%d,"result":'
    for odd in ("nonsense\n", "\n", "", good, good + "{}}\n", good + '"x"}\n', good + '{"text":7}}\n',
                '{"id":%d}\n', '{"id":%d,"error":{"code":-32603,"message":"x"}}\n', '{"id":%d,"error":{}}\n',
                "[" * 5000 + "\n",
                '{"jsonrpc":"2.0","id":%d,"error":{"code":-32011,"data":{"code":"EACCES","message":"not you"}}}\n'):
        other = Other(place, lambda request, odd=odd: [(request["id"], ours)] if request["method"] == "daemon.ping"
                      else (odd % request["id"] if "%d" in odd else odd))
        done = place.good("query", "callers", "g")
        equal(done.out, place.good("query", "callers", "g", "--no-daemon").out, "the answer after %r" % odd)
        equal(done.err, "", "standard error after %r" % odd)
        equal(other.asked, ["daemon.ping", "callers"], "what the daemon was asked")
        other.end()


def test_who_waits_for_a_first_index_sees_how_far_it_is(place):
    ours = ours_of(place)
    looks, asked = [], []

    def answers(request):
        if request["method"] == "daemon.ping":
            return [(request["id"], ours)]
        if request["method"] != "daemon.status":
            asked.append(request["id"])
            return []
        looks.append(request)
        other = {"workspace": "/elsewhere", "state": "starting", "files_done": 1, "files": 3}
        row = {"workspace": str(place.tree), "state": "starting", "files_done": 100 * len(looks), "files": 1000}
        answer = [(asked[0], {"text": "the answer\n"})] if len(looks) == 6 else []
        return [(request["id"], {"workspaces": [other, row]}), *answer]

    Other(place, answers)
    seen = on_terminal(place, ["query", "callers", "g"])
    holds(seen, "500 of 1000 files", "the terminal")
    equal(seen.split("\033[K")[-1], "the answer\n", "what is left on the terminal")


# ---- all of them ----


def all_tests():
    tests = {name[5:].replace("_", "-"): test for name, test in sorted(globals().items())
             if name.startswith("test_")}
    for test in tests.values():
        test.daemon = True
    return tests
