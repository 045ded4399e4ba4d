/** The policy by which the page may start its service worker, and no other script (Trusted Types). */
export const workerPolicy = 'lasagna-worker'
