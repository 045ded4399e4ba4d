import type { CommonInput } from './input.js'

/** Longest `appState`: bytes of JSON. */
const longestBytes = 2048

/**
 * The input with its `appState` as it comes back: as JSON has it.
 *
 * @throws {TypeError} for one that is not JSON, or too much.
 */
export function withAppState(input: CommonInput): CommonInput {
  if (input.appState === undefined) return input
  const json = toJson(input.appState)
  if (json === undefined)
    throw new TypeError(
      '`appState` is not JSON: give plain objects, arrays, strings, numbers, booleans and null.',
    )
  if (new TextEncoder().encode(json).length > longestBytes)
    throw new TypeError(
      `\`appState\` is longer than ${longestBytes} bytes of JSON: keep the rest elsewhere, and give a key to it.`,
    )
  return { ...input, appState: JSON.parse(json) as unknown }
}

function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

/** The provider's part of an input: the app's state is nobody else's. */
export function withoutAppState<Input extends CommonInput>({
  appState: _,
  ...input
}: Input): Omit<Input, 'appState'> {
  return input
}
