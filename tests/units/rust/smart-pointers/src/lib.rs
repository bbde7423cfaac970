use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
struct Core { n: u8 }
impl Core { fn tick(&mut self) {} fn shared(self: &Arc<Self>) {} }
trait Plug { fn fit(&self); }
type Shared = Rc<RefCell<Core>>;
struct Guard { core: Core }
impl Deref for Guard { type Target = Core; fn deref(&self) -> &Core { &self.core } }
struct Node { left: Option<Box<Node>>, plug: Box<dyn Plug>, core: Shared }
impl Node { fn depth(&self) {} }
fn f(a: Arc<Mutex<Core>>, s: Shared, g: Guard, n: &Node, core: Arc<Core>) {
    a.lock().unwrap().tick();
    s.borrow_mut().tick();
    Rc::clone(&s).borrow_mut().tick();
    s.clone().borrow_mut().tick();
    g.tick();
    n.left.as_ref().unwrap().depth();
    if let Some(ref left) = n.left { left.depth(); left.plug.fit(); }
    n.plug.fit();
    n.core.borrow().tick();
    core.shared();
    let b = Box::new(Core { n: 1 });
    b.tick();
    (*b).tick();
}
