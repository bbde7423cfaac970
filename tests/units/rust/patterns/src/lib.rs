struct A; struct B; struct W(A, B); struct N { a: A, b: B }
impl A { fn go(&self) -> bool { true } }
impl B { fn go(&self) {} }
enum E { One(A), Two { b: B, n: N }, Three(W, Option<B>) }
const LIMIT: u8 = 3;
fn make() -> (A, (B, N)) { loop {} }
fn lets(n: N, w: W, list: Vec<(A, B)>) {
    let (a, (b, N { a: inner, .. })) = make();
    a.go(); b.go(); inner.go();
    let W(x, ref y) = w;
    x.go(); y.go();
    let N { ref a, ref b } = n;
    a.go(); b.go();
    for (a, b) in &list { a.go(); b.go(); }
    let Some((first, _)) = list.first() else { return };
    first.go();
    let [head, .., tail] = &list[..] else { return };
    head.0.go(); tail.1.go();
}
fn matches(e: E, k: u8) {
    match &e {
        E::One(a) if a.go() => {}
        E::Two { b, n: N { a, .. } } => { b.go(); a.go(); }
        E::Three(W(_, b), Some(c)) => { b.go(); c.go(); }
        whole @ E::Three(..) => { let _ = whole; }
        _ => {}
    }
    match k { LIMIT => {} other => drop(other) }
    while let E::One(ref a) = e { a.go(); }
    if let E::One(a) | E::Three(W(a, _), _) = &e { a.go(); }
}
