mod geo { pub fn unit() -> super::P { super::P { x: 1 } } }
struct P { x: u8 }
impl P {
    fn new(x: u8) -> P { P { x } }
    fn x(&self) -> u8 { self.x }
    fn twin(&self) -> Option<P> { None }
}
const ORIGIN: P = P { x: 0 };
fn eq(a: u8, b: u8) -> bool { a == b }
fn f(p: &P) -> Option<u8> {
    println!("{} {}", p.x(), geo::unit().twin()?.x());
    assert_eq!(P::new(1).x(), ORIGIN.x(), "x is {}", eq(1, 2));
    assert!(!p.twin().is_none() && eq(p.x, p.twin().unwrap().x()));
    let v = vec![P::new(1), P::new(2)];
    v[0].x();
    matches!(p.twin(), Some(q) if eq(q.x(), 1));
    let s = format!("{:?}", Vec::<P>::with_capacity(eq as usize));
    debug_assert!(s.len() > usize::from(p.x()), "{}", { let q = P::new(3); q.x() });
    None
}
