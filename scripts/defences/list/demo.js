// The demo: attacks 108, 118 and 119.
import { removal } from '../removal.js'

const server = 'demo/server.ts'
const sessionTest = 'demo/session.test.ts'

export const demo = [
  removal(
    'the name of the demo’s server',
    [108],
    [{ file: server, text: "request.headers.host === origin.slice('http://'.length)", by: 'true' }],
    sessionTest,
    'is refused by the name evil.example, whatever it asks for',
  ),
  removal(
    'the port beside the name of the demo’s server',
    [108],
    [
      {
        file: server,
        text: "request.headers.host === origin.slice('http://'.length)",
        by: "request.headers.host?.split(':')[0] === new URL(origin).hostname",
      },
    ],
    sessionTest,
    'is refused by the name localhost, whatever it asks for',
  ),
  ...[
    { target: '//evil.example/session', by: '/^\\/(?!\\\\)/' },
    { target: '/\\evil.example/session', by: '/^\\/(?!\\/)/' },
    { target: 'http://evil.example/session', by: '/^(?![/\\\\]{2})/' },
  ].map(({ target, by }) =>
    removal(
      `a request target that is a URL of its own: ${target}`,
      [118],
      [{ file: server, text: '/^\\/(?![/\\\\])/', by }],
      sessionTest,
      `is refused by its target ${target}`,
    ),
  ),
]

/** Those that only a browser shows: `npm run test:defences:browser`. */
export const inBrowser = [
  removal(
    'the policy that no script may make another one',
    [119],
    [{ file: 'demo/page.ts', text: '    "trusted-types \'none\'",\n', by: '' }],
    'browser/policy.test.ts',
    'makes no text a script, and lets nothing make a policy that would',
  ),
  removal(
    'the policy that no text becomes a script',
    [119],
    [{ file: 'demo/page.ts', text: '    "require-trusted-types-for \'script\'",\n', by: '' }],
    'browser/policy.test.ts',
    'makes no text a script, and lets nothing make a policy that would',
  ),
]
