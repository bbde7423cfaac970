struct Job { id: u32 }
impl Job {
    fn run(&self) -> Res { Res }
    fn new(id: u32) -> Job { Job { id } }
}
struct Res;
impl Res { fn check(&self) -> bool { true } }
fn all(jobs: Vec<Job>) {
    let n = jobs.iter().map(|j| j.run()).filter(|r| r.check()).count();
    jobs.iter().for_each(|j| { j.run(); });
    let make = |id| Job::new(id);
    make(1).run();
    spawn(move || Job::new(2).run());
    let typed = |j: &Job| -> Res { j.run() };
    typed(&jobs[0]).check();
    jobs.iter().map(Job::run).count();
    (0..n).map(|i| Job::new(i as u32)).fold(0, |n, j| { j.run(); n });
}
fn spawn<F: FnOnce() -> Res>(f: F) { f().check(); }
