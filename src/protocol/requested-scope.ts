import { parseScope } from './scope.js'

/**
 * The scope of one request: the wanted one, and `openid` wherever the configured scope has it. A page that could leave it
 * out would switch the ID Token's checks off.
 */
export const requestedScope = (configured: string, wanted: string = configured): string =>
  parseScope(parseScope(configured).includes('openid') ? `${wanted} openid` : wanted).join(' ')
