class Response {
    text() {}
}
const request = async () => new Response();
function request2() {
    return request();
}
async function main() {
    const a = await request();
    a.text();
    const b = await request2();
    b.text();
    (await request().catch(() => {})).text();
    const { load } = await import("./mod.js");
    load();
    for await (const chunk of stream()) chunk.text();
}
async function* stream() {
    yield new Response();
}
