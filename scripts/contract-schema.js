// Writes the JSON Schemas in docs/backend-contract.openapi.json from the types in src/protocol/contract.ts:
//
//   node scripts/contract-schema.js
//
// The rest of that file is written by hand. test/check-backend/openapi.test.ts fails when the schemas are out of date.
import { readFileSync, writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import ts from 'typescript'
import { root } from './entries.js'

/** @typedef {{ [name: string]: unknown }} Schema */

const types = `${root}src/protocol/contract.ts`

/** The OpenAPI file. */
export const openapi = `${root}docs/backend-contract.openapi.json`

const hash = { pattern: '^[A-Za-z0-9_-]{43}$' }
const printable = { pattern: '^[ -~]{1,2048}$' }
const longPrintable = { pattern: '^[ -~]{1,4096}$' }
const epochSeconds = { type: 'integer' }
const scope = { pattern: '^[!#-\\[\\]-~]*( [!#-\\[\\]-~]+)*$' }

/**
 * What a type of TypeScript cannot say.
 *
 * @type {Record<string, Record<string, Schema>>}
 */
const constraints = {
  AuthorizationRequest: {
    state: hash,
    code_challenge: hash,
    nonce: hash,
    redirect_uri: { format: 'uri' },
    scope: { ...scope, minLength: 1 },
  },
  AuthorizationAnswer: {
    authorization_url: { format: 'uri' },
    expires_in: { type: 'integer', minimum: 1 },
    transaction: { maxLength: 2048 },
  },
  TokenRequest: {
    code: longPrintable,
    state: hash,
    code_verifier: { pattern: '^[A-Za-z0-9._~-]{43,128}$' },
    iss: printable,
    scope: printable,
    transaction: printable,
  },
  ConnectionDocument: {
    id: { pattern: '^[A-Za-z0-9._~-]{16,200}$' },
    scope,
    missing_scope: scope,
    created_at: epochSeconds,
    consent_expires_at: epochSeconds,
    renew_by: epochSeconds,
  },
  InstitutionDocument: {
    id: { minLength: 1, maxLength: 200 },
    name: { minLength: 1, maxLength: 200 },
    logo: { format: 'uri', pattern: '^https://[^?#]+$', maxLength: 2048 },
  },
  InstitutionsAnswer: { next_cursor: { pattern: '^[A-Za-z0-9._~-]{1,2048}$' } },
  AccessTokenAnswer: {
    access_token: { pattern: '^[!-~]{1,65536}$' },
    token_type: { pattern: '^[Bb]earer$' },
    expires_in: { type: 'integer', minimum: 0 },
  },
  AccessTokenRequest: { rejected: hash },
}

/**
 * A schema for each exported type of the contract, by its name.
 *
 * @returns {Record<string, Schema>}
 * @throws {Error} for a construct that this script has not met before.
 */
export function contractSchemas() {
  const source = ts.createSourceFile(types, readFileSync(types, 'utf8'), ts.ScriptTarget.Latest, true)
  /** @type {Record<string, Schema>} */
  const schemas = {}
  for (const statement of source.statements) {
    if (ts.isInterfaceDeclaration(statement)) schemas[statement.name.text] = fromInterface(statement, schemas)
    if (ts.isTypeAliasDeclaration(statement)) schemas[statement.name.text] = fromAlias(statement)
  }
  for (const [name, members] of Object.entries(constraints)) {
    for (const member of Object.keys(members)) {
      const known = /** @type {Schema | undefined} */ (schemas[name]?.['properties'])
      if (!known || !(member in known))
        throw new Error(`${name} has no ${member} any more: remove its constraint.`)
    }
  }
  return schemas
}

/**
 * @param {ts.InterfaceDeclaration} declaration
 * @param {Record<string, Schema>} schemas Those before it.
 * @returns {Schema}
 */
function fromInterface(declaration, schemas) {
  const { name } = declaration
  /** @type {Record<string, Schema>} */
  const properties = {}
  /** @type {string[]} */
  const required = []
  for (const parent of declaration.heritageClauses?.flatMap((clause) => clause.types) ?? []) {
    const partial = parent.typeArguments?.[0]
    if (parent.expression.getText() !== 'Partial' || !partial) throw unknown(parent)
    const base = /** @type {Record<string, Schema> | undefined} */ (
      schemas[partial.getText()]?.['properties']
    )
    if (!base) throw unknown(parent)
    Object.assign(properties, base)
  }
  for (const member of declaration.members) {
    if (!ts.isPropertySignature(member) || !member.type) throw unknown(member)
    const key = member.name.getText()
    properties[key] = { ...fromType(member.type), ...describe(member), ...constraints[name.text]?.[key] }
    if (!member.questionToken) required.push(key)
  }
  return {
    ...describe(declaration),
    type: 'object',
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  }
}

/**
 * @param {ts.TypeAliasDeclaration} declaration
 * @returns {Schema}
 */
function fromAlias(declaration) {
  const description = describe(declaration)
  // Any JSON, and any object of it: their own types are about TypeScript.
  if (declaration.name.text === 'Json') return description
  if (declaration.name.text === 'JsonObject') return { ...description, type: 'object' }
  return { ...description, ...fromType(declaration.type) }
}

/**
 * @param {ts.TypeNode} node
 * @returns {Schema}
 */
function fromType(node) {
  if (node.kind === ts.SyntaxKind.StringKeyword) return { type: 'string' }
  if (node.kind === ts.SyntaxKind.NumberKeyword) return { type: 'number' }
  if (node.kind === ts.SyntaxKind.BooleanKeyword) return { type: 'boolean' }
  if (ts.isTypeOperatorNode(node)) return fromType(node.type)
  if (ts.isArrayTypeNode(node)) return { type: 'array', items: fromType(node.elementType) }
  if (ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal))
    return { type: 'string', enum: [node.literal.text] }
  if (ts.isTypeReferenceNode(node)) return { $ref: `#/components/schemas/${node.typeName.getText()}` }
  if (ts.isUnionTypeNode(node)) {
    const values = node.types.map((one) => {
      if (ts.isLiteralTypeNode(one) && ts.isStringLiteral(one.literal)) return one.literal.text
      throw unknown(one)
    })
    return { type: 'string', enum: values }
  }
  throw unknown(node)
}

/** @param {ts.Node} node */
function describe(node) {
  const [comment] = ts.getJSDocCommentsAndTags(node)
  const text = comment && ts.getTextOfJSDocComment(comment.comment)
  return text ? { description: text.replace(/\{@link (\w+)\}/g, '$1').replace(/\s*\n\s*/g, ' ') } : {}
}

/** @param {ts.Node} node */
const unknown = (node) => new Error(`Teach scripts/contract-schema.js to read: ${node.getText()}`)

if (fileURLToPath(import.meta.url) === argv[1]) {
  const document = /** @type {{ components: { schemas: object } }} */ (
    JSON.parse(readFileSync(openapi, 'utf8'))
  )
  document.components.schemas = contractSchemas()
  const options = { ...(await resolveConfig(openapi)), parser: 'json' }
  writeFileSync(openapi, await format(JSON.stringify(document), options))
}
