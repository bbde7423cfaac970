function outer() {
    function middle() {
        function inner() {
            shared();
        }
        inner();
        return inner;
    }
    function shared() {}
    middle();
    middle()();
    return function returned() {
        shared();
    };
}
outer()();
