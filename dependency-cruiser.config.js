// The layers of src, and that imports make no circles: `npm run imports`. docs/architecture.md draws them.

/**
 * Files of `from` import nothing of `to`.
 *
 * @param {string} name
 * @param {string} from A regular expression of paths.
 * @param {string} to
 * @param {{ not?: string, except?: ('type-only' | 'dynamic-import')[] }} [options] `not`: paths of `to` that are
 *   allowed. `except`: kinds of import that are.
 * @returns {import('dependency-cruiser').IForbiddenRuleType}
 */
const never = (name, from, to, { not, except } = {}) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: to, ...(not && { pathNot: not }), ...(except && { dependencyTypesNot: except }) },
})

/**
 * Nothing of `to` is reached from `from`, over however many files, types included.
 *
 * @param {string} name
 * @param {string} from
 * @param {string} to
 * @returns {import('dependency-cruiser').IForbiddenRuleType}
 */
const neverReaches = (name, from, to) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: to, reachable: true },
})

const types = { except: [/** @type {const} */ ('type-only')] }

/** What an app loads, and what a backend does. */
const page =
  '^src/(?:index\\.ts$|core/|platform/|react/|providers/(?:index\\.ts$|\\w+/preset\\.ts$|kit/page/))'
const server =
  '^src/(?:backend/|check-backend/|store-commands/|providers/(?:\\w+/backend\\.ts$|kit/backend/))'

