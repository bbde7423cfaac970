export function one() {}
export default class One {
    run() {}
}
