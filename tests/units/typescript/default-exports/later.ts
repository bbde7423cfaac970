function later() {}
export default later;
