export default class {
    run() {}
}
