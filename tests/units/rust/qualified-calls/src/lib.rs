trait Pilot { fn fly(&self); fn base() {} }
trait Wizard { fn fly(&self); fn base() {} }
struct Human;
impl Pilot for Human { fn fly(&self) {} fn base() {} }
impl Wizard for Human { fn fly(&self) {} }
impl Human { fn fly(&self) {} }
fn f(h: Human) {
    h.fly();
    <Human as Pilot>::base();
    Human::fly(&h);
}
fn generic<T: Wizard>(t: T) {
    <T as Wizard>::fly(&t);
    T::base();
}
