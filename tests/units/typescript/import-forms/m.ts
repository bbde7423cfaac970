export default class Engine {
    start() {}
}
export function helper() {}
export class Tool {
    static use() {}
}
