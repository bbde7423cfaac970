use std::collections::HashMap;
pub struct Error;
pub type Result<T> = std::result::Result<T, Error>;
struct Db { tables: HashMap<String, Table>, log: Option<Log> }
struct Table { rows: Vec<Row> }
struct Row;
struct Log;
impl Log { fn write(&mut self) -> Result<()> { Ok(()) } }
impl Row { fn get(&self, n: usize) -> Option<&Row> { None } fn dump(&self) {} }
impl Table {
    fn first(&self) -> Result<&Row> { self.rows.first().ok_or(Error) }
    fn all(&self) -> &[Row] { &self.rows }
}
impl Error { fn report(self) {} }
impl Db {
    fn open() -> Result<Db> { Err(Error) }
    fn table(&self, name: &str) -> Option<&Table> { self.tables.get(name) }
    fn with_log(mut self, log: Log) -> Self { self.log = Some(log); self }
}
fn query() -> Result<()> {
    let mut db = Db::open()?.with_log(Log);
    db.table("t").unwrap().first()?.dump();
    db.tables["t"].all()[0].dump();
    db.tables.get_mut("t").unwrap().rows.pop().unwrap().dump();
    if let Some(log) = db.log.as_mut() { log.write()?; }
    match Db::open() {
        Ok(db) => db.table("x").map(|t| t.first()),
        Err(e) => { e.report(); None }
    };
    db.table("y").and_then(|t| t.first().ok()).and_then(|r| r.get(0)).unwrap().dump();
    Ok(())
}
