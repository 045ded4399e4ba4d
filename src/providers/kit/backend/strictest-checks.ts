import type { AskedChecks } from '../../../protocol/asked-checks.js'
import { ValidationError } from '../../../protocol/errors.js'

/**
 * The checks that both sides ask for: a page may ask for more than the backend demands, and never for less.
 *
 * @throws {ValidationError} `input_invalid` where no way of signing in would do for both.
 */
export function strictestChecks(demanded: AskedChecks, asked: AskedChecks = {}): AskedChecks {
  const ages = [demanded.maxAgeSeconds, asked.maxAgeSeconds].filter((age) => age !== undefined)
  const both = asked.acrValues?.filter((value) => demanded.acrValues?.includes(value) ?? true)
  if (both?.length === 0)
    throw new ValidationError(
      'input_invalid',
      'acr_values',
      'The acr_values name none of the ways of signing in that the backend demands.',
      { recovery: 'configure' },
    )
  const acrValues = both ?? demanded.acrValues
  return {
    ...(ages.length > 0 && { maxAgeSeconds: Math.min(...ages) }),
    ...(acrValues && { acrValues }),
  }
}
