export { remoteAddress, toNodeListener, type NodeListenerOptions } from './listener.js'
export { mtlsFetch, type MtlsFetchOptions } from './mtls-fetch.js'