/** The registry of what is loaded on demand; the eager parts reach the others by it. */
const registry = '^src/core/lazy(?:-parts)?\\.ts$'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    // The folders of src
    never('protocol knows nothing of src', '^src/protocol/', '^src/(?!protocol/)'),
    never('platform knows only protocol', '^src/platform/', '^src/(?!protocol/|platform/)'),
    never('core knows only platform and protocol', '^src/core/', '^src/(?!protocol/|platform/|core/)'),
    never('react knows only core and protocol', '^src/react/', '^src/(?!protocol/|core/|react/)'),
    never('the entry knows react, core and protocol', '^src/index\\.ts$', '^src/(?!protocol/|core/|react/)'),
    never('messages know only the entry', '^src/messages/', '^src/(?!messages/|index\\.ts$)'),
    never('messages take types of the entry', '^src/messages/', '^src/index\\.ts$', types),
    never('nothing imports messages', '^src/(?!messages/)', '^src/messages/'),
    never('backend knows only protocol', '^src/backend/', '^src/(?!protocol/|backend/)', {
      not: '^src/providers/', // see the next rule
    }),
    never('only the entry of backend names providers', '^src/backend/(?!index\\.ts$)', '^src/providers/'),
    never('testing uses the public entries', '^src/testing/', '^src/', {
      not: '^src/(?:testing/|(?:(?:core|backend)/)?index\\.ts$)',
    }),
    never('testing takes types of the entry, which brings React', '^src/testing/', '^src/index\\.ts$', types),
    never('devtools know react, core, platform and protocol', '^src/devtools/', '^src/', {
      not: '^src/(?:devtools|react|core|platform|protocol)/',
    }),
    never('nothing imports devtools', '^src/(?!devtools/)', '^src/devtools/'),
    never('nothing imports testing', '^src/(?!testing/)', '^src/testing/'),
    never(
      'check-backend knows only protocol, and names the other commands',
      '^src/check-backend/',
      '^src/(?!protocol/|check-backend/|store-commands/)',
    ),
    never(
      'the commands about stores know only the backend',
      '^src/store-commands/',
      '^src/(?!store-commands/|backend/|check-backend/(?:output|usage-error)\\.ts$)',
    ),
    neverReaches('a page reaches no backend', page, server),
    neverReaches('a backend reaches no page', server, page),
    never(
      'the demo uses the public entries, and what its banks share with the kit',
      '^demo/(?!fake/)',
      '^src/',
      {
        not: '^src/(?:(?:(?:core|providers|messages|devtools|backend|backend/node|testing)/)?index\\.ts$|testing/quirks/)',
      },
    ),
    never('the fake banks of the demo use the public entries and the kit', '^demo/fake/', '^src/', {
      not: '^src/(?:(?:(?:core|providers|backend)/)?index\\.ts$|testing/)',
    }),
    never('the quirks of providers know nothing', '^src/testing/quirks/', '^src/(?!testing/quirks/)'),

    // Providers
    never('a provider knows no platform and no React', '^src/providers/', '^src/(?:platform|react)/'),
    never('a provider takes types of core', '^src/providers/(?!kit/page/)', '^src/core/', types),
    never('kit/page loads core on demand', '^src/providers/kit/page/', '^src/core/', {
      except: ['type-only', 'dynamic-import'],
    }),
    never('a provider takes types of the backend', '^src/providers/', '^src/backend/', types),
    never('a provider knows no other', '^src/providers/(?!kit/)(\\w+)/', '^src/providers/(?!kit/)', {
      not: '^src/providers/$1/',
    }),
    never('the kit knows no provider', '^src/providers/kit/', '^src/providers/(?!kit/)'),

    // The folders of core
    never('records know no context', '^src/core/records/', '^src/core/(?!records/|input\\.ts$)'),
    never(
      'a channel knows nothing above it',
      '^src/core/channel/',
      '^src/core/(?:authorize|callback|connections|institutions|popup)/',
    ),
    never(
      'institutions are for themselves',
      '^src/core/institutions/',
      '^src/core/(?:authorize|callback|connections|popup)/',
    ),
    never(
      'authorize is for itself',
      '^src/core/authorize/',
      '^src/core/(?:callback|connections|popup)/',
      types,
    ),
    never('callback is for itself', '^src/core/callback/', '^src/core/(?:authorize|connections|popup)/', {
      ...types,
      not: '^src/core/popup/timing\\.ts$',
    }),
    never(
      'connections is for itself',
      '^src/core/connections/',
      '^src/core/(?:authorize|callback|popup)/',
      types,
    ),
    never(
      'what the folders of core share knows none of them',
      '^src/core/(?!(?:client|index|lazy|lazy-parts)\\.ts$)[^/]+$',
      '^src/core/(?:authorize|callback|connections|institutions|popup)/',
      // `onOutcome` is an option, and takes what the callback comes to.
      { not: '^src/core/callback/callback\\.ts$' },
    ),
    never(
      'only the client wires',
      '^src/core/(?:authorize|callback|channel|connections|institutions|popup|records)/',
      '^src/core/(?:client|create-context)\\.ts$',
    ),
    // A part that is loaded on demand and imports the registry makes a circle; these make none.
    never('no part imports the registry', '^src/core/(?:channel|records|callback|popup)/', registry),

    // Circles. One of values is reported by either rule.
    {
      name: 'circles are of types, between context, provider and channel',
      severity: 'error',
      from: { path: '^(?:src|demo)/', pathNot: '^src/core/(?:context|provider|channel/channel)\\.ts$' },
      to: { circular: true },
    },
    {
      name: 'no circle of values, import() included',
      severity: 'error',
      from: { path: '^(?:src|demo)/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },

    // What is not ours
    never(
      'src imports three packages',
      '^src/(?!testing/msw/|testing/jest/|devtools/)',
      '(?:^|/)node_modules/',
      {
        not: '(?:^|/)node_modules/(?:oauth4webapi|idb-keyval|react)/',
      },
    ),
    never('devtools import React', '^src/devtools/', '(?:^|/)node_modules/', {
      not: '(?:^|/)node_modules/(?:react|react-dom|@types/react|@types/react-dom)/',
    }),
    {
      name: 'Node is for backend/node and the commands',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(?:backend/node|check-backend|store-commands)/' },
      to: { dependencyTypes: ['core'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'every import is found',
      severity: 'error',
      // Jest's environment is an optional peer, and not installed here.
      from: { path: '^(?:src|demo)/', pathNot: '^src/testing/jest/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // What `npm run demo` has built.
    exclude: { path: '^demo/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.consumer.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
}
