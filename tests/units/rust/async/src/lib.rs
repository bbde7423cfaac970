use std::future::Future;
use std::pin::Pin;
struct Conn;
impl Conn {
    async fn open() -> Result<Conn, ()> { Ok(Conn) }
    async fn send(&self) -> Reply { Reply }
    fn boxed(&self) -> Pin<Box<dyn Future<Output = Reply> + Send>> { loop {} }
}
struct Reply;
impl Reply { fn read(&self) {} }
async fn f() -> Result<(), ()> {
    let c = Conn::open().await?;
    c.send().await.read();
    c.boxed().await.read();
    let task = async { Conn::open().await };
    task.await?.send().await.read();
    Ok(())
}
