declare const VERSION: string;

/** The version of this package. */
export const version: string = VERSION;
