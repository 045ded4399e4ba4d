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
 * Refuses options that do nothing in a mode, because whoever gives one relies on it. `false`, and `true` for `refresh`, is what there is
 * without the option.
 *
 * @param usedIn The modes in which each does something; one that is not here does in all.
 * @throws {TypeError} naming the option.
 */
export function refuseUnused(
  preset: string,
  mode: string,
  options: object,
  usedIn: Readonly<Record<string, string>>,
): void {
  for (const [name, value] of Object.entries(options) as [string, unknown][])
    if (value !== undefined && value !== (name === 'refresh') && usedIn[name]?.includes(mode) === false)
      throw new TypeError(`${preset}: \`${name}\` has no effect in "${mode}" mode: leave it out here.`)
}
