export const only = function () {};
