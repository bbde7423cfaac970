class Named {
    run() {}
}
export { Named as default };
