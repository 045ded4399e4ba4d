import { encodeBytes } from './servers/jwt.js'

/** Where something that nobody can guess comes from; with a seed, somebody can. */
export interface Randomness {
  readonly draw: (length: number) => Uint8Array<ArrayBuffer>
  /** A text of this many bytes, as base64url. @defaultValue 24 bytes */
  readonly text: (length?: number) => string
  readonly uuid: () => string
}

/** Randomness of Web Crypto. */
export const systemRandomness: Randomness = toRandomness((length) =>
  crypto.getRandomValues(new Uint8Array(length)),
)

/** The same randomness for the same seed. */
export function seededRandomness(seed: string): Randomness {
  const next = createGenerator(seed)
  return toRandomness((length) => Uint8Array.from({ length }, () => next() >>> 24))
}

function toRandomness(draw: Randomness['draw']): Randomness {
  return {
    draw,
    text: (length = 24) => encodeBytes(draw(length)),
    uuid() {
      const hex = Array.from(draw(16), (byte) => byte.toString(16).padStart(2, '0')).join('')
      // Version 4, and the variant of RFC 9562.
      return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-a$4-$5')
    },
  }
}

/** Numbers of 32 bits: the seed's hash, counted on and mixed as SplitMix does. */
function createGenerator(seed: string): () => number {
  let state = 0x811c9dc5
  for (const character of seed) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193)
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
}
