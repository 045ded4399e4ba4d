import type * as crypto from 'node:crypto'

/** Node's own cryptography. */
export type NodeCrypto = typeof crypto

/**
 * `node:crypto` on Node itself; what other platforms have under this name is left alone.
 *
 * Web Crypto hands each operation to another thread. For the few hundred bytes of a record the way there and back costs
 * more than the work, and a redemption goes it eight times: docs/backend-performance.md. So `hash.ts` and `aead.ts` do the
 * same on the spot where they can, and take Web Crypto elsewhere.
 */
export const nodeCrypto: NodeCrypto | undefined = findNodeCrypto()

function findNodeCrypto(): NodeCrypto | undefined {
  const { process, navigator } = globalThis as { process?: Partial<NodeJS.Process>; navigator?: Navigator }
  // Before version 21 Node has no navigator.
  const isNode = (navigator?.userAgent ?? 'Node.js').startsWith('Node.js')
  return isNode ? process?.getBuiltinModule?.('node:crypto') : undefined
}
