import type { Json, JsonObject } from './contract.js'
import { hasOwn } from './has-own.js'

/** The claims of these names, where they are there. What is not named does not leave the ID Token. */
export function pickClaims(
  claims: Readonly<Record<string, unknown>> | undefined,
  names: readonly string[] = [],
): JsonObject {
  return Object.fromEntries(
    names.flatMap((name): [string, Json][] => {
      const value = claims && hasOwn(claims, name) ? claims[name] : undefined
      return value === undefined ? [] : [[name, value as Json]]
    }),
  )
}
