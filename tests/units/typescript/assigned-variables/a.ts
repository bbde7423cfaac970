class Timer {
    stop() {}
}
let timer: Timer | undefined;
let late;
export function start() {
    timer = new Timer();
    timer.stop();
    late = new Timer();
    late.stop();
    let handle = null;
    handle = new Timer();
    handle.stop();
    const chosen = Math.random() > 0.5 ? new Timer() : undefined;
    chosen?.stop();
    const fallback = timer ?? new Timer();
    fallback.stop();
}
