type Input = ArrayLike<number>;

export function sha256(message: Input): number[];
export function sha512(message: Input): number[];
export function concat(...parts: Input[]): number[];
export function hmac(key: Input, message: Input): number[];
export function hkdf(secret: Input, salt: Input, info: Input): number[];
export function x25519(scalar: Input, point: Input): number[] | null;
export function x25519Public(scalar: Input): number[];
export function ed25519Verify(publicKey: Input, message: Input, signature: Input): boolean;
