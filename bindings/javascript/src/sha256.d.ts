type Input = ArrayLike<number>;

export const PRIMES: number[];
export function padded(message: Input, block: number): number[];
export function sha256(message: Input): number[];
export function concat(...parts: Input[]): number[];
export function hmac(key: Input, message: Input): number[];
export function hkdf(secret: Input, salt: Input, info: Input): number[];
