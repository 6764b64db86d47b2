// The global object, in a page or elsewhere.

export var root = typeof window === 'object' ? window : this || globalThis;
