import { checkOptions, type OptionForm } from '../../../protocol/options.js'
import { parseScope } from '../../../protocol/scope.js'
import { refuseSecrets } from '../../../protocol/secrets.js'

/** The modes, for the forms of options. A preset says itself why it does not take all of them. */
export const modes: readonly string[] = ['browser', 'mediated', 'bff']

/**
 * Checks the options of a preset when it is made.
 *
 * @param preset The preset's name, as the app calls it.
 * @throws {TypeError} naming the option and what to change: a secret first.
 */
export function checkPreset(
  preset: string,
  options: object & { readonly parameters?: object | undefined },
  expected: Readonly<Record<string, OptionForm>>,
): void {
  refuseSecrets(options)
  refuseSecrets(options.parameters)
  checkOptions(preset, options, expected)
}

/** Checks that a scope holds `openid`. @throws {TypeError} when it does not. */
export function checkOpenidScope(label: string, scope: string): void {
  if (!parseScope(scope).includes('openid'))
    throw new TypeError(`The scope for ${label} must hold "openid": add it.`)
}

/**
 * Refuses options that only a page uses which is itself the client.
 *
 * @throws {TypeError} for one that would have no effect in this mode.
 */
export function refuseBrowserOnly(
  preset: string,
  mode: string,
  options: object,
  names: readonly string[],
): void {
  if (mode === 'browser') return
  for (const name of names)
    if ((options as Readonly<Record<string, unknown>>)[name])
      throw new TypeError(
        `${preset}: \`${name}\` is for "browser" mode, and has no effect in "${mode}" mode: leave it out here, and give it to the backend if it takes it.`,
      )
}
