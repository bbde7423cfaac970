struct Cell<T> { value: T }
impl<T> Cell<T> {
    fn get(&self) -> &T { &self.value }
    fn into(self) -> T { self.value }
    fn swap<U>(self, u: U) -> Cell<U> { Cell { value: u } }
}
enum Either<L, R> { Left(L), Right(R) }
struct A; struct B;
impl A { fn a(&self) {} }
impl B { fn b(&self) {} }
type Pair<T> = (Cell<T>, B);
fn f(c: Cell<A>, p: Pair<A>, e: Either<A, B>, nested: Cell<Cell<B>>) {
    c.get().a();
    c.value.a();
    nested.get().get().b();
    p.0.get().a();
    p.1.b();
    match e {
        Either::Left(l) => l.a(),
        Either::Right(r) => r.b(),
    }
    c.into().a();
}
