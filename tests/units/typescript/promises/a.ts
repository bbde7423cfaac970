class Reply {
    json() {}
}
async function fetchIt() {
    return new Reply();
}
function declared(): Promise<Reply> {
    return fetchIt();
}
export async function main() {
    (await fetchIt()).json();
    const reply = await declared();
    reply.json();
    for await (const r of [declared()]) {
        r;
    }
}
export async function lazy() {
    const heavy = await import("./heavy");
    heavy.work();
    (await import("./heavy")).work();
    const { work } = await import("./heavy");
    work();
}
