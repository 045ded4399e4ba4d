import { isPlainObject } from '../is-plain-object.js'

/** An event, as React, the DOM and React Aria hand it to a handler. It is never taken for input. */
export interface EventLike {
  readonly type: string
  readonly target: unknown
}

/** The part of an input that is known ahead of the click: any of its fields, and no other. */
export type KnownInput<Input, Known> = PartialInput<Input> & {
  // Inference would let other fields through.
  readonly [Field in Exclude<keyof Known, Input extends unknown ? keyof Input : never>]: never
}

/** Any fields of an input. */
export type PartialInput<Input> = Input extends unknown
  ? { readonly [Field in keyof Input]?: Input[Field] | undefined }
  : never

/**
 * The argument of `authorize` and `prepare`, which is merged over what is known ahead. A handler of events needs none, so
 * it is optional where nothing is missing, and an event may stand in its place.
 */
export type ClickArgument<Input, Known> = [Known] extends [Input]
  ? [input?: PartialInput<Input> | EventLike]
  : [input: MissingInput<Input, Known>]

/** What completes an input: its fields without those that are known, which may be given again. */
type MissingInput<Input, Known> = Input extends unknown
  ? Known extends PartialInput<Input>
    ? Omit<Input, SettledField<Input, Known>> & Pick<PartialInput<Input>, SettledField<Input, Known>>
    : never
  : never

type SettledField<Input, Known> = {
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
