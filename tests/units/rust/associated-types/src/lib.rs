trait Graph { type Node: Visit; fn root(&self) -> Self::Node; fn all(&self) -> Vec<Self::Node>; }
trait Visit { fn visit(&self); }
struct Leaf;
impl Visit for Leaf { fn visit(&self) {} }
impl Leaf { fn own(&self) {} }
struct Tree;
impl Graph for Tree {
    type Node = Leaf;
    fn root(&self) -> Self::Node { Leaf }
    fn all(&self) -> Vec<Leaf> { vec![self.root()] }
}
fn walk<G: Graph>(g: &G) {
    g.root().visit();
    for n in g.all() { n.visit(); }
}
fn concrete(t: Tree) { t.root().own(); t.all()[0].own(); }
fn names<I: Iterator<Item = Leaf>>(it: I, other: impl Iterator<Item = Leaf>) {
    for l in other { l.own(); }
    for l in it { l.own(); }
}
