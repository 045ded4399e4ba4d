// What is called in an app says what it throws.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string) => readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8')

test.each([
  ['react/use-authorize.ts', 'export function useAuthorize<'],
  ['react/use-callback.ts', 'export function useCallback<'],
  ['react/use-connection.ts', 'export function useConnection<'],
  ['react/use-connections.ts', 'export function useConnections<'],
  ['react/provider.tsx', 'export function useClient<'],
  ['core/connections/tokens-state.ts', '  readonly fetch:'],
  ['core/connections/tokens-state.ts', '  readonly disconnect:'],
  ['core/connections/tokens-state.ts', '  readonly getAccessToken:'],
  ['core/connections/tokens-state.ts', '  readonly userinfo:'],
])('%s: the comment of %j names what is thrown', (path, declaration) => {
  const [before = ''] = read(path).split(declaration)
  expect(before.slice(before.lastIndexOf('/**')).trim()).toMatch(/@throws \{\w+\}[^]*\*\/$/)
})
