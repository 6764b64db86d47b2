type Input = ArrayLike<number>;

export function sha512(message: Input): number[];
export function x25519(scalar: Input, point: Input): number[] | undefined;
export function ed25519Verify(publicKey: Input, message: Input, signature: Input): boolean;
