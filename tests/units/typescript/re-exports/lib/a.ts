export function alpha() {}
export function beta() {}
export default function main() {}
