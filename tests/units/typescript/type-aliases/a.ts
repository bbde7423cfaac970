class Engine {
    start() {}
}
type Config = {
    engine: Engine;
    boot(): Engine;
    nested: { engine: Engine };
};
type Both = Config & { extra: Engine };
type Maker = () => Engine;
type Maybe<T> = T | null | undefined;
type Part = Partial<Config>;
type Inside = Config["engine"];
export function f(c: Config, both: Both, make: Maker, maybe: Maybe<Engine>, part: Part, i: Inside) {
    c.engine.start();
    c.boot().start();
    c.nested.engine.start();
    both.engine.start();
    both.extra.start();
    make().start();
    maybe?.start();
    part.engine!.start();
    i.start();
}
