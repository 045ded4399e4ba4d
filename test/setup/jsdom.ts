import { cleanup, configure } from '@testing-library/react'
import { afterEach } from 'vitest'
import './indexeddb.js'

// vitest's jsdom environment replaces these two with jsdom's own, and then Web Crypto and oauth4webapi, which
// live in Node's realm, take no byte array made here for one ("input.subarray is not a function").
const NodeUint8Array = Object.getPrototypeOf(Buffer) as typeof Uint8Array
Object.assign(globalThis, {
  Uint8Array: NodeUint8Array,
  ArrayBuffer: new NodeUint8Array(0).buffer.constructor,
})

// A limit for a busy machine, as in vitest.config.ts.
configure({ asyncUtilTimeout: 30_000 })

afterEach(cleanup)
