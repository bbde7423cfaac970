exports.helper = function () {};
