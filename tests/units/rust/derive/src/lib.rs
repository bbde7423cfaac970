pub mod ser { pub trait Serialize { fn ser(&self); } }
use ser::Serialize;
#[derive(Debug, Clone, Serialize)]
pub struct A { b: B }
#[derive(
    crate::ser::Serialize,
)]
enum B { X }
fn f(a: A) { a.ser(); a.clone().ser(); }
