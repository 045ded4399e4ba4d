// Loaded before anything else by `npm run bench -- --web-crypto`: the backend takes this for another platform than Node.
Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'another' } })
