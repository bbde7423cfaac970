enum Shape {
    Dot,
    Line(Segment),
    Box { side: Segment },
}
struct Segment;
impl Segment { fn len(&self) {} }
impl Shape {
    fn measure(&self) {
        use self::Shape::*;
        match self {
            Dot => {}
            Line(s) => s.len(),
            Box { side } => side.len(),
        }
    }
    fn dot() -> Shape { Shape::Dot }
    fn line() -> Self { Self::Line(Segment) }
    fn own(&self) {
        match *self {
            Shape::Line(ref s) => s.len(),
            Self::Box { side: ref s } => s.len(),
            _ => {}
        }
    }
}
