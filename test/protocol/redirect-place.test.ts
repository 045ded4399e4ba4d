import { describe, expect, test } from 'vitest'
import { areConfusable, foldPath, isAtRedirectUri } from '../../src/protocol/redirect-place.js'

test.each([
  ['/', '/'],
  ['/index.html', '/'],
  ['/app', '/app'],
  ['/app/', '/app'],
  ['/app//', '/app'],
  ['/app.html', '/app'],
  ['/app/index.html', '/app'],
  ['/app/index', '/app/index'],
  ['/app.htm', '/app.htm'],
  ['/apphtml', '/apphtml'],
])('the path %s names the page %s', (path, page) => {
  expect(foldPath(path)).toBe(page)
})

describe('an address is at a redirect URI', () => {
  const at = (redirectUri: string, address: string) =>
    isAtRedirectUri(`https://app.example${redirectUri}`, new URL(address, 'https://app.example'))

  test.each([
    ['/cb', '/cb?code=c&state=s'],
    ['/cb', '/cb/?code=c'],
    ['/cb/', '/cb.html'],
    ['/', '/index.html?code=c'],
    ['/cb?p=a', '/cb?code=c&p=a'],
    ['/cb?p=a&p=b', '/cb?p=a&code=c&p=b'],
  ])('%s: %s', (redirectUri, address) => {
    expect(at(redirectUri, address)).toBe(true)
  })

  test.each([
    ['/cb', '/cb2'],
    ['/cb', '/CB'],
    ['/cb', '/cb/x'],
    ['/cb', '/%63b'],
    ['/cb', 'http://app.example/cb'],
    ['/cb', 'https://app.example:8443/cb'],
    ['/cb?p=a', '/cb?p=b'],
    ['/cb?p=a', '/cb'],
    ['/cb?p=a', '/cb?p=a&p=b'],
    ['/cb?p=a', '/cb?P=a'],
  ])('%s, but not %s', (redirectUri, address) => {
    expect(at(redirectUri, address)).toBe(false)
  })
})

test.each([
  ['/cb', '/cb', true],
  ['/cb', '/cb/', true],
  ['/cb', '/cb.html', true],
  ['/cb', '/cb?p=b', true],
  ['/cb?p=a', '/cb', true],
  ['/cb?p=a', '/cb?p=a&q=1', true],
  ['/cb?p=a', '/cb?p=b', false],
  ['/cb', '/cb2', false],
])('responses to %s and %s could be taken for each other: %j', (one, other, isSo) => {
  expect(areConfusable(`https://app.example${one}`, `https://app.example${other}`)).toBe(isSo)
})
