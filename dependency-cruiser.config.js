// The layers of src, and that imports make no circles: `npm run imports`. docs/architecture.md draws them.

/**
 * Files of `from` import nothing of `to`.
 *
 * @param {string} name
 * @param {string} from A regular expression of paths.
 * @param {string} to
 * @param {{ not?: string, exceptTypes?: boolean }} [options] `not`: paths of `to` that are allowed.
 */
const never = (name, from, to, { not, exceptTypes = false } = {}) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: {
    path: to,
    ...(not && { pathNot: not }),
    ...(exceptTypes && { dependencyTypesNot: ['type-only'] }),
  },
})

const page = '^src/(?:core|platform|react)/'

/** The lists of what is loaded on demand; the eager parts reach the others by them. */
const registry = '^src/core/lazy(?:-parts)?\\.ts$'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    never('protocol is the bottom', '^src/protocol/', '^src/(?!protocol/)'),
    never('platform knows protocol only', '^src/platform/', '^src/(?!protocol/|platform/)'),
    never('core knows platform and protocol', '^src/core/', '^src/(?!protocol/|platform/|core/)'),
    never('react knows core', '^src/react/', '^src/(?!protocol/|core/|react/)'),
    never('backend knows protocol', '^src/backend/(?!index\\.ts$)', '^src/(?!protocol/|backend/)'),
    never('check-backend knows protocol', '^src/check-backend/', '^src/(?!protocol/|check-backend/)'),
    never('presets load no platform', '^src/providers/', '^src/(?:platform|react)/'),
    never('a preset takes types of core', '^src/providers/(?!kit/page/)', '^src/core/', { exceptTypes: true }),
    never('the page knows no backend', `${page}|^src/providers/(?:kit/page/|\\w+/preset\\.ts$)`, '^src/backend/'),
    never('a provider takes types of the backend', '^src/providers/', '^src/backend/', { exceptTypes: true }),
    never('one provider knows no other', '^src/providers/(?!kit/)(\\w+)/', '^src/providers/(?!kit/)', {
      not: '^src/providers/$1/',
    }),

    never('records know no context', '^src/core/records/', '^src/core/(?!records/)', { exceptTypes: true }),
    never('channels know records', '^src/core/channel/', '^src/core/(?:authorize|callback|connections|popup)/'),
    never('the way out is for itself', '^src/core/authorize/', '^src/core/(?:callback|connections|popup)/', {
      exceptTypes: true,
    }),
    never('the way back is for itself', '^src/core/callback/', '^src/core/(?:authorize|connections|popup)/', {
      not: '^src/core/popup/timing\\.ts$',
      exceptTypes: true,
    }),
    never('living with a connection is for itself', '^src/core/connections/', '^src/core/(?:authorize|callback|popup)/', {
      exceptTypes: true,
    }),
    never('no part imports the registry', '^src/core/(?:channel|records|callback|popup)/', registry),
    never('only the client wires', '^src/core/(?:authorize|callback|channel|connections|popup|records)/', '^src/core/(?:client|create-context)\\.ts$'),

    {
      name: 'no circle at run time',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only', 'dynamic-import'] } },
    },
    {
      name: 'no circle over import()',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'one circle of types: context, provider, channel',
      severity: 'error',
      from: { pathNot: '^src/core/(?:context|provider|channel/channel)\\.ts$' },
      to: { circular: true },
    },
  ],
  options: { tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.consumer.json' } },
}
