import { faultOfAskedChecks, faultWithoutIdToken } from './asked-checks.js'
import type { OptionTest } from './options.js'
import { reservedParameter } from './reserved-parameters.js'
import { parseScope } from './scope.js'

/** Parameters of an authorization request. Where `scope` is an option, too, what only an ID Token can confirm needs `openid` in it. */
export const requestParameters: OptionTest = (name, value, { given, expected }) => {
  if (Object(value) !== value || Object.values(value as object).some((one) => typeof one !== 'string'))
    return `${name} must be of the type parameters.`
  const parameters = value as Readonly<Record<string, string>>
  const reserved = reservedParameter(parameters)
  if (reserved) return `the parameter "${reserved}" is set by countersign. Remove it from ${name}.`
  // A client without a scope looks at each request.
  const { scope } = given
  const mayAsk = !expected['scope'] || (typeof scope === 'string' && parseScope(scope).includes('openid'))
  return faultOfAskedChecks(parameters) ?? faultWithoutIdToken(parameters, mayAsk)
}

/** Signature algorithms of ID Tokens, one at least. */
export const signatureAlgorithms: OptionTest = (name, value) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((one) => /^(?:[RPE]S(?:256|384|512)|EdDSA|Ed25519)$/.test(String(one)))
    ? undefined
    : `${name} must be an array of signature algorithms, such as ["ES256", "PS256"]: RS, PS or ES with 256, 384 or 512, EdDSA, Ed25519.`
