import type { Json, JsonObject } from '../../protocol/contract.js'
import { ValidationError } from '../../protocol/errors.js'
import { hasOwn } from '../../protocol/has-own.js'
import { durationTypes, type FdxDurationType, type FdxResource } from './facts.js'

/** A consent as it is asked for. Its names are the wire's. */
export interface FdxConsentRequest {
  readonly durationType: FdxDurationType
  /** Days. Required with `TIME_BOUND`; some data providers require it with the others, too. */
  readonly durationPeriod?: number
  /** Days before the request that the data shall reach back. */
  readonly lookbackPeriod?: number
  readonly resources: readonly FdxResource[]
}

/** A consent that this backend asks for under a name, and what pages may narrow of it. */
export interface FdxConsentTemplate extends FdxConsentRequest {
  /** Fields that a page may reduce: shorter periods, fewer resources. @defaultValue nothing */
  readonly adjustable?: readonly FdxAdjustable[]
}

/** Fields that can be reduced. */
export type FdxAdjustable = 'durationPeriod' | 'lookbackPeriod' | 'resources'

/** The consent templates of a backend, by name. */
export type FdxConsentTemplates = Readonly<Record<string, FdxConsentTemplate>>

/** @throws {TypeError} naming the template that cannot be used. */
export function checkTemplates(templates: FdxConsentTemplates): void {
  const entries = Object.entries(Object(templates) as FdxConsentTemplates)
  if (entries.length === 0)
    throw new TypeError('fdx needs `consents`: give it at least one consent template.')
  for (const [name, template] of entries) {
    const { durationType, durationPeriod, lookbackPeriod, resources } = Object(
      template,
    ) as Partial<FdxConsentTemplate>
    if (!(durationTypes as readonly unknown[]).includes(durationType))
      throw new TypeError(`Consent template "${name}": durationType is one of ${durationTypes.join(', ')}.`)
    if (durationType === 'TIME_BOUND' && durationPeriod === undefined)
      throw new TypeError(`Consent template "${name}": TIME_BOUND needs a durationPeriod, in whole days.`)
    for (const [period, days] of Object.entries({ durationPeriod, lookbackPeriod }))
      if (days !== undefined && !isDays(days))
        throw new TypeError(`Consent template "${name}": ${period} is a number of whole days, 1 or more.`)
    if (
      !isFilled(resources) ||
      !resources.every((one) => isFilled((Object(one) as Partial<FdxResource>).dataClusters))
    )
      throw new TypeError(`Consent template "${name}" asks for nothing: give it resources with dataClusters.`)
  }
}

/** True for a list with something in it. */
const isFilled = (list: unknown): list is readonly unknown[] => Array.isArray(list) && list.length > 0

const isDays = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0

/**
 * The consent to ask for: a template as it is, or what a page has narrowed of one.
 *
 * @param choice A template's name, an object with `template` and what is to be less, or nothing where there is one
 * template only.
 * @throws {ValidationError} `input_invalid` for anything that the template does not allow.
 * @see https://www.rfc-editor.org/rfc/rfc9396.html#section-12
 */
export function chooseConsent(templates: FdxConsentTemplates, choice: Json | undefined): FdxConsentRequest {
  const { template: name, ...changes } = toChoice(choice)
  const { adjustable = [], ...request } = findTemplate(templates, name)
  const forbidden = Object.keys(changes).some((field) => !(adjustable as readonly string[]).includes(field))
  if (forbidden) throw refuse('names a field that is not adjustable')
  const { durationPeriod, lookbackPeriod, resources } = changes
  return {
    ...request,
    ...(durationPeriod !== undefined && { durationPeriod: atMost(request.durationPeriod, durationPeriod) }),
    ...(lookbackPeriod !== undefined && { lookbackPeriod: atMost(request.lookbackPeriod, lookbackPeriod) }),
    ...(resources !== undefined && { resources: within(request.resources, resources) }),
  }
}

function toChoice(choice: Json | undefined): JsonObject {
  if (choice === undefined || typeof choice === 'string')
    return choice === undefined ? {} : { template: choice }
  if (typeof choice === 'object' && choice !== null && !Array.isArray(choice)) return choice as JsonObject
  throw refuse('is neither a name nor an object')
}

function findTemplate(templates: FdxConsentTemplates, name: Json | undefined): FdxConsentTemplate {
  const names = Object.keys(templates)
  const wanted = name === undefined && names.length === 1 ? names[0] : name
  const template = typeof wanted === 'string' && hasOwn(templates, wanted) ? templates[wanted] : undefined
  if (!template) throw refuse('names no template of this backend')
  return template
}

function atMost(limit: number | undefined, days: Json): number {
  if (isDays(days) && limit !== undefined && days <= limit) return days
  throw refuse('holds a period that the template does not allow')
}

/** Copied member by member: nothing of the page's object but what the template has goes on. */
function within(allowed: readonly FdxResource[], asked: Json): readonly FdxResource[] {
  if (!Array.isArray(asked) || asked.length === 0) throw refuse('asks for no resources')
  return (asked as readonly Json[]).map((entry) => {
    const { resourceType, dataClusters, ...more } = Object(entry) as JsonObject
    const found = allowed.find((resource) => resource.resourceType === resourceType)
    const clusters = Array.isArray(dataClusters) ? (dataClusters as readonly Json[]) : []
    const known = found?.dataClusters.filter((cluster) => clusters.includes(cluster)) ?? []
    if (!found || known.length === 0 || known.length !== clusters.length || Object.keys(more).length > 0)
      throw refuse('asks for data that the template does not hold')
    return { resourceType: found.resourceType, dataClusters: known }
  })
}

const refuse = (why: string): ValidationError =>
  new ValidationError('input_invalid', 'consent_request', `The consent_request ${why}.`, {
    recovery: 'configure',
  })
