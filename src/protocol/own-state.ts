/** Both fixed characters at the beginning of every `state`: by them a page tells a response from parameters of its own. */
export const stateMarker = 'cs'

/** Test of a parameter for the form of a `state` that `createState` makes. */
export const isOwnState = (value: string | null): boolean => /^cs[\w-]{41}$/.test(value ?? '')
