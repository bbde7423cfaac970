class Api {
    get() {}
    ["computed"]() {}
    [Symbol.iterator]() {}
    "quoted-name"() {}
}
const api = new Api();
api?.get();
api?.["get"]?.();
api["computed"]();
api["quoted-name"]();
api[Symbol.iterator]();
api[unknown]();
(api || null).get();
(0, api.get)();
