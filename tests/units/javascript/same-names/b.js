export class Job {
    run() {}
}
export const run = () => {};
