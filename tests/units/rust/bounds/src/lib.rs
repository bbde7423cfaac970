trait Run { fn run(&self); fn make() -> Self; }
trait Stop { fn stop(&self); }
fn inline_bound<T: Run + Stop>(t: T) { t.run(); t.stop(); T::make(); }
fn where_bound<T, U>(t: &T, u: &mut U) where T: Run, U: Stop + Clone { t.run(); u.stop(); }
fn impl_param(t: impl Run) { t.run(); }
fn impl_result() -> impl Stop { Machine }
struct Machine;
impl Stop for Machine { fn stop(&self) {} }
struct Pair<A, B> { a: A, b: B }
impl<A: Run, B> Pair<A, B> where B: Stop {
    fn go(&self) {
        self.a.run();
        self.b.stop();
        self.both(|x| x.run());
    }
    fn both<F>(&self, f: F) where F: Fn(&A) { f(&self.a); }
}
fn f() { impl_result().stop(); }
