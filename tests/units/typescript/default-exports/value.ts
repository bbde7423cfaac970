import Klass from "./klass";
export default new Klass();
