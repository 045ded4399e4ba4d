import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { openapi as file } from '../../../scripts/contract-schema.js'

/** A part of the OpenAPI file. */
type Part = Readonly<Record<string, unknown>>

interface Operation {
  readonly requestBody?: Part
  readonly responses: Readonly<Record<string, Part>>
}

/** The file as far as the tests read it. */
export const openapi = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Part>>
    readonly responses: Readonly<Record<string, Part>>
    readonly headers: Readonly<Record<string, Part>>
  }
}

/** All operations of the file. */
export const operations = Object.values(openapi.paths).flatMap((path) =>
  Object.entries(path).flatMap(([name, operation]) => (name === 'parameters' ? [] : [operation])),
)

const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { uri: (text) => URL.canParse(text) } })
ajv.addSchema(openapi, 'contract')

/** Follows a reference within the file. */
export function resolve(part: Part): Part {
  const { $ref } = part
  if (typeof $ref !== 'string') return part
  return $ref
    .replace(/^#\//, '')
    .split('/')
    .reduce((inner, name) => inner[name] as Part, openapi as unknown as Part)
}

/** Violations of a schema of the file by a value; empty where there are none. */
export function problemsOf(value: unknown, schema: unknown): readonly string[] {
  // References within the file lead from wherever the schema stands.
  const whole = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"contract#/')) as object
  const validate = ajv.compile(whole)
  if (validate(value)) return []
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`)
}

const bodySchema = (part: Part | undefined): unknown =>
  (resolve(part ?? {}) as { content?: { 'application/json': { schema: unknown } } }).content?.[
    'application/json'
  ].schema

/** A request with its answer, below the base path. */
export interface Exchanged {
  readonly method: string
  readonly path: string
  readonly request?: unknown
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

function operationOf({ method, path }: Exchanged): Operation | undefined {
  const pathname = path.replace(/\?.*/s, '')
  const [, found] =
    Object.entries(openapi.paths).find(([template]) => {
      const pattern = template.replace('{path}', '.+').replace(/\{\w+\}/g, '[^/]+')
      return new RegExp(`^${pattern}$`).test(pathname)
    }) ?? []
  return found?.[method.toLowerCase()]
}

/** Differences of an exchange from the file; empty where there are none. */
export function differences(exchange: Exchanged): readonly string[] {
  const { method, path, status, headers, body, request } = exchange
  const operation = operationOf(exchange)
  const own = headers.has('countersign')
  const response =
    operation?.responses[own || status < 300 ? String(status) : 'default'] ??
    // What no operation is for is refused all the same, in the same words.
    (operation ? undefined : Object.values(openapi.components.responses).find((one) => refuses(one, body)))
  if (!response) return [`${method} ${path}: no answer ${String(status)} is described`]
  const problems = [
    ...problemsOf(body, bodySchema(response)),
    ...headerProblems(resolve(response), headers),
    ...(status < 300 && operation?.requestBody
      ? problemsOf(request, bodySchema(operation.requestBody)).map((problem) => `request ${problem}`)
      : []),
  ]
  return problems.map((problem) => `${method} ${path} ${String(status)}: ${problem}`)
}

const refuses = (response: Part, body: unknown): boolean => {
  const schema = bodySchema(response) as { properties?: { error: { enum: readonly string[] } } }
  return schema.properties?.error.enum.includes(String((Object(body) as { error?: unknown }).error)) ?? false
}

function headerProblems({ headers: described = {} }: Part, headers: Headers): readonly string[] {
  return Object.entries(described as Record<string, Part>).flatMap(([name, part]) => {
    const { required, schema } = resolve(part) as { required?: boolean; schema: { type?: string } }
    const value = headers.get(name)
    if (value === null) return required ? [`lacks ${name}`] : []
    const wrong = problemsOf(schema.type === 'integer' ? Number(value) : value, schema)
    return wrong.map((problem) => `${name}${problem}`)
  })
}
