import { isPlainObject } from '../is-plain-object.js'

/** An event, as React, the DOM and React Aria hand it to a handler. It is never taken for input. */
export interface EventLike {
  readonly type: string
  readonly target: unknown
}

/** The part of an input that is known ahead of the click: any of its fields. */
export type KnownInput<Input> = Input extends unknown
  ? { readonly [Field in keyof Input]?: Input[Field] | undefined }
  : never

/** The same, without any other field: inference would let others through. */
export type OnlyKnownInput<Input, Known> = KnownInput<Input> & {
  readonly [Field in Exclude<keyof Known, Input extends unknown ? keyof Input : never>]: never
}

/**
 * The argument of `authorize` and `prepare`, which is merged over what is known ahead. Where nothing is missing it may be
 * left out, and an event may stand in its place.
 *
 * @typeParam Input The provider's; anything where the provider is not known.
 * @typeParam Known What is known; `never` when nothing is.
 */
export type ClickArgument<Input, Known> = unknown extends Input
  ? [input?: object]
  : [Known] extends [never]
    ? ClickArgument<Input, object>
    : object extends MissingInput<Input, Known>
      ? [input?: KnownInput<Input> | EventLike]
      : [input: MissingInput<Input, Known>]

/** What completes an input: its fields, of which those that are known may be left out. */
export type MissingInput<Input, Known> = Input extends unknown
  ? [Extract<Known, KnownInput<Input>>] extends [never]
    ? never
    : Omit<Input, SettledField<Input, Known>> & Pick<KnownInput<Input>, SettledField<Input, Known>>
  : never

/** The fields that are known, and not perhaps `undefined`. */
export type SettledField<Input, Known> = {
  [Field in keyof Input & keyof Known]: Known[Field] extends Input[Field] ? Field : never
}[keyof Input & keyof Known]

/**
 * The input of one click: what is known then, merged over what was known before.
 *
 * @param argument Whatever the handler was called with; only a plain object is input.
 */
export const mergeInput = <Known extends object>(known: Known, argument: unknown): Known =>
  isPlainObject(argument) ? { ...known, ...argument } : known

/** Key of an input: the same for equal ones, whatever the order of their members. */
export const inputKey = (input: object): string =>
  JSON.stringify(input, (_name, value: unknown) =>
    typeof value === 'object' && value && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
