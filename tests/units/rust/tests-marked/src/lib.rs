pub fn add(a: u8, b: u8) -> u8 { a + b }
#[cfg(test)]
mod tests {
    use super::*;
    fn helper() {}
    #[test]
    fn adds() { helper(); assert_eq!(add(1, 2), 3); }
}
#[tokio::test]
async fn later() { add(1, 1); }
#[cfg(any(test, feature = "x"))]
fn maybe() {}
#[cfg(not(test))]
fn never() {}
#[should_panic]
#[test]
/// Documented.
fn panics() { maybe(); }
