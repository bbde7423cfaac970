macro_rules! shout { () => { crate::private::f() } }
