use std::collections::{BTreeMap, HashMap};
struct Item;
impl Item { fn touch(&self) -> Option<Tag> { None } }
struct Tag;
impl Tag { fn print(&self) {} }
struct Bag { items: Vec<Item> }
struct Walk<'a> { bag: &'a Bag, at: usize }
impl<'a> Iterator for Walk<'a> {
    type Item = &'a Item;
    fn next(&mut self) -> Option<&'a Item> { self.bag.items.get(self.at) }
}
impl<'a> IntoIterator for &'a Bag {
    type Item = &'a Item;
    type IntoIter = Walk<'a>;
    fn into_iter(self) -> Walk<'a> { self.walk() }
}
impl Bag { fn walk(&self) -> Walk<'_> { Walk { bag: self, at: 0 } } }
fn f(bag: &Bag, by_name: HashMap<String, Item>, sorted: &BTreeMap<u8, Vec<Item>>) {
    for i in bag.walk() { i.touch(); }
    for i in bag { i.touch(); }
    for (_, i) in &by_name { i.touch(); }
    for i in by_name.values() { i.touch(); }
    for list in sorted.values() { for i in list { i.touch(); } }
    for (n, i) in bag.items.iter().enumerate().rev() { drop(n); i.touch(); }
    for (a, b) in bag.items.iter().zip(by_name.values()) { a.touch(); b.touch(); }
    while let Some(i) = bag.walk().next() { i.touch(); }
    for t in bag.items.iter().filter_map(|i| i.touch()) { t.print(); }
    bag.items.last().unwrap().touch();
    let picked: Vec<&Item> = bag.items.iter().skip(1).collect();
    picked[0].touch();
    bag.items.iter().collect::<Vec<&Item>>().pop().unwrap().touch();
}
